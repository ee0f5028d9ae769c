/** What a person should know of the gates before a deployment begins. */
import type { Gate, GateInspection, GateWindow } from './gate.ts'
import { showTime } from './wording.ts'

export interface Inspected {
  readonly gate: Pick<Gate, 'name' | 'during'>
  readonly inspection: GateInspection
}

export const warningsOf = (inspected: Inspected, { bake }: { readonly bake: number }): readonly string[] =>
  [failsAlready(inspected), seesTooLate(inspected, bake)].filter((warning) => warning !== null)

/** The release may be what puts it right. */
function failsAlready({ gate: { name, during }, inspection: { look } }: Inspected): string | null {
  if (look?.kind !== 'fails') return null
  const consequence =
    during === 'bake'
      ? 'It proves nothing about the new color unless it passes first'
      : 'The phase `health` fails unless it passes by then'
  return `${name} is ${look.said} before anything was changed. ${consequence}. ${look.reason}`
}

function seesTooLate(
  { gate: { name, during }, inspection: { window } }: Inspected,
  bake: number,
): string | null {
  if (during !== 'bake' || window === null || bake >= window.count * window.period) return null
  const { count, period } = window
  const enough = `\`bake: ${enoughFor(window) / 1000}s\` would do`
  return `${name} judges ${count} × ${showTime(period)} at a time, and \`bake\` is ${showTime(bake)}: it cannot see the new color in that time. ${enough}.`
}

/** Metrics come by the minute and late: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html */
const lateness = 60_000

const enoughFor = ({ count, period }: GateWindow): number => count * period + Math.max(period, lateness)
