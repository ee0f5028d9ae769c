/** What comes after a run was stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finished, JobStatus } from '../runner/runner.ts'
import type { Story } from './case.ts'
import { forget, freezes, type Stopped } from './frozen.ts'
import { type Case, type Cut, isCut, isTrouble } from './matrix.ts'
import type { Run } from './runs.ts'
import { closerRun, nextRelease } from './scenarios.ts'
import type { Scene } from './scene.ts'
import { frozenTime } from './site.ts'

interface GoingOn {
  readonly run: Run
  readonly stage: Stopped
  readonly given: Case
}

/** Who came. */
export type After = Partial<Pick<Story, 'next' | 'post' | 'closer'>>

export async function goOn(scene: Scene, { run, stage, given }: GoingOn): Promise<After> {
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
      forget(scene)
      const post = run.startPost('failure')
      if (await freezes(scene, post)) await post.kill()
      await scene.site.lapse?.()
      return { next: await runNext(scene) }
    }
    default:
      return { post: await run.post(aftermath.slice('post-'.length) as JobStatus) }
  }
}
