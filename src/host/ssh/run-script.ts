/** One script in a session of its own. */
import type { ClientChannel } from 'ssh2'
import type { Clock } from '../../clock.ts'
import { TargetUnreachable } from '../../targets/target.ts'
import { endingTime, type Finish, type RunOptions, stderrTailLimit, stdoutLimit } from '../connection.ts'
import { endingOf } from '../ending.ts'
import type { Link } from './link.ts'

/** What a shell's start-up files say comes before it, and is no answer of the script. */
const mark = 'blue-green: here begins the script'

/** After the exit code, output may still be on its way; a background process that holds it open is not waited for. */
const quietTime = 1_000

export interface Started {
  readonly channel: ClientChannel
  readonly link: Link
  /** Where it runs, for people. */
  readonly name: string
}

export async function runScript(started: Started, script: string, options: RunOptions): Promise<Finish> {
  const { channel } = started
  const { signal, clock } = options
  const output = collect(channel, options)
  const exit = exitOf(channel, output, clock)
  const over = new AbortController()
  const first = (time: number) => endingOf(exit, { signal, clock, time, over: over.signal })
  channel.write(`echo '${mark}'\n${script}`)
  try {
    const inTime = await first(options.timeout)
    if (typeof inTime === 'object') return finish(started, inTime, output, false)
    channel.end()
    if (inTime === 'elapsed') {
      const late = await first(endingTime)
      if (typeof late === 'object') return finish(started, late, output, true)
    }
    letGo(channel)
    signal.throwIfAborted()
    return { kind: 'lost', detail: `still running ${endingTime / 1000} s after it was told to end` }
  } finally {
    over.abort()
    channel.end()
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

interface Output {
  /** Whether the mark was seen. */
  begun: boolean
  stdout: string
  stderrTail: string
  /** Grows with everything that arrives. */
  arrived: number
}

function collect(channel: ClientChannel, options: RunOptions): Output {
  const output: Output = { begun: false, stdout: '', stderrTail: '', arrived: 0 }
  channel.on('error', () => {})
  channel.setEncoding('utf8').on('data', (chunk: string) => {
    output.arrived += chunk.length
    if (output.stdout.length < stdoutLimit) output.stdout = (output.stdout + chunk).slice(0, stdoutLimit)
    const at = output.begun ? -1 : output.stdout.indexOf(`${mark}\n`)
    if (at < 0) return
    output.begun = true
    output.stdout = output.stdout.slice(at + mark.length + 1)
  })
  channel.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output.arrived += chunk.length
    output.stderrTail = (output.stderrTail + chunk).slice(-stderrTailLimit)
    options.onStderr?.(chunk)
  })
  return output
}

/** A channel that closes without having said how the script ended has both null. */
function exitOf(channel: ClientChannel, output: Output, clock: Clock): Promise<Exit> {
  return new Promise((resolve) => {
    let exit: Exit = { code: null, signal: null }
    channel.once('exit', async (code: number | null, signal: string | null = null) => {
      exit = { code, signal }
      for (let before = -1; before !== output.arrived; ) {
        before = output.arrived
        await clock.sleep(quietTime)
      }
      letGo(channel)
      resolve(exit)
    })
    channel.once('close', () => resolve(exit))
  })
}

function finish({ link, name }: Started, { code, signal }: Exit, output: Output, timedOut: boolean): Finish {
  const { begun, stdout, stderrTail } = output
  if (code === null)
    return { kind: 'lost', detail: signal === null ? link.why() : `sh was ended by ${signal}` }
  if (begun) return { kind: 'exited', code, stdout, stderrTail, timedOut }
  const said = (stdout + stderrTail).trim().slice(-500)
  throw new TargetUnreachable(
    `${name} let us in and ran nothing: its login shell ended with exit code ${code} and said ${JSON.stringify(said)}.`,
  )
}

/** The script goes on without us: what it says is read, so that nothing in it blocks, but not heard. */
function letGo(channel: ClientChannel) {
  for (const stream of [channel, channel.stderr]) stream.removeAllListeners('data').resume()
}
