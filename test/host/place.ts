import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Connection, Finish } from '../../src/host/connection.ts'
import { fileLedger } from '../../src/host/file-ledger.ts'
import { type GuardedChange, guardedChangeScript, parseChange } from '../../src/host/guarded-change.ts'
import { localConnection } from '../../src/host/local-connection.ts'
import type { Acquisition, Lease, Owner } from '../../src/targets/target.ts'

export const forever = new AbortController().signal

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'host-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

export interface Shell {
  readonly name: string
  /** PATH on which `sh` is this shell. */
  readonly path: string
}

/** The shells found here; each is `sh` in a folder of its own. */
export const shells: readonly Shell[] = ['dash', 'bash', 'busybox'].flatMap((name) => {
  const at = locate(name)
  if (at === null) return []
  const shims = mkdtempSync(join(tmpdir(), `sh-${name}-`))
  afterAll(() => rmSync(shims, { recursive: true, force: true }))
  if (name === 'bash')
    writeFileSync(join(shims, 'sh'), `#!${at}\nexec -a sh ${at} --posix "$@"\n`, { mode: 0o755 })
  else symlinkSync(at, join(shims, 'sh'))
  return [{ name, path: `${shims}:${process.env.PATH ?? ''}` }]
})

function locate(name: string): string | null {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

export const connect = (shell?: Shell, more: Readonly<Record<string, string>> = {}): Connection =>
  localConnection({ ...process.env, ...(shell ? { PATH: shell.path } : {}), ...more })

export const owner = (nonce: string): Owner => ({
  nonce,
  run: '1',
  attempt: '1',
  job: `it's "a" job`,
  step: '$(touch /tmp/hurt) `id`',
  url: 'https://example.com/?a=b&c',
  actor: '::error::} ; exit',
})

export const open = { claim: 'open', unchangedMark: null } as const

export const ledgerAt = (directory: string, connection = connect(), leaseTtl = 60_000) =>
  fileLedger({ connection, directory, leaseTtl, signal: forever, clock: systemClock })

export function leaseOf(acquisition: Acquisition): Lease {
  if (acquisition.kind !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(acquisition)}`)
  return acquisition.lease
}

export async function run(
  connection: Connection,
  script: string,
  timeout = 60_000,
): Promise<Finish & { kind: 'exited' }> {
  const finish = await connection.run(script, { signal: forever, clock: systemClock, timeout })
  if (finish.kind === 'lost') throw new Error(finish.detail)
  return finish
}

export const changeOf = (
  options: Partial<GuardedChange> & Pick<GuardedChange, 'directory' | 'lease'> & { readonly run: string },
): string =>
  guardedChangeScript({
    commands: [{ run: options.run, env: {} }],
    limit: 30_000,
    observe: null,
    allowed: null,
    confirm: false,
    onClientDeath: 'end',
    lenient: false,
    record: null,
    forget: [],
    ...options,
  })

export async function change(
  connection: Connection,
  options: Parameters<typeof changeOf>[0],
): Promise<{ result: ReturnType<typeof parseChange>; stdout: string; stderr: string }> {
  const finish = await run(connection, changeOf(options))
  return { result: parseChange(finish.stdout), stdout: finish.stdout, stderr: finish.stderrTail }
}

/** Waits for what another process does. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (condition()) return
    await sleep(20)
  }
  throw new Error(`It never came true: ${what}`)
}

export function content(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

export const isNumberIn = (path: string): boolean => /^\d+\n$/.test(content(path) ?? '')

/** A process that ended and that nobody has reaped yet is not running. */
export function running(pid: number): boolean {
  const state = /\) (.)/.exec(content(`/proc/${pid}/stat`) ?? '')?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

export const pidIn = (path: string): number => Number(readFileSync(path, 'utf8').trim())

export const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Ends what a test left running, at the latest when the test is over. */
export function endAfterwards(path: string): void {
  onTestFinished(() => {
    if (!isNumberIn(path) || !running(pidIn(path))) return
    process.kill(pidIn(path), 'SIGKILL')
  })
}

/** A PATH on which one command is missing or replaced by a script. */
export function pathWith(name: string, script: string | null): string {
  const bin = folder()
  for (const tool of [
    'sh',
    'dd',
    'mv',
    'rm',
    'cat',
    'date',
    'mkdir',
    'sleep',
    'setsid',
    'flock',
    'mktemp',
    'head',
    'tail',
    'base64',
  ]) {
    const at = tool === name ? null : locate(tool)
    if (at !== null) symlinkSync(at, join(bin, tool))
  }
  if (script !== null) {
    writeFileSync(join(bin, name), script)
    chmodSync(join(bin, name), 0o755)
  }
  return bin
}

export function newFolder(...parts: readonly string[]): string {
  const path = join(...parts)
  mkdirSync(path, { recursive: true })
  return path
}
