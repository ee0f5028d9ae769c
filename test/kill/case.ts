/** One case: a run is stopped at its point, something comes after, and at the end one more good release must go live. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Operation } from '../../src/deployment/operation.ts'
import type { Finished, JobStatus, Stage } from '../runner/runner.ts'
import type { Bed } from './bed.ts'
import type { Found } from './expectations.ts'
import { judge, neverReached, type Verdict } from './judge.ts'
import { textOf } from './ledger.ts'
import { type Case, type Cut, isCut, isTrouble } from './matrix.ts'
import type { Run } from './runs.ts'
import { closerRun, lastRelease, nextRelease } from './scenarios.ts'
import { openScene, type Scene } from './scene.ts'
import { frozenTime } from './site.ts'

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

export async function runCase(bed: Bed, given: Case): Promise<readonly Verdict[]> {
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
    return [{ kind: neverReached, text: (await stage.finished).log }]
  }
  const found = await lookAround(scene)
  const { next = null, post = null, closer = null } = await goOn(scene, { run, stage, given })
  const after = { document: await scene.document(), named: await scene.named() }
  const leaseAfter = await scene.lease()
  const last = await scene.begin(lastRelease, { label: 'last' }).main()
  const folders = post === null ? [] : readdirSync(run.temp).filter((name) => name.startsWith('blue-green-'))
  await scene.load.stop()
  const stopped = await stage.finished
  return await judge(scene, {
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
}

type Stopped = Pick<Stage, 'finished' | 'cancel' | 'kill' | 'stop' | 'cont'>

/** main, or a post whose main has done its work. */
async function stageToStop(run: Run, { point }: Case): Promise<Stopped> {
  const { stage, job } = point.scenario
  if (stage === 'main') return { ...run, finished: run.main() }
  await run.main()
  return run.startPost(job)
}

/** false: it ended without. */
async function freezes(scene: Scene, stage: Pick<Stage, 'finished' | 'stop'>): Promise<boolean> {
  let ended = false
  stage.finished.finally(() => {
    ended = true
  })
  while (!ended) {
    if (existsSync(scene.trapped)) {
      // Where a command says so, the bundle still runs, and waits for it.
      stage.stop()
      writeFileSync(seen(scene), '')
      return true
    }
    await sleep(10)
  }
  return false
}

async function lookAround(scene: Scene): Promise<Found> {
  const named = await scene.named()
  if (named === null) throw new Error('The router names nobody.')
  return { document: await scene.document(), named }
}

const seen = ({ trapped }: Pick<Scene, 'trapped'>): string => `${trapped}.seen`

function laterOf({ trapped }: Scene): Operation | null {
  const text = textOf(`${trapped}.later`)
  return text === '' ? null : (JSON.parse(text) as Operation)
}

interface GoingOn {
  readonly run: Run
  readonly stage: Stopped
  readonly given: Case
}

type After = Partial<Pick<Story, 'next' | 'post' | 'closer'>>

async function goOn(scene: Scene, { run, stage, given }: GoingOn): Promise<After> {
  const { way, point } = given
  if (isCut(way)) return cutOff(scene, { run, stage, given, way })
  if (way === 'freeze') return thaw(scene, { run, stage, given })
  if (way === 'kill') await stage.kill()
  else {
    const left = stage.cancel()
    stage.cont()
    await left
  }
  if (point.scenario.stage === 'post') {
    await scene.site.lapse?.()
    return { next: await runNext(scene) }
  }
  return comeAfter(scene, run, given)
}

async function thaw(scene: Scene, { run, stage, given }: GoingOn): Promise<After> {
  if (given.aftermath === 'beside') {
    const post = await run.postBeside('cancelled')
    await stage.finished
    return { post }
  }
  const coming = given.aftermath === 'takeover' ? runNext(scene) : null
  await sleep(frozenTime(scene.site))
  const next = await coming
  stage.cont()
  const { code } = await stage.finished
  if (given.point.scenario.stage === 'post') return { next, post: await stage.finished }
  return { next, post: await run.post(code === 0 ? given.point.scenario.job : 'failure') }
}

/** Longer than whoever asks in vain repeats it by itself. */
const troubleTime = 20_000

/** The connection breaks, or leads to errors alone, and what ran on it goes on as it can. */
async function cutOff(
  scene: Scene,
  { run, stage, given, way }: GoingOn & { readonly way: Cut },
): Promise<After> {
  const { line, leaseTime, trouble } = scene.site
  const { scenario } = given.point
  if (line === null) throw new Error('In this bed there is no connection to cut.')
  if (isTrouble(way)) await trouble?.begin(way)
  else {
    line.close(way !== 'cut')
    line.cut()
  }
  stage.cont()
  const coming = given.aftermath === 'takeover' ? runNext(scene) : null
  if (isTrouble(way)) await sleep(troubleTime)
  if (way === 'cut-for-seconds') await sleep(leaseTime + 1_000)
  if (way === 'cut-for-good') await stage.finished
  await trouble?.end()
  line.close(false)
  const { code } = await stage.finished
  const next = await coming
  if (scenario.stage === 'post') return { next, post: await stage.finished }
  return { next, post: await run.post(code === 0 ? scenario.job : 'failure') }
}

const runNext = (scene: Scene): Promise<Finished> => scene.begin(nextRelease, { label: 'next' }).main()

async function comeAfter(scene: Scene, run: Run, { aftermath }: Case): Promise<After> {
  switch (aftermath) {
    case 'next':
      await scene.site.lapse?.()
      return { next: await runNext(scene) }
    case 'unlock':
    case 'cleanup':
      await scene.site.lapse?.()
      return { closer: await scene.begin(closerRun(aftermath), { label: aftermath }).main() }
    case 'both': {
      await scene.site.lapse?.()
      const [next, post] = await Promise.all([runNext(scene), run.post('failure')])
      return { next, post }
    }
    case 'post-killed': {
      for (const path of [scene.trapped, seen(scene)]) rmSync(path)
      const post = run.startPost('failure')
      if (await freezes(scene, post)) await post.kill()
      await scene.site.lapse?.()
      return { next: await runNext(scene) }
    }
    default:
      return { post: await run.post(aftermath.slice('post-'.length) as JobStatus) }
  }
}
