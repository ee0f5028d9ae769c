/** Objects as the API has them. */
import type { z } from 'zod'
import type { ApiRequest, Cluster } from './api/cluster.ts'
import { refusalText } from './api/refusal.ts'
import { listPath, type ObjectName, objectPath, type Query, type Resource, titleOf } from './names.ts'
import { listOf } from './objects.ts'

/** The API server answered, and it was no: asking again changes nothing. */
export class ReadRefused extends Error {
  override readonly name = 'ReadRefused'
}

/** null: there is none. Throws ReadRefused. */
export async function readObject<Shape extends z.ZodType>(
  cluster: Cluster,
  name: ObjectName,
  shape: Shape,
): Promise<z.output<Shape> | null> {
  const request: ApiRequest = { method: 'GET', path: objectPath(cluster.namespace, name) }
  const answer = await cluster.ask(request)
  if (answer.kind === 'answered') return shape.parse(answer.body)
  if (answer.status === 404) return null
  throw new ReadRefused(`${titleOf(name)} cannot be read in ${cluster.name}: ${refusalText(request, answer)}`)
}

/** All of a kind in the namespace, or those that the query leaves. Throws ReadRefused. */
export async function readObjects<Shape extends z.ZodType>(
  cluster: Cluster,
  { resource, query = {} }: { readonly resource: Resource; readonly query?: Query },
  shape: Shape,
): Promise<readonly z.output<Shape>[]> {
  const request: ApiRequest = { method: 'GET', path: listPath(cluster.namespace, resource, query) }
  const answer = await cluster.ask(request)
  if (answer.kind === 'answered') return listOf(shape).parse(answer.body).items
  throw new ReadRefused(
    `The ${resource} cannot be listed in ${cluster.name}: ${refusalText(request, answer)}`,
  )
}
