/** The kubectl that leads to the cluster, with what it is told each time. */

import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { AccessRefused } from '../../target.ts'
import { installKubectl, releases } from './kubectl-release.ts'
import type { ToolCache } from './tool-cache.ts'

export interface Kubectl {
  readonly program: string
  /** Which cluster: before all other words. */
  readonly words: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** Goes with us when we are killed, since it may hold credentials. */
  readonly folder?: string
}

/** Within one minor version of all clusters that get security fixes today, as kubectl's skew policy wants it. */
const versionOfOurs = '1.34.10'

interface Wanted {
  /** null: the one on the PATH, or ours. */
  readonly version: string | null
  readonly environment: NodeJS.ProcessEnv
  readonly cache: ToolCache
  readonly from?: string
}

/** Throws AccessRefused. */
export async function findKubectl(wanted: Wanted): Promise<string> {
  const { version, environment, cache, from = releases } = wanted
  const found = version === null ? await onPath('kubectl', environment) : null
  if (found !== null) return found
  return installKubectl({
    version: version ?? versionOfOurs,
    cache,
    from,
    architecture: process.arch,
  })
}

async function onPath(name: string, { PATH = '' }: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of PATH.split(delimiter).filter((part) => part !== '')) {
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return null
}

/**
 * Kubeconfigs name programs that fetch credentials (`exec`), which need PATH, HOME and whatever their cloud sets, a job's
 * permission to ask for an OIDC token (`ACTIONS_ID_TOKEN_*`) among it. Inputs and state of this action are no business of theirs.
 */
export const environmentForKubectl = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(INPUT_|STATE_)/.test(name)))

export type Said =
  | { readonly kind: 'done'; readonly stdout: string }
  | { readonly kind: 'failed'; readonly stderr: string }

/** For what kubectl answers without asking the cluster. */
const localTimeout = 20_000

export function runKubectl(
  { program, words, environment }: Kubectl,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, signal, timeout: localTimeout, maxBuffer: 2 ** 24 }
    const child = execFile(program, [...words, ...command], options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason)
      if (error === null) return resolve({ kind: 'done', stdout })
      // Not started at all: the error is the system's own.
      if (typeof error.code === 'string') return reject(notStarted(program, error.message))
      resolve({ kind: 'failed', stderr: stderr.trim() || error.message })
    })
    child.stdin?.end()
  })
}

const notStarted = (program: string, why: string) =>
  new AccessRefused({
    setting: 'kubectl-version',
    what: `${program} cannot be run: ${why}.`,
    fix: `Try it on the runner: ${program} version --client`,
  })
