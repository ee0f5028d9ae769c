/** A kubectl that runs until we end it, or are no more. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Clock } from '../../../clock.ts'
import { elapsed } from '../../../host/ending.ts'
import type { Kubectl } from './kubectl.ts'

/**
 * Our end of its stdin closes however we end. kubectl takes the place of the shell, so that its end is seen; who watches is in
 * the same process group, and so is whatever kubectl starts.
 */
const untilStdinEnds = `folder=$1
shift
exec 3<&0 </dev/null
(
  trap '' TERM
  while read -r rest; do :; done
  kill -s TERM 0
  sleep 1
  [ -z "$folder" ] || rm -rf "$folder"
  kill -s KILL 0
) <&3 3<&- >/dev/null 2>&1 &
exec 3<&-
exec "$@"`

/** Bytes of what it said last that are kept. */
const wordsLimit = 4_096
const endingTime = 3_000

export interface KubectlChild {
  readonly isRunning: boolean
  /** The first match in what it prints; null when it ended, or the time was over, before there was one. */
  printed(pattern: RegExp, time: number): Promise<RegExpExecArray | null>
  /** The end of what it said to stderr. */
  lastWords(): string
  end(): Promise<void>
}

export function startKubectl(
  { program, words, environment, folder = '' }: Kubectl,
  command: readonly string[],
  clock: Clock,
): KubectlChild {
  const child = spawn('sh', ['-c', untilStdinEnds, 'sh', folder, program, ...words, ...command], {
    detached: true,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  let said = ''
  let isRunning = true
  let isOver = false
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed = (printed + chunk).slice(-wordsLimit)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-wordsLimit)
  })
  child.stdin.on('error', () => {})
  child.once('exit', () => {
    isRunning = false
    // The watcher has been there until now, so the number of the group is nobody else's.
    tell(child, 'SIGKILL')
    child.stdin.destroy()
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve)
    child.once('error', (error) => {
      isRunning = false
      said += error.message
      resolve()
    })
  }).then(() => {
    isOver = true
  })
  return {
    get isRunning() {
      return isRunning
    },
    lastWords: () => said.trim(),
    printed: async (pattern, time) => {
      const over = new AbortController()
      const late = elapsed(time, clock, over.signal).then(() => 'late' as const)
      try {
        for (;;) {
          const match = pattern.exec(printed)
          if (match !== null || isOver) return match
          const said = once(child.stdout, 'data', { signal: over.signal })
          if ((await Promise.race([said, ended, late])) === 'late') return null
        }
      } finally {
        over.abort()
      }
    },
    end: async () => {
      const over = new AbortController()
      if (isRunning) tell(child, 'SIGTERM')
      await Promise.race([ended, elapsed(endingTime, clock, over.signal)])
      over.abort()
      if (isRunning) tell(child, 'SIGKILL')
      // A program that left the group may hold them open.
      for (const stream of [child.stdout, child.stderr]) stream.destroy()
      await ended
    },
  }
}

/** All of its group. */
function tell({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // Gone already.
  }
}
