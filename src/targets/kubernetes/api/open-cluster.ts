import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Surroundings } from '../../target.ts'
import type { KubernetesSettings } from '../settings.ts'
import { askingOver } from './asking.ts'
import type { Cluster, Forward } from './cluster.ts'
import { findDestination, wordsFor } from './kubeconfig.ts'
import { environmentForKubectl, findKubectl, type Kubectl } from './kubectl.ts'
import { openForward } from './port-forward.ts'
import { fitsSocket, kubectlProxy } from './proxy.ts'
import { runnerToolCache, type ToolCache } from './tool-cache.ts'

export interface ClusterOptions {
  readonly settings: Pick<KubernetesSettings, 'kubeconfig' | 'context' | 'namespace' | 'kubectlVersion'>
  readonly surroundings: Pick<Surroundings, 'signal' | 'clock'>
  /** Of this process: kubectl and the programs that its kubeconfig names need it. */
  readonly environment: NodeJS.ProcessEnv
  readonly cache?: ToolCache
}

/** Asks the cluster nothing yet. Throws AccessRefused where kubectl or the kubeconfig is not to be used. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { settings, surroundings, environment, cache = runnerToolCache } = options
  const program = await findKubectl({ version: settings.kubectlVersion, environment, cache })
  const folder = await makeFolder(environment)
  try {
    const words = await wordsFor(settings, folder)
    const kubectl: Kubectl = { program, words, environment: environmentForKubectl(environment), folder }
    const { context, namespace } = await findDestination(kubectl, settings, surroundings.signal)
    return clusterOf({
      kubectl: { ...kubectl, words: [...words, `--namespace=${namespace}`] },
      name: `context ${context}, namespace ${namespace}`,
      namespace,
      folder,
      ...surroundings,
    })
  } catch (error) {
    await remove(folder)
    throw error
  }
}

/** The runner empties its own folder after each job; a path that is too long for a socket is left alone. */
async function makeFolder({ RUNNER_TEMP }: NodeJS.ProcessEnv): Promise<string> {
  const prefix = 'blue-green-'
  const fits = (at: string) => at !== '' && fitsSocket(join(at, `${prefix}XXXXXX`))
  const base = [RUNNER_TEMP ?? '', tmpdir()].find(fits) ?? '/tmp'
  return mkdtemp(join(base, prefix))
}

const remove = (folder: string) => rm(folder, { recursive: true, force: true })

interface Parts extends Pick<Surroundings, 'signal' | 'clock'> {
  readonly kubectl: Kubectl
  readonly name: string
  readonly namespace: string
  /** Goes with the cluster. */
  readonly folder: string
}

function clusterOf({ kubectl, name, namespace, folder, signal, clock }: Parts): Cluster {
  const proxy = kubectlProxy(kubectl, folder, clock)
  const closing = new AbortController()
  const until = AbortSignal.any([signal, closing.signal])
  const asking = askingOver({ proxy, name, clock, signal: until })
  const forwards = new Set<Forward>()
  return {
    name,
    namespace,
    get requests() {
      return asking.requests
    },
    ask: asking.ask,
    watch: asking.watch,
    forward: async (pod, port, wanted) => {
      const either = AbortSignal.any([until, wanted])
      const forward = await openForward({ kubectl, pod, port, clock, signal: either })
      forwards.add(forward)
      return {
        url: forward.url,
        close: async () => {
          forwards.delete(forward)
          await forward.close()
        },
      }
    },
    close: async () => {
      closing.abort(new Error('The cluster was closed.'))
      asking.close()
      await Promise.all([proxy.close(), ...[...forwards].map((forward) => forward.close())])
      await remove(folder)
    },
  }
}
