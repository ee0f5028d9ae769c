import type { Noted } from './commands.ts'

/** From the order in which commands ran at the target: an owner that was followed by another never comes back. */
export function ownershipFaults(log: readonly Noted[]): readonly string[] {
  const changes = log.filter(({ kind }) => kind === 'change')
  const faults: string[] = []
  const gone = new Set<string>()
  changes.forEach((change, index) => {
    const before = changes[index - 1]
    if (before === undefined) return
    if (before.by !== change.by) gone.add(before.by)
    if (gone.has(change.by)) faults.push(`${change.by} ran ${change.command} after ${before.by} had come`)
    if (change.fence < before.fence) faults.push(`fence ${change.fence} after ${before.fence}`)
  })
  return faults
}
