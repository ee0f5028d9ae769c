import { readdirSync, readFileSync } from 'node:fs'

export interface Left {
  readonly pid: number
  readonly command: string
}

/** Living processes with this in their environment. */
export function processesWith(mark: string): readonly Left[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0')
        if (!environment.includes(mark)) return []
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return command === '' ? [] : [{ pid: Number(entry), command }]
      } catch {
        return []
      }
    })
}

/** Of this process and of all below it that have ended, in seconds: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function processorTime(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticksPerSecond = 100
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}
