/** Plays one act and compares what became of it with what was to come. */
import type { Lost } from '../bed/load.ts'
import type { Act, Ends } from './act.ts'
import { type Action, type Ended, runJob } from './job.ts'
import { answersAt, type Doors, type Served, type Shop } from './shop.ts'

export interface Played {
  readonly act: Act
  /** Milliseconds. */
  readonly time: number
  readonly sent: number
  readonly lost: number
  readonly answer: string
  readonly ended: readonly Ended[]
  /** Why it is not as it must be; none: all is well. */
  readonly faults: readonly string[]
}

export interface Stage {
  readonly shop: Shop
  readonly doors: Doors
  readonly action: Action
}

export async function play({ shop, doors, action }: Stage, act: Act, signal: AbortSignal): Promise<Played> {
  const begun = performance.now()
  const before = doors.served()
  const ended: Ended[] = []
  for (const run of act.runs) ended.push(await runJob(shop, action, run, signal))
  const [answer, named] = await Promise.all([answersAt(shop.url), shop.named()])
  const { sent, lost } = servedSince(before, doors.served())
  return {
    act,
    time: performance.now() - begun,
    sent,
    lost: lost.length,
    answer,
    ended,
    faults: [
      ...act.runs.flatMap((run, number) => faultsOfRun(number, run.ends, ended[number]?.ends)),
      ...faultsOfTraffic(act, answer, named),
      ...(sent === 0 ? ['Nobody asked, so nothing is shown'] : []),
      ...faultsOfUsers(lost),
    ],
  }
}

const servedSince = (before: Served, now: Served): Served => ({
  sent: now.sent - before.sent,
  lost: now.lost.slice(before.lost.length),
})

function faultsOfRun(number: number, expected: Ends, found: Ends | undefined): readonly string[] {
  return (['main', 'post'] as const)
    .filter((stage) => found?.[stage] !== expected[stage])
    .map((stage) => `Run ${number + 1}: ${stage} ended with ${found?.[stage]}, not ${expected[stage]}`)
}

function faultsOfTraffic({ answer: expected }: Act, answer: string, named: string): readonly string[] {
  const [color] = expected.split(' ')
  return [
    ...(answer === expected ? [] : [`Users are answered by ${answer}, not ${expected}`]),
    ...(named === `${color} ready` ? [] : [`The router says ${named}, not ${color} ready`]),
  ]
}

export function faultsOfUsers(lost: readonly Lost[]): readonly string[] {
  const kinds = Map.groupBy(lost, ({ method, client, reason }) => `${client} ${method}: ${reason}`)
  return [...kinds].map(([kind, { length }]) => `Lost ${length} × ${kind}`)
}
