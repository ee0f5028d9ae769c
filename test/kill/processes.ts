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
