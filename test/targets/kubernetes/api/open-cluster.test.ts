import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/clock.ts'
import { openCluster } from '../../../../src/targets/kubernetes/api/open-cluster.ts'
import { TargetUnreachable } from '../../../../src/targets/target.ts'
import { findProgram, lacks } from '../../../programs.ts'
import { folder, forever } from './place.ts'

/** Nobody is at the server; who logs in is told by a program. */
const config = (login: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [
      {
        name: 'u',
        user: {
          exec: { apiVersion: 'client.authentication.k8s.io/v1', command: login, interactiveMode: 'Never' },
        },
      },
    ],
    contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'prod',
  })

function programOf(script: string): string {
  const path = join(folder(), 'log-in')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

interface Asked {
  readonly login: string
  readonly context?: string
  readonly environment?: NodeJS.ProcessEnv
}

function open({ login, context, environment }: Asked) {
  const temp = folder()
  const opening = openCluster({
    settings: {
      kubeconfig: { kind: 'text', text: config(login) },
      context: context ?? null,
      namespace: 'shop',
      kubectlVersion: null,
    },
    surroundings: { signal: forever, clock: systemClock },
    environment: {
      PATH: `${join(findProgram('kubectl') ?? '', '..')}:${process.env.PATH}`,
      HOME: folder(),
      RUNNER_TEMP: temp,
      ...environment,
    },
  })
  return { temp, opening }
}

describe.skipIf(lacks('kubectl'))('a cluster that is opened', () => {
  it('keeps the kubeconfig for as long as it is open', async () => {
    const { temp, opening } = open({ login: '/bin/false' })
    const cluster = await opening
    expect(cluster).toMatchObject({ name: 'context prod, namespace shop', namespace: 'shop', requests: 0 })
    expect(readdirSync(temp)).toHaveLength(1)
    await cluster.close()
    await cluster.close()
    expect(readdirSync(temp)).toEqual([])
  })

  it('leaves nothing when it is refused', async () => {
    const { temp, opening } = open({ login: '/bin/false', context: 'other' })
    await expect(opening).rejects.toMatchObject({ setting: 'kube-context' })
    expect(readdirSync(temp)).toEqual([])
  })

  it('says what the program that logs in said', async () => {
    const login = programOf('echo "the session of $CLOUD_USER is over: $INPUT_SECRET" >&2; exit 1')
    const { opening } = open({ login, environment: { CLOUD_USER: 'ci', INPUT_SECRET: 'hidden' } })
    const cluster = await opening
    onTestFinished(() => cluster.close())
    const asking = cluster.ask({ method: 'GET', path: '/api/v1/namespaces' })
    await expect(asking).rejects.toThrow(TargetUnreachable)
    await expect(asking).rejects.toThrow('the session of ci is over: \n')
  })

  it('knows nothing of a server that is not there', async () => {
    const token = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 't' },
    }
    const { opening } = open({ login: programOf(`echo '${JSON.stringify(token)}'`) })
    const cluster = await opening
    onTestFinished(() => cluster.close())
    const changing = cluster.ask({ method: 'DELETE', path: '/api/v1/namespaces/shop' })
    await expect(changing).rejects.toThrow(/Whether it was done there is unknown.*connection refused/)
    expect(cluster.requests).toBe(1)
  })
})
