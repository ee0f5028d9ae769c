/** Whether the namespace may hold both colors at once: https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
import { z } from 'zod'
import type { Problem } from '../../target.ts'
import { type containerSchema, type Deployment, metadataSchema } from '../objects.ts'
import { formatQuantity, parseQuantity } from './quantities.ts'

const quantity = z.union([z.string(), z.number().transform(String)])
const quantities = z.record(z.string(), quantity)

export const quotaSchema = z.object({
  metadata: metadataSchema,
  spec: z
    .object({ scopes: z.array(z.string()).optional(), scopeSelector: z.unknown().optional() })
    .prefault({}),
  status: z.object({ hard: quantities.optional(), used: quantities.optional() }).prefault({}),
})
export type Quota = Readonly<z.infer<typeof quotaSchema>>

/** Pods to come for the idle color of one service. */
export interface Growth {
  readonly deployment: Deployment
  readonly pods: number
}

export function quotaProblems(quotas: readonly Quota[], growth: readonly Growth[]): readonly Problem[] {
  return quotas.filter(isForAll).flatMap((quota) => {
    const lacking = Object.entries(quota.status.hard ?? {}).flatMap(([resource, hard]) => {
      const limit = parseQuantity(hard)
      const used = parseQuantity(quota.status.used?.[resource] ?? '0')
      const needed = neededOf(resource, growth)
      if (limit === null || used === null || needed === 0 || used + needed <= limit) return []
      const [more, has] = [needed, used].map((amount) => formatQuantity(amount, hard))
      return [`${resource} ${hard}, of which ${has} is used and ${more} more is needed`]
    })
    if (lacking.length === 0) return []
    const { name } = quota.metadata
    return [
      {
        setting: 'namespace',
        what: `ResourceQuota ${name} does not hold both colors at once: ${lacking.join('; ')}.`,
        fix: `Raise it: kubectl edit resourcequota ${name}. Or ask for less in the Deployments, or run fewer instances.`,
      },
    ]
  })
}

/** One for some pods alone may or may not be for ours. */
const isForAll = ({ spec }: Quota): boolean =>
  (spec.scopes ?? []).length === 0 && spec.scopeSelector === undefined

function neededOf(resource: string, growth: readonly Growth[]): number {
  const each = growth.map(({ deployment, pods }) => pods * perPod(resource, deployment))
  return each.reduce((sum, one) => sum + one, 0)
}

const resourcesSchema = z.object({
  resources: z.object({ requests: quantities.optional(), limits: quantities.optional() }).prefault({}),
})

type Container = z.infer<typeof containerSchema>

/** `cpu` and `memory` without more are requests. */
function perPod(resource: string, { spec }: Deployment): number {
  if (resource === 'pods' || resource === 'count/pods') return 1
  const [, kind = 'requests', name] =
    /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/.exec(resource) ?? []
  if (name === undefined) return 0
  const { containers, initContainers } = spec.template.spec
  const of = (container: Container) => amountOf(container, kind === 'limits' ? 'limits' : 'requests', name)
  const together = containers.map(of).reduce((sum, one) => sum + one, 0)
  return Math.max(together, ...initContainers.map(of))
}

/** A limit alone is a request too. */
function amountOf(container: Container, kind: 'requests' | 'limits', name: string): number {
  const { resources } = resourcesSchema.parse(container)
  const text = resources[kind]?.[name] ?? (kind === 'requests' ? resources.limits?.[name] : undefined)
  return parseQuantity(text ?? '0') ?? 0
}
