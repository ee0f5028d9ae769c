import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import * as core from '@actions/core'
import type { MainProcess } from './main-process.ts'
import { keyLength, seal, unseal } from './sealed-file.ts'

/**
 * What post needs of main, and must not take from its own surroundings: inputs are evaluated anew for post, and credential actions
 * change the environment in between. Kept beside the runner's state because a state value travels as one environment variable.
 */
export interface SealedRecord {
  /** What the settings were read from. */
  readonly given: { readonly inputs: unknown; readonly config: unknown; readonly environment: unknown }
  readonly environment: Readonly<Record<string, string>>
  readonly nonce: string
  readonly main: MainProcess
  /** Mirror of the journal. */
  readonly operation: unknown
  readonly lease: { readonly fence: number; readonly nonce: string } | null
}

export interface RecordKeeper {
  /** 0700, ours alone, gone with the record. */
  readonly folder: string
  /** On disk when it returns. Throws when the disk refuses, and the change that was to follow must not be made. */
  update(change: Partial<SealedRecord>): void
}

/** What the runner hands from main to post. */
export interface RecordState {
  readonly record: string
  readonly key: string
}

export type OpenedRecord =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'record'; readonly record: SealedRecord; readonly folder: string }

const folderPrefix = 'blue-green-'
const exact = new Set(['PATH', 'HOME', 'NODE_EXTRA_CA_CERTS'])
const prefixes = ['AWS_', 'GOOGLE_', 'CLOUDSDK_', 'AZURE_', 'ARM_', 'KUBE']

/** Credentials and the way out of the network, as main had them; exec plugins of kubeconfigs need PATH and HOME. */
export function takeEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const taken = Object.entries(environment).filter(([name, value]) => value !== undefined && isTaken(name))
  return Object.fromEntries(taken) as Record<string, string>
}

const isTaken = (name: string): boolean =>
  exact.has(name) ||
  prefixes.some((prefix) => name.startsWith(prefix)) ||
  (/_(PROXY|proxy)$/.test(name) && !/^(INPUT|STATE)_/.test(name))

export function createRecord(first: SealedRecord, environment: NodeJS.ProcessEnv): RecordKeeper {
  const folder = mkdtempSync(join(environment.RUNNER_TEMP || tmpdir(), folderPrefix))
  const path = join(folder, 'record')
  const key = randomBytes(keyLength)
  let record = first
  const update = (change: Partial<SealedRecord>): void => {
    const next = { ...record, ...change }
    try {
      writeWhole(path, seal(JSON.stringify(next), key))
    } catch (cause) {
      throw new Error(
        `The record of this run cannot be written to ${path}: ${cause}. The change that needs it was not made.`,
        { cause },
      )
    }
    record = next
  }
  update({})
  remember({ record: path, key: key.toString('base64') }, environment)
  return { folder, update }
}

/** The path last: with it, the key is there too. Without a state file the toolkit would print both, and no post would come. */
function remember(state: RecordState, environment: NodeJS.ProcessEnv): void {
  core.setSecret(state.key)
  if (!environment.GITHUB_STATE) return
  core.saveState('key', state.key)
  core.saveState('record', state.record)
}

export const readRecordState = (environment: NodeJS.ProcessEnv): RecordState => ({
  record: environment.STATE_record ?? '',
  key: environment.STATE_key ?? '',
})

/** none: main never got as far as changing anything. */
export function openRecord(state: RecordState): OpenedRecord {
  if (state.record === '') return { kind: 'none' }
  const unreadable = (why: string) =>
    ({ kind: 'unreadable', why: `the record of main at ${state.record} cannot be used: ${why}` }) as const
  const key = Buffer.from(state.key, 'base64')
  if (key.length !== keyLength) return unreadable('its key is missing from the state of this step')
  try {
    const unsealed = unseal(readFileSync(state.record), key)
    if (unsealed.kind === 'unreadable') return unreadable(unsealed.why)
    return {
      kind: 'record',
      record: JSON.parse(unsealed.text) as SealedRecord,
      folder: dirname(state.record),
    }
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return unreadable(gone ? 'the file is gone' : String(error))
  }
}

/** Never throws: what cannot be removed is encrypted, and the runner clears its folder for temporary files after the job. */
export function removeRecord(state: RecordState): void {
  const folder = dirname(state.record)
  if (!basename(folder).startsWith(folderPrefix)) return
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {}
}

/** Another process reads the old text or the new one, never a part. */
function writeWhole(path: string, content: Buffer): void {
  const draft = `${path}.new`
  const file = openSync(draft, 'w', 0o600)
  try {
    for (let written = 0; written < content.length; ) written += writeSync(file, content, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
}
