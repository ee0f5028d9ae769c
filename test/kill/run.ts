/**
 * Runs a share of the matrix, or all of it: npm run kill -- --bed command|ssh|vps|kubernetes|ecs --cases N|all --seed S --case ID. BLUE_GREEN_DIST
 * names another folder of bundles, KILL_SIDE_BY_SIDE says how many cases are run at a time.
 */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { type Bed, type BedName, bedNames, startBed } from './bed.ts'
import { runCase, type Tried } from './case.ts'
import { neverReached, saysNothing, type Verdict } from './judge.ts'
import { type Case, caseNamed, enumerateCases } from './matrix.ts'
import { processorTime } from './processes.ts'
import { chooseShare, shuffle } from './share.ts'
import { findAllPoints, makeStates } from './states.ts'

export interface Failed {
  readonly given: Case
  readonly verdicts: readonly Verdict[]
}

export interface Report {
  readonly bed: BedName
  readonly seed: number
  readonly matrix: number
  readonly run: number
  readonly failed: readonly Failed[]
  /** Ids of those that ended before they could be stopped: how often a run looks depends on how long it waits. */
  readonly missed: readonly string[]
  /** Of users, in all cases. */
  readonly requests: number
  readonly seconds: number
  /** Milliseconds in which the bed answered nobody: when it is seconds, the machine had no time to spare. */
  readonly longestPause: number
  /** Seconds of processor time, of the bed and of everything that was run. */
  readonly processorTime: number
}

export interface Wanted {
  readonly bed: BedName
  /** This one alone. */
  readonly only: string | null
  readonly cases: number
  readonly seed: number
}

export const dist = process.env.BLUE_GREEN_DIST ?? join(import.meta.dirname, '../../dist')

export async function runShare(wanted: Wanted, say: (line: string) => void): Promise<Report> {
  const began = performance.now()
  const { seed } = wanted
  const pauses = monitorEventLoopDelay()
  pauses.enable()
  await using bed = await startBed({ name: wanted.bed, dist })
  await makeStates(bed)
  const all = wanted.only === null ? shuffle(enumerateCases(await findAllPoints(bed), bed.name), seed) : []
  const share = wanted.only === null ? chooseShare(all, wanted.cases, bed.name) : [caseNamed(wanted.only)]
  say(
    `${share.length} of ${all.length || 'many'} cases on bed ${bed.name}, seed ${seed}, ${bed.sideBySide} side by side`,
  )
  const { failed: tried, requests } = await runAll(bed, share, say)
  return {
    bed: bed.name,
    seed,
    matrix: all.length,
    run: share.length,
    failed: tried.filter((one) => !misses(one)),
    missed: tried.filter(misses).map(({ given }) => given.id),
    requests,
    seconds: Math.round((performance.now() - began) / 1000),
    longestPause: Math.round(pauses.max / 1e6),
    processorTime: processorTime(),
  }
}

async function runAll(
  bed: Bed,
  share: readonly Case[],
  say: (line: string) => void,
): Promise<{ readonly failed: readonly Failed[]; readonly requests: number }> {
  const failed: Failed[] = []
  let requests = 0
  let done = 0
  const work = async (waiting: Case[]) => {
    for (let given = waiting.shift(); given !== undefined; given = waiting.shift()) {
      const { verdicts, requests: sent } = await runPatiently(bed, given)
      requests += sent
      done += 1
      if (verdicts.length > 0) {
        failed.push({ given, verdicts })
        say(describeFailure(bed.name, { given, verdicts }))
      }
      if (done % 25 === 0) say(`${done} done, ${failed.length} failed`)
    }
  }
  // Whoever is cut off for good waits for minutes, and costs next to nothing.
  const isIdle = ({ way }: Case) =>
    way === 'cut-for-good' || (bed.name === 'ecs' && ['cut-for-seconds', 'freeze'].includes(way))
  const idle = share.filter(isIdle)
  const busy = share.filter((one) => !isIdle(one))
  await Promise.all(
    [idle, busy].flatMap((cases) => Array.from({ length: bed.sideBySide }, () => work(cases))),
  )
  return { failed, requests }
}

const misses = ({ verdicts }: Failed): boolean => verdicts.every(({ kind }) => kind === neverReached)

const attempts = 3

async function runPatiently(bed: Bed, given: Case, attempt = 1): Promise<Tried> {
  const tried = await runCase(bed, given)
  return saysNothing(tried.verdicts) && attempt < attempts ? runPatiently(bed, given, attempt + 1) : tried
}

const replay = (bed: BedName, { id }: Case) => `npm run kill -- --bed ${bed} --case ${id}`

const describeFailure = (bed: BedName, { given, verdicts }: Failed): string =>
  [
    replay(bed, given),
    ...verdicts.map(({ kind, text }) => `  ${kind}:\n    ${text.trim().replaceAll('\n', '\n    ')}`),
  ].join('\n')

export function describe({
  bed,
  seed,
  matrix,
  run,
  failed,
  missed,
  requests,
  seconds,
  longestPause,
  processorTime,
}: Report): string {
  const kinds = new Map<string, number>()
  for (const { kind } of failed.flatMap(({ verdicts }) => verdicts))
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return [
    ...[...kinds].map(([kind, count]) => `${count} × ${kind}`),
    `Users sent ${requests} requests.`,
    `A case took ${(processorTime / run).toFixed(1)} s of processor time; the bed was busy for ${longestPause} ms at most.`,
    ...missed.map((id) => `Not reached: ${id}`),
    ...failed.map(({ given }) => replay(bed, given)),
    `${run} of ${matrix} cases run on bed ${bed} with seed ${seed} in ${seconds} s: ${failed.length === 0 ? 'all kept every promise' : `${failed.length} failed`}.`,
  ].join('\n')
}

function readArguments(): Wanted {
  const {
    bed,
    cases,
    seed,
    case: only,
  } = parseArgs({
    options: {
      bed: { type: 'string', default: 'command' },
      cases: { type: 'string', default: 'all' },
      seed: { type: 'string', default: '1' },
      case: { type: 'string' },
    },
  }).values
  const name = bedNames.find((one) => one === bed)
  if (name === undefined) throw new Error(`There is no bed ${bed}, but ${bedNames.join(', ')}.`)
  return {
    bed: name,
    only: only ?? null,
    cases: cases === 'all' ? Number.POSITIVE_INFINITY : Number(cases),
    seed: Number(seed),
  }
}

if (import.meta.main) {
  const report = await runShare(readArguments(), console.log)
  console.log(describe(report))
  process.exitCode = report.failed.length === 0 ? 0 : 1
}
