/** Runs a share of the matrix, or all of it: `KILL_CASES`, `KILL_SEED`, `KILL_CASE`, `KILL_SIDE_BY_SIDE`, `KILL_DIST`. */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Bed, sideBySide, startBed } from './bed.ts'
import { runCase } from './case.ts'
import { saysNothing, type Verdict } from './judge.ts'
import { type Case, chooseShare, enumerateCases, shuffle } from './matrix.ts'
import { processorTime } from './processes.ts'
import { findAllPoints, makeStates } from './states.ts'

export interface Failed {
  readonly given: Case
  readonly verdicts: readonly Verdict[]
}

export interface Report {
  readonly seed: number
  readonly matrix: number
  readonly run: number
  readonly failed: readonly Failed[]
  readonly seconds: number
  /** Milliseconds in which the bed answered nobody: when it is seconds, the machine had no time to spare. */
  readonly longestPause: number
  /** Seconds of processor time, of the bed and of everything that was run. */
  readonly processorTime: number
}

export interface Wanted {
  /** `KILL_CASE`: this one alone. */
  readonly only: string | null
  readonly cases: number
  readonly seed: number
  readonly dist: string
}

export const wantedBy = (environment: NodeJS.ProcessEnv, cases: number): Wanted => ({
  only: environment.KILL_CASE ?? null,
  cases:
    environment.KILL_CASES === 'all' ? Number.POSITIVE_INFINITY : Number(environment.KILL_CASES ?? cases),
  seed: Number(environment.KILL_SEED ?? 1),
  dist: environment.KILL_DIST ?? join(import.meta.dirname, '../../dist'),
})

export async function runShare(wanted: Wanted, say: (line: string) => void): Promise<Report> {
  const began = performance.now()
  const { seed } = wanted
  const pauses = monitorEventLoopDelay()
  pauses.enable()
  await using bed = await startBed({ dist: wanted.dist, slots: 4 * sideBySide() + 10 })
  await makeStates(bed)
  const all = shuffle(enumerateCases(await findAllPoints(bed)), seed)
  const share = chooseCases(all, wanted)
  say(`${share.length} of ${all.length} cases, seed ${seed}, ${sideBySide()} side by side`)
  const failed = await runAll(bed, share, say)
  return {
    seed,
    matrix: all.length,
    run: share.length,
    failed,
    seconds: Math.round((performance.now() - began) / 1000),
    longestPause: Math.round(pauses.max / 1e6),
    processorTime: processorTime(),
  }
}

function chooseCases(all: readonly Case[], { only, cases }: Wanted): readonly Case[] {
  if (only === null) return chooseShare(all, cases)
  const chosen = all.filter(({ id }) => id === only)
  if (chosen.length === 0) throw new Error(`There is no case ${only}; one of them is ${all[0]?.id}.`)
  return chosen
}

async function runAll(
  bed: Bed,
  share: readonly Case[],
  say: (line: string) => void,
): Promise<readonly Failed[]> {
  const failed: Failed[] = []
  const waiting = [...share]
  let done = 0
  const work = async () => {
    for (let given = waiting.shift(); given !== undefined; given = waiting.shift()) {
      const verdicts = await runPatiently(bed, given)
      done += 1
      if (verdicts.length > 0) {
        failed.push({ given, verdicts })
        say(describeFailure({ given, verdicts }))
      }
      if (done % 100 === 0) say(`${done} done, ${failed.length} failed`)
    }
  }
  await Promise.all(Array.from({ length: sideBySide() }, work))
  return failed
}

const attempts = 3

async function runPatiently(bed: Bed, given: Case, attempt = 1): Promise<readonly Verdict[]> {
  const verdicts = await runCase(bed, given)
  return saysNothing(verdicts) && attempt < attempts ? runPatiently(bed, given, attempt + 1) : verdicts
}

export const describeFailure = ({ given, verdicts }: Failed): string =>
  [
    `KILL_CASE=${given.id}`,
    ...verdicts.map(({ kind, text }) => `  ${kind}:\n    ${text.trim().replaceAll('\n', '\n    ')}`),
  ].join('\n')

export function describe({
  seed,
  matrix,
  run,
  failed,
  seconds,
  longestPause,
  processorTime,
}: Report): string {
  const kinds = new Map<string, number>()
  for (const { kind } of failed.flatMap(({ verdicts }) => verdicts))
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return [
    ...[...kinds].map(([kind, count]) => `${count} × ${kind}`),
    `A case took ${(processorTime / run).toFixed(1)} s of processor time; the bed was busy for ${longestPause} ms at most.`,
    ...failed.map(({ given }) => `KILL_CASE=${given.id} npm run kill`),
    `${run} of ${matrix} cases run with seed ${seed} in ${seconds} s: ${failed.length === 0 ? 'all kept every promise' : `${failed.length} failed`}.`,
  ].join('\n')
}

if (import.meta.main) {
  const report = await runShare(wantedBy(process.env, Number.POSITIVE_INFINITY), console.log)
  console.log(describe(report))
  process.exitCode = report.failed.length === 0 ? 0 : 1
}
