/** How runs get to a target behind a network: one of them through a line that can be cut. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

interface ClusterAccess {
  /** Path. */
  readonly kubeconfig: string
  /** For the one that leads through the line. */
  readonly folder: string
}

export async function openClusterWay({ kubeconfig, folder }: ClusterAccess): Promise<Way> {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8'))
  const [{ cluster }] = config.clusters
  const { hostname, port } = new URL(cluster.server)
  const line = await startCutProxy(Number(port), hostname)
  const own = { ...cluster, server: `https://127.0.0.1:${line.port}`, 'tls-server-name': hostname }
  const path = join(folder, 'line.kubeconfig')
  writeFileSync(path, JSON.stringify({ ...config, clusters: [{ ...config.clusters[0], cluster: own }] }))
  return {
    line,
    inputs: (route) => ({ kubeconfig: route === 'line' ? path : kubeconfig }),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  }
}

export interface AwsWay extends AsyncDisposable {
  readonly line: CutProxy
  endpoint(route: Route): string
}

export async function openAwsWay(endpoint: string): Promise<AwsWay> {
  const { hostname, port } = new URL(endpoint)
  const line = await startCutProxy(Number(port), hostname)
  return {
    line,
    endpoint: (route) => (route === 'line' ? `http://127.0.0.1:${line.port}` : endpoint),
    [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
  }
}
