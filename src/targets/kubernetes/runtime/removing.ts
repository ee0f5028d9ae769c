import { ChangeFailed, LeaseLost } from '../../target.ts'
import type { Cluster } from '../api/cluster.ts'
import { refusalText } from '../api/refusal.ts'
import { fenceOf } from '../guarding.ts'
import { objectPath } from '../names.ts'
import { type Deployment, deploymentSchema } from '../objects.ts'
import { readObject } from '../reading.ts'

const removals = 5

/** Together with its pods, which are told to go. */
export async function removeDeployment(cluster: Cluster, read: Deployment, fence: number): Promise<void> {
  const object = { resource: 'deployments', name: read.metadata.name } as const
  let there: Deployment | null = read
  for (let attempt = 1; there !== null; attempt += 1) {
    const { uid, resourceVersion } = there.metadata
    if (fenceOf(there.metadata) > fence) {
      throw new LeaseLost(`Deployment ${object.name} was not removed: a later owner has changed it.`)
    }
    const request = {
      method: 'DELETE',
      path: objectPath(cluster.namespace, object),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid, resourceVersion },
      },
    } as const
    const answer = await cluster.ask(request)
    if (answer.kind === 'answered' || answer.status === 404) break
    if (answer.status !== 409 || attempt === removals) {
      throw new ChangeFailed(`Deployment ${object.name} was not removed: ${refusalText(request, answer)}`)
    }
    there = await readObject(cluster, object, deploymentSchema)
  }
}
