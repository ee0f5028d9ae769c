import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'

/** A process that cannot be mistaken for a later one with the same number. */
export interface MainProcess {
  readonly pid: number
  /** Clock ticks since boot; empty where the system does not tell, and then nothing is ever ended. */
  readonly startTime: string
}

export const thisProcess = (): MainProcess => ({
  pid: process.pid,
  startTime: startTimeOf(process.pid) ?? '',
})

/** null: no such process, one that has ended and waits to be collected, or a system without /proc. */
export function startTimeOf(pid: number): string | null {
  try {
    return startTimeIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return null
  }
}

/** The name of the process stands in parentheses and may itself hold any: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function startTimeIn(stat: string): string | null {
  const [state, ...afterState] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const fieldsBetween = 18
  return state === 'Z' || state === 'X' ? null : (afterState[fieldsBetween] ?? null)
}

export const isSameProcess = ({ pid, startTime }: MainProcess): boolean =>
  startTime !== '' && startTimeOf(pid) === startTime

const graceToLeave = 4000
const graceToDie = 2000

/**
 * In a container job the runner cancels by ending its own client, so that main works on beside its cleanup. It is asked first: main
 * then ends its own children.
 */
export async function endMain(
  main: MainProcess,
  clock: Clock,
): Promise<'was not running' | 'ended' | 'still running'> {
  if (main.pid === process.pid || !isSameProcess(main)) return 'was not running'
  for (const [signal, grace] of [
    ['SIGTERM', graceToLeave],
    ['SIGKILL', graceToDie],
  ] as const) {
    if (!send(main, signal) || (await endsWithin(main, grace, clock)))
      return isSameProcess(main) ? 'still running' : 'ended'
  }
  return 'still running'
}

function send(main: MainProcess, signal: NodeJS.Signals): boolean {
  try {
    return isSameProcess(main) && process.kill(main.pid, signal)
  } catch {
    return false
  }
}

async function endsWithin(main: MainProcess, time: number, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonic() + time
  while (isSameProcess(main)) {
    if (clock.monotonic() >= deadline) return false
    await clock.sleep(50)
  }
  return true
}
