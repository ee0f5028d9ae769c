import type { GateEvidence } from '../checks/gate.ts'
import type { Outcome } from '../deployment/report.ts'
import { bullets, code, inline, table } from './markdown.ts'

const mostGates = 20
const mostWords = 6

const verdicts: Record<GateEvidence['verdict'], string> = {
  held: 'held',
  failed: '**failed**',
  'not measured': 'not measured',
}

/** What each gate said, and why it did not hold. */
export function renderGates({ gates }: Outcome): readonly string[] {
  if (gates.length === 0) return []
  const shown = gates.slice(0, mostGates)
  const rows = shown.map(({ gate, during, before, said, verdict }) => [
    code(gate, 300),
    during,
    before === null ? '–' : inline(before, 80),
    saying(said),
    verdicts[verdict],
  ])
  const reasons = shown
    .filter(({ reason }) => reason !== null)
    .map(({ gate, reason }) => `${code(gate, 300)}: ${inline(reason ?? '', 600)}`)
  return [
    table(['gate', 'during', 'before', 'said', 'verdict'], rows),
    ...(reasons.length === 0 ? [] : [bullets(reasons)]),
  ]
}

function saying(said: readonly string[]): string {
  if (said.length === 0) return '–'
  const last = said.slice(-mostWords).map((word) => inline(word, 80))
  return [...(said.length > mostWords ? ['…'] : []), ...last].join(' → ')
}
