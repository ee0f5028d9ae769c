/** Routes of the Gateway API: https://gateway-api.sigs.k8s.io/guides/#installing-gateway-api */
import { findProgram, lacks } from '../../programs.ts'
import type { KubernetesBed } from './bed.ts'

const definition = 'httproutes.yaml'

export const lacksGatewayApi = (): boolean => lacks(definition)

/**
 * Has the API server take HTTPRoutes. What they say is stored and checked there, and nobody acts upon it: there is no gateway in the
 * cluster.
 */
export async function installHttpRoutes({ kubectl }: Pick<KubernetesBed, 'kubectl'>): Promise<void> {
  const path = findProgram(definition)
  if (path === null) throw new Error('There is no definition of HTTPRoutes: sh scripts/go-tools.sh')
  // An apply would keep all of it in an annotation once more, where it has no room.
  await kubectl('create', '-f', path)
  await kubectl('wait', '--for=condition=Established', '-f', path)
}
