/** One case: a run is stopped at its point, something comes after, and at the end one more good release must go live. */
import { readdirSync } from 'node:fs'
import type { Operation } from '../../src/deployment/operation.ts'
import type { Finished } from '../runner/runner.ts'
import { goOn } from './aftermath.ts'
import type { Bed } from './bed.ts'
import type { Found } from './expectations.ts'
import { freezes, laterOf, type Stopped } from './frozen.ts'
import { judge, neverReached, type Verdict } from './judge.ts'
import { type Case, isCut } from './matrix.ts'
import type { Run } from './runs.ts'
import { lastRelease } from './scenarios.ts'
import { openScene, type Scene } from './scene.ts'

/** What happened, for the judge. */
export interface Story {
  readonly given: Case
  /** Before anybody came. */
  readonly before: Found['document']
  readonly found: Found
  readonly later: Operation | null
  /** Of the bundle that was stopped. */
  readonly stopped: Finished
  readonly next: Finished | null
  readonly post: Finished | null
  /** A run that only closes what it finds. */
  readonly closer: Finished | null
  /** Right after the aftermath. */
  readonly after: { readonly document: Found['document']; readonly named: Found['named'] | null }
  readonly leaseAfter: string
  readonly last: Finished
  /** Folders of ours in the temporary folder of a job whose post has ended. */
  readonly folders: readonly string[]
}

export interface Tried {
  readonly verdicts: readonly Verdict[]
  /** Of users, answered or not. */
  readonly requests: number
  /** Of the bundle that was to be stopped. */
  readonly log: string
}

export async function runCase(bed: Bed, given: Case): Promise<Tried> {
  const { scenario } = given.point
  await using scene = await openScene(bed, scenario.start)
  const before = await scene.document()
  const run = scene.begin(scenario.run, {
    label: 'stopped',
    route: 'line',
    killAt: `${given.point.name}/${given.moment} ${given.killsPostAt ?? ''}`,
    losesAnswer: isCut(given.way),
  })
  const stage = await stageToStop(run, given)
  if (!(await freezes(scene, stage))) {
    const { log } = await stage.finished
    return { verdicts: [{ kind: neverReached, text: log }], requests: scene.load.report().sent, log }
  }
  const found = await lookAround(scene)
  const { next = null, post = null, closer = null } = await goOn(scene, { run, stage, given })
  const after = { document: await scene.document(), named: await scene.named() }
  const leaseAfter = await scene.lease()
  const last = await scene.begin(lastRelease, { label: 'last' }).main()
  const folders = post === null ? [] : readdirSync(run.temp).filter((name) => name.startsWith('blue-green-'))
  const { sent: requests } = await scene.load.stop()
  const stopped = await stage.finished
  const verdicts = await judge(scene, {
    given,
    before,
    found,
    later: laterOf(scene),
    stopped,
    next,
    post,
    closer,
    after,
    leaseAfter,
    last,
    folders,
  })
  return { verdicts, requests, log: stopped.log }
}

/** main, or a post whose main has done its work. */
async function stageToStop(run: Run, { point }: Case): Promise<Stopped> {
  const { stage, job } = point.scenario
  if (stage === 'main') return { ...run, finished: run.main() }
  await run.main()
  return run.startPost(job)
}

async function lookAround(scene: Scene): Promise<Found> {
  const named = await scene.named()
  if (named === null) throw new Error('The router names nobody.')
  return { document: await scene.document(), named }
}
