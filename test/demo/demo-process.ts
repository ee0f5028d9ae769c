/** The demo as a process of its own, and what it leaves on the machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface DemoProcess extends AsyncDisposable {
  /** Of all processes and temporary files of this demo, and only of these. */
  readonly temporary: string
  readonly kept: string
  /** Until there is something to see, or the demo has ended. */
  until(seen: () => boolean): Promise<void>
  signal(name: NodeJS.Signals): void
  ended(): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>
}

export function startDemo(folder: string, env: NodeJS.ProcessEnv = {}): DemoProcess {
  const [kept, temporary] = [join(folder, 'kept'), join(folder, 'temporary')]
  mkdirSync(temporary)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'demo.ts'), kept], {
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

/** Living processes that name this folder in their arguments or their environment. */
export const processesOf = (folder: string): readonly string[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ')
        const command = read('cmdline')
        return command !== '' && (command + read('environ')).includes(folder) ? [`${pid} ${command}`] : []
      } catch {
        return []
      }
    })
