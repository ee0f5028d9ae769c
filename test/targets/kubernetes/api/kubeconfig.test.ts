import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findDestination, wordsFor } from '../../../../src/targets/kubernetes/api/kubeconfig.ts'
import type { Kubeconfig } from '../../../../src/targets/kubernetes/settings.ts'
import { AccessRefused } from '../../../../src/targets/target.ts'
import { findProgram, lacks } from '../../../programs.ts'
import { folder, forever } from './place.ts'

const config = (more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
      { name: 'stage', context: { cluster: 'c', user: 'u' } },
    ],
    'current-context': 'prod',
    ...more,
  })

interface Asked {
  readonly text?: string
  readonly context?: string
  readonly namespace?: string
  readonly kubeconfig?: Kubeconfig
  readonly environment?: NodeJS.ProcessEnv
}

async function find({ text = config(), context, namespace, kubeconfig, environment }: Asked = {}) {
  const settings = {
    kubeconfig: kubeconfig ?? { kind: 'text', text },
    context: context ?? null,
    namespace: namespace ?? null,
  } as const
  const words = await wordsFor(settings, folder())
  const kubectl = {
    program: findProgram('kubectl') ?? 'kubectl',
    words,
    environment: { PATH: process.env.PATH, HOME: folder(), ...environment },
  }
  return findDestination(kubectl, settings, forever)
}

describe('a kubeconfig', () => {
  it('that is a text is written where nobody else reads it', async () => {
    const at = folder()
    const words = await wordsFor(
      { kubeconfig: { kind: 'text', text: config() }, context: 'prod', namespace: null },
      at,
    )
    const path = join(at, 'kubeconfig')
    expect(words).toEqual([`--kubeconfig=${path}`, '--context=prod'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('that is not there is not taken for an empty one', async () => {
    const missing = find({ kubeconfig: { kind: 'path', path: '/nowhere/config' } })
    await expect(missing).rejects.toThrow('/nowhere/config cannot be read')
    await expect(missing).rejects.toMatchObject({ setting: 'kubeconfig' })
  })
})

describe.skipIf(lacks('kubectl'))('where a kubeconfig leads', () => {
  it.each<[string, Asked, object]>([
    ['its current context', {}, { context: 'prod', namespace: 'shop' }],
    ['the context that is named', { context: 'stage' }, { context: 'stage', namespace: 'default' }],
    ['the namespace that is named', { namespace: 'other' }, { context: 'prod', namespace: 'other' }],
  ])('%s', async (_, asked, destination) => {
    expect(await find(asked)).toEqual(destination)
  })

  it('by its path, or as kubectl finds it', async () => {
    const path = join(folder(), 'config')
    writeFileSync(path, config())
    const destination = { context: 'prod', namespace: 'shop' }
    expect(await find({ kubeconfig: { kind: 'path', path } })).toEqual(destination)
    const ambient = { kind: 'ambient' } as const
    expect(await find({ kubeconfig: ambient, environment: { KUBECONFIG: path } })).toEqual(destination)
  })

  it.each<[string, Asked, RegExp, string]>([
    [
      'to a context that there is not',
      { context: 'live' },
      /no context live.*`prod`, `stage`/,
      'kube-context',
    ],
    [
      'to no context without one that is current',
      { text: config({ 'current-context': '' }) },
      /no current context.*`prod`, `stage`/,
      'kube-context',
    ],
    ['nowhere when it is empty', { text: '' }, /There is no context/, 'kubeconfig'],
    ['nowhere when it is garbage', { text: '{{' }, /There is no context/, 'kubeconfig'],
    ['nowhere when there is none', { kubeconfig: { kind: 'ambient' } }, /There is no context/, 'kubeconfig'],
  ])('%s', async (_, asked, message, setting) => {
    const finding = find(asked)
    await expect(finding).rejects.toThrow(AccessRefused)
    await expect(finding).rejects.toThrow(message)
    await expect(finding).rejects.toMatchObject({ setting })
  })
})
