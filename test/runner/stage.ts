import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseEntries, readIfThere, toValues } from './file-commands.ts'
import { type Command, createLogReader } from './log-reader.ts'

/** Milliseconds, as the runner waits them; tests shorten them. */
export interface Waits {
  /** From SIGINT to SIGTERM. */
  readonly interrupt: number
  /** From SIGTERM to SIGKILL. */
  readonly terminate: number
  /** For children that still hold stdout or stderr after the process has ended. */
  readonly heldOutput: number
}
export const runnerWaits: Waits = { interrupt: 7500, terminate: 2500, heldOutput: 5000 }

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly canceled: boolean
  /** Raw, as the process wrote them. */
  readonly stdout: string
  readonly stderr: string
  /** Both together, as the page of the run shows them. */
  readonly log: string
  readonly commands: readonly Command[]
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly paths: readonly string[]
  readonly summary: string
  /** What the runner itself found wrong, a torn state file for one. */
  readonly errors: readonly string[]
}

/** One process of a step: its main or its post. Signals go to the process alone, never to its children. */
export interface Stage {
  readonly pid: number
  readonly finished: Promise<Finished>
  /** SIGINT, then SIGTERM, then SIGKILL. */
  cancel(): Promise<Finished>
  /** As when the system runs out of memory. */
  kill(): Promise<Finished>
  stop(): void
  cont(): void
  /** When the process has printed this; rejects when it ends without. */
  until(text: string): Promise<void>
}

export interface StageOptions {
  readonly node: string
  readonly script: string
  readonly cwd: string
  /** For the file commands; made if need be. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly masks: Set<string>
  readonly waits: Waits
}

const fileCommands = ['STATE', 'OUTPUT', 'ENV', 'PATH', 'STEP_SUMMARY'] as const

export function startStage({ node, script, cwd, folder, env, masks, waits }: StageOptions): Stage {
  mkdirSync(folder, { recursive: true })
  const files = Object.fromEntries(
    fileCommands.map((name) => [`GITHUB_${name}`, join(folder, name.toLowerCase())]),
  )
  for (const path of Object.values(files)) writeFileSync(path, '')
  const child = spawn(node, [script], { cwd, env: { ...env, ...files }, stdio: ['ignore', 'pipe', 'pipe'] })
  const reading = readOutput(child, masks)
  let canceled = false
  const ended = whenEnded(child, waits.heldOutput)
  const finished = ended.then(({ code, signal }): Finished => {
    const { commands, shown, raw } = reading
    return { code, signal, canceled, ...raw, log: shown.join('\n'), commands, ...readFiles(folder, commands) }
  })
  finished.catch(() => {})
  const running = () => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid ?? -1,
    finished,
    async cancel() {
      canceled = running()
      for (const [signal, wait] of [
        ['SIGINT', waits.interrupt],
        ['SIGTERM', waits.terminate],
      ] as const) {
        child.kill(signal)
        if (await endsWithin(child, wait)) return finished
      }
      child.kill('SIGKILL')
      return finished
    },
    kill() {
      child.kill('SIGKILL')
      return finished
    },
    stop: () => void child.kill('SIGSTOP'),
    cont: () => void child.kill('SIGCONT'),
    until: (text) => reading.until(text, ended),
  }
}

function readOutput(child: ChildProcess, masks: Set<string>) {
  const reader = createLogReader(masks)
  const raw = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name]
    if (!stream) continue
    stream.setEncoding('utf8').on('data', (text: string) => {
      raw[name] += text
      for (const look of waiting) look()
    })
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', reader.read)
  }
  const until = (text: string, ended: Promise<unknown>) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!raw.stdout.includes(text) && !raw.stderr.includes(text)) return false
        waiting.delete(look)
        resolve()
        return true
      }
      waiting.add(look)
      if (!look())
        ended.then(
          () => look() || reject(new Error(`It ended without "${text}":\n${raw.stdout}${raw.stderr}`)),
          reject,
        )
    })
  return { raw, until, commands: reader.commands, shown: reader.shown }
}

function whenEnded(child: ChildProcess, heldOutput: number) {
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
    child.once('exit', () => {
      const release = setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, heldOutput)
      child.once('close', () => clearTimeout(release))
    })
  })
}

function endsWithin(child: ChildProcess, time: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(true)
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), time)
    child.once('exit', () => {
      clearTimeout(late)
      resolve(true)
    })
  })
}

/** Commands in the log come before the files: a leaked `::save-state` is obeyed, as the runner does. */
function readFiles(folder: string, commands: readonly Command[]) {
  const errors: string[] = []
  const read = (name: string, command: string) => {
    const { entries, error } = parseEntries(readIfThere(join(folder, name)))
    if (error !== null) errors.push(`Unable to process file command '${name}' successfully. ${error}`)
    const printed = commands
      .filter((one) => one.name === command)
      .map((one) => [one.properties.name ?? '', one.data] as const)
    return toValues([...printed, ...entries])
  }
  return {
    state: read('state', 'save-state'),
    outputs: read('output', 'set-output'),
    env: read('env', ''),
    paths: readIfThere(join(folder, 'path')).split('\n').filter(Boolean),
    summary: readIfThere(join(folder, 'step_summary')),
    errors,
  }
}
