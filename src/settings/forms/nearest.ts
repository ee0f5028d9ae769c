/** The known name a person most likely meant, or null when none is close. */
export function nearestName(given: string, known: readonly string[]): string | null {
  const wanted = given.trim().toLowerCase().replaceAll('_', '-')
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  const ranked = known
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
  return ranked[0]?.name ?? null
}

/** Insertions, deletions and replacements between two short names. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (character === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
