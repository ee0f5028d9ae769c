/** What happened in a run, gathered as it is reported; the outcome is written from it. */
import type { Evidence } from '../checks/evidence.ts'
import type { GateEvidence } from '../checks/gate.ts'
import type { Traffic } from '../targets/target.ts'
import { otherColor } from '../targets/target.ts'
import type { Operation } from './operation.ts'
import type { Event, Failure, Outcome, PhaseRecord, Report, Result } from './report.ts'
import { messageOf, type World } from './world.ts'

export interface Chronicle {
  readonly startedAt: number
  readonly phases: readonly PhaseRecord[]
  readonly notices: readonly string[]
}

/** A report that passes every event on and remembers what the outcome needs. */
export function chronicled(
  report: Report,
  startedAt: number,
): { readonly report: Report; readonly chronicle: Chronicle } {
  const phases: PhaseRecord[] = []
  const notices: string[] = []
  let phaseStartedAt = startedAt
  const remember = (event: Event): void => {
    if (event.kind === 'phase-started') phaseStartedAt = event.at
    if (event.kind === 'phase-ended') {
      const { phase, outcome, at } = event
      phases.push({ phase, outcome, startedAt: phaseStartedAt, endedAt: at })
    }
    if (event.kind === 'line' && (event.level === 'notice' || event.level === 'warning'))
      notices.push(event.text)
  }
  return {
    chronicle: { startedAt, phases, notices },
    report: (event) => {
      remember(event)
      report(event)
    },
  }
}

export interface Ending {
  readonly result: Result
  readonly ok: boolean
  readonly headline: string
  readonly traffic: Traffic
  readonly operation?: Operation | null
  readonly rolledBack?: boolean
  readonly failure?: Failure | null
  readonly evidence?: readonly Evidence[]
  readonly gates?: readonly GateEvidence[]
  readonly plan?: readonly string[]
}

export function writeOutcome(
  world: World,
  chronicle: Chronicle,
  stage: Outcome['stage'],
  ending: Ending,
): Outcome {
  const { intent, clock } = world
  const active = ending.traffic.kind === 'color' ? ending.traffic.color : null
  const operation = ending.operation ?? null
  return {
    mode: intent.mode,
    app: intent.app,
    dryRun: intent.dryRun,
    stage,
    result: ending.result,
    ok: ending.ok,
    headline: ending.headline,
    activeColor: active,
    previousColor: operation?.from ?? null,
    inactiveColor: active === null ? null : otherColor(active),
    switched: operation !== null && !['from', 'switching'].includes(operation.traffic),
    rolledBack: ending.rolledBack ?? false,
    version: operation?.release.version ?? intent.version,
    previousVersion: operation?.previous?.version ?? null,
    url: intent.services.find(({ url }) => url !== null)?.url ?? null,
    startedAt: chronicle.startedAt,
    endedAt: clock.now(),
    phases: chronicle.phases,
    evidence: ending.evidence ?? [],
    gates: ending.gates ?? [],
    failure: ending.failure ?? null,
    notices: chronicle.notices,
    wayBack: operation?.state === 'open' ? operation.inverse : [],
    plan: ending.plan ?? [],
  }
}

/** Where traffic is at the end of a run, as far as it can be told. */
export async function trafficNow({ target, signal }: World): Promise<Traffic> {
  try {
    signal.throwIfAborted()
    return await target.router.observe()
  } catch (error) {
    return { kind: 'unknown', detail: messageOf(error), repair: [] }
  }
}
