/** Objects of a small shop, as the API server gives them. */
import {
  type Deployment,
  deploymentSchema,
  type Service,
  serviceSchema,
} from '../../../../src/targets/kubernetes/objects.ts'

interface Options {
  readonly replicas?: number
  readonly running?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly container?: Readonly<Record<string, unknown>>
  readonly containers?: readonly Readonly<Record<string, unknown>>[]
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly paused?: boolean
}

export function deploymentOf(name: string, options: Options = {}): Deployment {
  const { replicas = 3, running = replicas, container = {}, metadata = {}, paused = false } = options
  const labels = options.labels ?? { app: 'shop', color: name.replace(/^shop-/, '') }
  return deploymentSchema.parse({
    metadata: { name, labels, ...metadata },
    spec: {
      replicas,
      paused,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: options.containers ?? [{ name: 'web', image: 'shop:1', ...container }] },
      },
    },
    status: { replicas: running },
  })
}

export const serviceOf = (
  name: string,
  selector: Readonly<Record<string, string>>,
  metadata: Readonly<Record<string, unknown>> = {},
): Service =>
  serviceSchema.parse({ metadata: { name, ...metadata }, spec: { selector, ports: [{ port: 80 }] } })

/** Of whoever wrote the color into a selector. */
export const writtenBy = (manager: string) => ({
  managedFields: [
    { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:status': {} } },
    {
      manager,
      operation: 'Update',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:selector': { 'f:app': {}, 'f:color': {} } } },
    },
  ],
})
