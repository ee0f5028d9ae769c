/** A real cluster, as a run opens it. */
import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import type { Cluster } from '../../../src/targets/kubernetes/api/cluster.ts'
import { openCluster } from '../../../src/targets/kubernetes/api/open-cluster.ts'
import { type KubernetesBed, startKubernetesBed } from '../../bed/kubernetes/bed.ts'

/** One for the tests of a file, which are each in a namespace of its own. */
export function bedForFile(): () => KubernetesBed {
  let bed: KubernetesBed | undefined
  beforeAll(async () => {
    bed = await startKubernetesBed()
  }, 120_000)
  afterAll(() => bed?.[Symbol.asyncDispose]())
  return () => {
    if (bed === undefined) throw new Error('The cluster is not up.')
    return bed
  }
}

const forever = new AbortController().signal

export interface OpenCluster extends Cluster, AsyncDisposable {}

/** With whatever the kubeconfig allows. */
export async function openClusterWith(
  { kubectlPath }: KubernetesBed,
  kubeconfig: string,
  signal = forever,
): Promise<OpenCluster> {
  const cluster = await openCluster({
    settings: {
      kubeconfig: { kind: 'path', path: kubeconfig },
      context: null,
      namespace: null,
      kubectlVersion: null,
    },
    surroundings: { signal, clock: systemClock },
    environment: { ...process.env, PATH: `${kubectlPath.replace(/\/[^/]+$/, '')}:${process.env.PATH}` },
  })
  return Object.defineProperty(cluster, Symbol.asyncDispose, {
    value: () => cluster.close(),
  }) as OpenCluster
}
