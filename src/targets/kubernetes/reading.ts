/** Objects as the API has them, and what its refusals mean. */
import type { z } from 'zod'
import type { ApiAnswer, Cluster } from './api/cluster.ts'
import { listPath, type ObjectName, objectPath, type Query, type Resource, titleOf } from './names.ts'
import { listOf } from './objects.ts'

export type Refusal = Extract<ApiAnswer, { kind: 'refused' }>

/** The API server answered, and it was no: asking again changes nothing. */
export class ReadRefused extends Error {
  override readonly name = 'ReadRefused'
}

/** null: there is none. */
export async function readObject<Shape extends z.ZodType>(
  cluster: Cluster,
  name: ObjectName,
  shape: Shape,
): Promise<z.output<Shape> | null> {
  const answer = await cluster.ask({ method: 'GET', path: objectPath(cluster.namespace, name) })
  if (answer.kind === 'answered') return shape.parse(answer.body)
  if (answer.status === 404) return null
  throw new ReadRefused(`${titleOf(name)} cannot be read in ${cluster.name}: ${refusalText(answer)}`)
}

/** All of a kind in the namespace, or those that the query leaves. */
export async function readObjects<Shape extends z.ZodType>(
  cluster: Cluster,
  { resource, query = {} }: { readonly resource: Resource; readonly query?: Query },
  shape: Shape,
): Promise<readonly z.output<Shape>[]> {
  const answer = await cluster.ask({ method: 'GET', path: listPath(cluster.namespace, resource, query) })
  if (answer.kind === 'answered') return listOf(shape).parse(answer.body).items
  throw new ReadRefused(`The ${resource} cannot be listed in ${cluster.name}: ${refusalText(answer)}`)
}

/** With the rule that is missing, where it is one. */
export function refusalText({ status, reason, message }: Refusal): string {
  const said = message === '' ? `${status} ${reason}`.trim() : message
  if (status !== 403) return said
  const rule = missingRule(message)
  return rule === null ? said : `${said}. Add this rule to its Role: ${rule}`
}

/** The words of https://github.com/kubernetes/apiserver/blob/v0.34.0/pkg/endpoints/handlers/responsewriters/errors.go */
function missingRule(message: string): string | null {
  const [, verb, resource, group] =
    /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/.exec(message) ?? []
  return resource === undefined
    ? null
    : JSON.stringify({ apiGroups: [group], resources: [resource], verbs: [verb] })
}
