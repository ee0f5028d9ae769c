/** Which cluster is meant, learnt without asking it. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AccessRefused } from '../../target.ts'
import type { KubernetesSettings } from '../settings.ts'
import { type Kubectl, runKubectl } from './kubectl.ts'

type Wanted = Pick<KubernetesSettings, 'kubeconfig' | 'context' | 'namespace'>

/** The words that lead kubectl to it. The text of a kubeconfig goes into the folder, which must be closed to others. */
export async function wordsFor({ kubeconfig, context }: Wanted, folder: string): Promise<readonly string[]> {
  const file = async (): Promise<string | null> => {
    if (kubeconfig.kind === 'ambient') return null
    if (kubeconfig.kind === 'path') {
      await readable(kubeconfig.path)
      return kubeconfig.path
    }
    const path = join(folder, 'kubeconfig')
    await writeFile(path, kubeconfig.text, { mode: 0o600, flag: 'wx' })
    return path
  }
  const path = await file()
  return [
    ...(path === null ? [] : [`--kubeconfig=${path}`]),
    ...(context === null ? [] : [`--context=${context}`]),
  ]
}

/** kubectl takes a file that is missing for an empty one. */
async function readable(path: string): Promise<void> {
  try {
    await readFile(path)
  } catch (error) {
    throw new AccessRefused({
      setting: 'kubeconfig',
      what: `The kubeconfig ${path} cannot be read: ${error instanceof Error ? error.message : error}.`,
      fix: 'Give its path on the runner, or the text itself from a secret.',
    })
  }
}

export interface Destination {
  readonly context: string
  readonly namespace: string
}

const configShape = z.object({
  contexts: z.tuple([
    z.object({ name: z.string(), context: z.object({ namespace: z.string().optional() }).prefault({}) }),
  ]),
})

/** Throws AccessRefused. */
export async function findDestination(
  kubectl: Kubectl,
  { context, namespace }: Wanted,
  signal: AbortSignal,
): Promise<Destination> {
  const said = await runKubectl(kubectl, ['config', 'view', '--minify', '--output=json'], signal)
  if (said.kind === 'done') {
    const [found] = configShape.parse(JSON.parse(said.stdout)).contexts
    return { context: found.name, namespace: namespace ?? (found.context.namespace || 'default') }
  }
  const names = await contextNames(kubectl, signal)
  if (names.length === 0 && context === null) {
    const own = await ownNamespace(kubectl.environment)
    if (own !== null) return { context: 'in-cluster', namespace: namespace ?? own }
  }
  throw noContext(context, names, said.stderr)
}

async function contextNames(kubectl: Kubectl, signal: AbortSignal): Promise<readonly string[]> {
  const listing = kubectl.words.filter((word) => !word.startsWith('--context='))
  const said = await runKubectl(
    { ...kubectl, words: listing },
    ['config', 'get-contexts', '--output=name'],
    signal,
  )
  return said.kind === 'done' ? said.stdout.split('\n').filter((line) => line !== '') : []
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Of a runner that is a pod itself: without a kubeconfig, kubectl takes the account of that pod. */
async function ownNamespace({ KUBERNETES_SERVICE_HOST }: NodeJS.ProcessEnv): Promise<string | null> {
  if (!KUBERNETES_SERVICE_HOST) return null
  return readFile(join(accountFolder, 'namespace'), 'utf8').then(
    (text) => text.trim() || 'default',
    () => null,
  )
}

function noContext(context: string | null, names: readonly string[], said: string): AccessRefused {
  if (names.length === 0) {
    return new AccessRefused({
      setting: 'kubeconfig',
      what: `There is no context in the kubeconfig: ${said}.`,
      fix: 'Give `kubeconfig` its path or its text, or run a step before this one that logs in to the cluster.',
    })
  }
  const listed = names.map((name) => `\`${name}\``).join(', ')
  if (context !== null && names.includes(context)) {
    return new AccessRefused({
      setting: 'kubeconfig',
      what: `The kubeconfig cannot be used with the context ${context}: ${said}.`,
      fix: `Try it where the kubeconfig is: kubectl config view --minify --context=${context}`,
    })
  }
  return new AccessRefused({
    setting: 'kube-context',
    what:
      context === null
        ? 'The kubeconfig has no current context.'
        : `The kubeconfig has no context ${context}.`,
    fix: `Name one of those it has: ${listed}.`,
  })
}
