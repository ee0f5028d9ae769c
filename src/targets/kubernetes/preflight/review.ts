/** Whether we are allowed what we shall have to do, asked before anything is done. */
import { z } from 'zod'
import type { Problem } from '../../target.ts'
import type { Cluster } from '../api/cluster.ts'
import { rulesReviewPath } from '../names.ts'
import { type Demand, demandsOf, demandsText, isDispensable, isGranted, type Rule, roleText } from './role.ts'

const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? [])

const reviewSchema = z.object({
  status: z.object({
    resourceRules: z
      .array(z.object({ verbs: texts, apiGroups: texts, resources: texts, resourceNames: texts }))
      .nullish()
      .transform((rules) => rules ?? []),
    incomplete: z.boolean().default(false),
    evaluationError: z.string().optional(),
  }),
})

export interface Review {
  readonly granted: readonly Rule[]
  /** Others beside RBAC have a say, and tell nothing of it before they are asked. */
  readonly isPartial: boolean
}

/** Of the answer to a SelfSubjectRulesReview. */
export function parseReview(body: unknown): Review {
  const { resourceRules, incomplete, evaluationError = '' } = reviewSchema.parse(body).status
  const others = evaluationError.replaceAll(ofNodes, '').replaceAll(/[[\],\s]/g, '')
  return { granted: resourceRules, isPartial: incomplete && others !== '' }
}

/**
 * With the usual `--authorization-mode=Node,RBAC` every review is called incomplete for this reason alone, and nodes are all that
 * the authorizer speaks for: https://github.com/kubernetes/kubernetes/blob/v1.34.0/plugin/pkg/auth/authorizer/node/node_authorizer.go
 */
const ofNodes = 'node authorizer does not support user rule resolution'

/** Throws TargetUnreachable. */
export async function findMissing(cluster: Cluster, rules: readonly Rule[]): Promise<readonly Demand[]> {
  const answer = await cluster.ask({
    method: 'POST',
    path: rulesReviewPath,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: cluster.namespace },
    },
  })
  // What nobody may ask is found out by doing it.
  if (answer.kind === 'refused') return []
  const { granted, isPartial } = parseReview(answer.body)
  const missing = demandsOf(rules).filter((demand) => !isDispensable(demand) && !isGranted(granted, demand))
  return isPartial ? refusedOf(cluster, missing) : missing
}

const accessSchema = z.object({ status: z.object({ allowed: z.boolean().default(false) }) })

/** Asks for one after the other of what no rule grants, which may be granted all the same. */
async function refusedOf(cluster: Cluster, demands: readonly Demand[]): Promise<readonly Demand[]> {
  const refused = await Promise.all(
    demands.map(async ({ group, resource: path, verb, name }) => {
      const [resource, subresource] = path.split('/')
      const answer = await cluster.ask({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: {
            resourceAttributes: { namespace: cluster.namespace, group, resource, subresource, verb, name },
          },
        },
      })
      return answer.kind === 'answered' && !accessSchema.parse(answer.body).status.allowed
    }),
  )
  return demands.filter((_, index) => refused[index])
}

const selfSchema = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) })

/** Who we are to the API server: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review */
async function findUser(cluster: Cluster): Promise<string> {
  const answer = await cluster.ask({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  })
  const self = selfSchema.safeParse(answer.kind === 'answered' ? answer.body : null)
  return self.success ? self.data.status.userInfo.username : 'THE_USER_OF_YOUR_KUBECONFIG'
}

/** All rules stand in the Role, as one of this name may be there already with some of them. */
export async function permissionProblems(
  cluster: Cluster,
  app: string,
  rules: readonly Rule[],
): Promise<readonly Problem[]> {
  const missing = await findMissing(cluster, rules)
  if (missing.length === 0) return []
  const user = await findUser(cluster)
  const role = roleText({ app, namespace: cluster.namespace, user }, rules)
  return [
    {
      setting: 'kubeconfig',
      what: `${user} may not do all that is needed in ${cluster.name}. Missing: ${demandsText(missing)}.`,
      fix: `Have it allowed by somebody who may:\nkubectl apply -f - <<'ROLE'\n${role}ROLE`,
    },
  ]
}
