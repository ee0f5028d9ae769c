/** How runs get to a host behind SSH: one of them through a line that can be cut. */
import { type CutProxy, startCutProxy } from '../bed/cut-proxy.ts'
import type { SshAccess } from '../bed/vps/host.ts'
import type { Inputs, Route } from './site.ts'

export interface Way extends AsyncDisposable {
  readonly line: CutProxy
  inputs(route: Route): Inputs
}

export async function openWay({ host, user, port, key, knownHosts }: SshAccess): Promise<Way> {
  const line = await startCutProxy(port)
  const doors = { line: line.port, 'past the line': port }
  return {
    line,
    inputs: (route) => ({
      'ssh-host': `${user}@${host}:${doors[route]}`,
      'ssh-key': key,
      'ssh-known-hosts': knownHosts.replaceAll(`]:${port} `, `]:${doors[route]} `),
    }),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  }
}
