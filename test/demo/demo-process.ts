/** The demo as a process of its own, and what it leaves on the machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoName } from './demos.ts'

export interface DemoProcess extends AsyncDisposable {
  /** Of all processes and temporary files of this demo, and only of these. */
  readonly temporary: string
  readonly kept: string
  /** Until there is something to see, or the demo has ended. */
  until(seen: () => boolean): Promise<void>
  signal(name: NodeJS.Signals): void
  ended(): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>
}

export interface DemoOptions {
  readonly name: DemoName
  readonly env?: NodeJS.ProcessEnv
}

export function startDemo(folder: string, { name, env = {} }: DemoOptions): DemoProcess {
  const [kept, temporary] = [join(folder, 'kept'), join(folder, 'temporary')]
  mkdirSync(temporary)
  // Who logs in to a demo's host has folders in it.
  chmodSync(folder, 0o755)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'demo.ts'), name, kept], {
    env: { ...process.env, ...env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const chunks = { output: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    chunks.output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    chunks.errors += text
  })
  const running = () => child.exitCode === null && child.signalCode === null
  const ended = async () => {
    await closed
    return { code: child.exitCode, ...chunks }
  }
  return {
    temporary,
    kept,
    until: async (seen) => {
      while (running() && !seen()) await sleep(20)
    },
    signal: (name) => void child.kill(name),
    ended,
    [Symbol.asyncDispose]: async () => {
      if (running()) child.kill('SIGTERM')
      await closed
    },
  }
}

const rowForm =
  /^(?<mark>[✔✘]) (?<number>\d) (?<title>.+?) +[\d.]+ s +(?<sent>\d+) +(?<lost>\d+) +(?<answer>\S.*?) {2,}(?<link>\S+\.md)$/

export const rowsOf = (output: string) =>
  output
    .split('\n')
    .map((line) => line.match(rowForm)?.groups)
    .filter((groups) => groups !== undefined)

/** One of the folders that a demo makes holds this. */
export const holds = ({ temporary }: DemoProcess, path: string): boolean =>
  readdirSync(temporary).some((entry) => existsSync(join(temporary, entry, path)))

/** Files, processes and users. */
export const whatIsLeft = ({ temporary }: DemoProcess): readonly string[] => [
  ...readdirSync(temporary),
  ...processesOf(temporary),
  ...readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => line.includes(temporary)),
]

/** Living processes that name this folder in their arguments or their environment, or have mounts out of it as containers do. */
export const processesOf = (folder: string): readonly string[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ')
        const command = read('cmdline')
        const marks = command + read('environ') + read('mountinfo')
        return command !== '' && marks.includes(folder) ? [`${pid} ${command}`] : []
      } catch {
        return []
      }
    })
