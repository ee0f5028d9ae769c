/**
 * A real Kubernetes of one node: etcd, API server, controllers, scheduler, kubelet, kube-proxy and containerd, in namespaces of their
 * own. The kernel takes all of it away with the processes, however the tests end. There is no DNS and no way out.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../folder.ts'
import { openRelay, type Place } from '../vps/hosts-relay.ts'
import { type Registry, startRegistry } from '../vps/registry.ts'
import { claimSlot } from '../vps/slot.ts'
import { addressesIn } from './addresses.ts'
import { kubeconfigIn, makeCredentials } from './credentials.ts'
import { kubectlFor, kubectlProgram } from './kubectl.ts'
import { makeNamespace, type Namespace } from './namespace.ts'
import { startNode } from './node.ts'
import { auditLog, type Part } from './parts.ts'
import { requestsIn } from './requests.ts'

export interface KubernetesBed extends AsyncDisposable {
  /** Of the API server. */
  readonly url: string
  /** What a client of it must trust. */
  readonly certificate: string
  /** Path of the admin's. */
  readonly kubeconfig: string
  readonly kubectlPath: string
  /** Where each part writes its log, under its name. */
  readonly logs: string
  /** Pods pull from it; by the names of its images it is there in the cluster as it is here. */
  readonly registry: Registry
  /** As the admin; resolves with what it prints, rejects with what it says. */
  kubectl(...command: readonly string[]): Promise<string>
  /** A fresh one. */
  namespace(): Promise<Namespace>
  /** What the action has asked for in a namespace so far, in order: `PATCH /api/v1/namespaces/…/services/shop`. */
  requests(namespace: Namespace): Promise<readonly string[]>
  readonly apiServer: RunningPart
  /** Any of them. */
  part(name: Part): RunningPart
}

export interface RunningPart {
  /** At once, as in a crash. What it was connected to goes on. */
  kill(): Promise<void>
  /** Resolves when it answers, for the API server. */
  start(): Promise<void>
  /** It hangs. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

export async function startKubernetesBed(): Promise<KubernetesBed> {
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  const slot = stack.use(await claimSlot())
  const addresses = addressesIn(slot.network)
  const registry = stack.use(await startRegistry({ folder: join(folder, 'registry') }))
  const relay = join(folder, 'registry.sock')
  stack.use(await openRelay({ path: relay }, () => placeOf(registry.host)))
  const pause = await registry.push('v1', { name: 'pause', command: ['pause'] })

  const credentials = await makeCredentials(folder, addresses)
  const logs = join(folder, 'logs')
  await mkdir(logs)
  const node = await startNode({
    layout: {
      addresses,
      folder,
      state: '/srv',
      cgroup: `blue-green-${addresses.node.replaceAll('.', '-')}`,
      pauseImage: pause.reference,
    },
    token: credentials.token,
    registry: { host: registry.host, relay },
  })
  stack.use(node)
  const { tell } = node

  const part = (name: Part): RunningPart => ({
    kill: () => tell('kill', name),
    start: () => tell('start', name),
    freeze: () => tell('freeze', name),
    thaw: () => tell('thaw', name),
  })
  const kubeconfig = kubeconfigIn(folder, 'admin')
  const { run } = kubectlFor(kubeconfig, folder)
  const owned = stack.move()
  return {
    url: credentials.url,
    certificate: credentials.certificate,
    kubeconfig,
    kubectlPath: kubectlProgram(),
    logs,
    registry,
    kubectl: (...command) => run(command),
    namespace: () => makeNamespace({ folder, credentials }),
    requests: (namespace) => requestsIn(auditLog(folder), namespace),
    apiServer: part('kube-apiserver'),
    part,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function placeOf(address: string): Place {
  const [host = '', port] = address.split(':')
  return { host, port: Number(port) }
}
