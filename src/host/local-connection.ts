import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '../clock.ts'
import { TargetUnreachable } from '../targets/target.ts'
import {
  type Connection,
  endingTime,
  type Finish,
  type RunOptions,
  stderrTailLimit,
  stdoutLimit,
} from './connection.ts'
import { type Address, dialFromHere, dialRefused, reasonOf } from './dialing.ts'
import { elapsed, endingOf } from './ending.ts'

/** Streams that a background process holds open are not waited for longer than this. */
const streamsTime = 200

export function localConnection(environment: Readonly<Record<string, string | undefined>>): Connection {
  const env = withoutOurs(environment)
  const name = 'this machine'
  return {
    name,
    run: (script, options) => run(script, options, env),
    dial: (address, signal) => dial(address, signal, name),
    close: async () => {},
  }
}

async function dial(address: Address, signal: AbortSignal, name: string): Promise<Duplex> {
  try {
    return await dialFromHere(address, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw dialRefused(address, name, reasonOf(error))
  }
}

/** What the runner gives to this action alone: inputs may hold secrets, state and tokens are no business of a user's command. */
function withoutOurs(environment: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(INPUT_|STATE_|ACTIONS_|GITHUB_STATE$)/.test(name)),
  )
}

async function run(script: string, options: RunOptions, env: NodeJS.ProcessEnv): Promise<Finish> {
  const { signal, clock } = options
  signal.throwIfAborted()
  const child = spawn('sh', ['-s'], { detached: true, env, stdio: ['pipe', 'pipe', 'pipe'] })
  const output = collect(child, options)
  const exit = exitOf(child, clock)
  child.stdin.on('error', () => {})
  child.stdin.write(script)
  const over = new AbortController()
  try {
    const first = await endingOf(exit, { signal, clock, time: options.timeout, over: over.signal })
    if (typeof first === 'object') return finish(first, output, false)
    child.stdin.end()
    if (first === 'aborted') {
      letGo(child)
      throw signal.reason
    }
    const second = await endingOf(exit, { signal, clock, time: endingTime, over: over.signal })
    if (typeof second === 'object') return finish(second, output, true)
    letGo(child)
    signal.throwIfAborted()
    return { kind: 'lost', detail: `still running ${endingTime / 1000} s after it was told to end` }
  } finally {
    over.abort()
    child.stdin.end()
  }
}

type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }
type Output = { stdout: string; stderrTail: string }

function finish(exit: Exit, output: Output, timedOut: boolean): Finish {
  if (exit.code === null)
    return { kind: 'lost', detail: `sh was ended by ${exit.signal ?? 'an unknown cause'}` }
  return { kind: 'exited', code: exit.code, ...output, timedOut }
}

function collect(child: ChildProcessWithoutNullStreams, options: RunOptions): Output {
  const output: Output = { stdout: '', stderrTail: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (output.stdout.length < stdoutLimit) output.stdout = (output.stdout + chunk).slice(0, stdoutLimit)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output.stderrTail = (output.stderrTail + chunk).slice(-stderrTailLimit)
    options.onStderr?.(chunk)
  })
  return output
}

function exitOf(child: ChildProcessWithoutNullStreams, clock: Clock): Promise<Exit> {
  const ended = Promise.allSettled([finished(child.stdout), finished(child.stderr)])
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new TargetUnreachable(`sh could not be started on this machine: ${error.message}`)),
    )
    child.once('exit', (code, signal) => resolve({ code, signal }))
  }).then(async (result) => {
    const over = new AbortController()
    await Promise.race([ended, elapsed(streamsTime, clock, over.signal)])
    over.abort()
    if (!child.stdout.readableEnded || !child.stderr.readableEnded) letGo(child)
    return result
  })
  exit.catch(() => {})
  return exit
}

/**
 * The process goes on without us: its streams are drained, so that nothing in it blocks, but not heard, and we do not stay
 * alive for it.
 */
function letGo(child: ChildProcessWithoutNullStreams) {
  child.unref()
  for (const stream of [child.stdout, child.stderr]) stream.removeAllListeners('data').resume()
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
}
