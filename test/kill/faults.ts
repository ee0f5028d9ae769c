/** What is wrong at the end of a case, in a user's words; nothing, when all is well. */
import { setTimeout as sleep } from 'node:timers/promises'
import { otherColor } from '../../src/targets/target.ts'
import type { Story } from './case.ts'
import { type Closed, closingsAllowed } from './expectations.ts'
import { isCut, isTrouble } from './matrix.ts'
import { processesWith } from './processes.ts'
import { lastRelease, nextRelease } from './scenarios.ts'
import type { Scene } from './scene.ts'
import { briefLease, type Site } from './site.ts'

export type Question = (scene: Scene, story: Story) => readonly string[] | Promise<readonly string[]>

/** Where traffic was before the next release moved it, when there was one. */
function trafficOf({ after, next }: Story) {
  const moved = after.document.history.find(({ release }) => release.version === nextRelease.version)
  return next === null || moved === undefined ? after.named : otherColor(moved.color)
}

/** Both traffic and the mark in the history. */
export function closedOtherwise(_: Scene, story: Story): readonly string[] {
  const { found, later, given, after } = story
  if (given.aftermath === 'resume' || isCut(given.way)) return []
  const markOf = (id: string | null) =>
    after.document.history.find(({ operation }) => operation === id)?.mark ?? null
  const traffic = trafficOf(story)
  const allowed = closingsAllowed(found, later, given)
  if (allowed.some((closed) => closed.traffic === traffic && closed.mark === markOf(closed.id))) return []
  const wanted = new Set(allowed.map((closed) => `${closed.traffic} and ${closed.mark}`))
  const got = [...new Set(allowed.map(({ id }) => `${traffic} and ${markOf(id)}`))]
  return [
    `${got.join(', ')} instead of ${[...wanted].join(' or ')} (${describe(story)})`,
    ...(story.post === null ? [] : ['--- post:', story.post.log]),
  ]
}

function describe({ found: { document, named }, later }: Story): string {
  const stand = (operation: typeof document.operation) =>
    operation === null
      ? 'none'
      : `${operation.state}, traffic ${operation.traffic}${operation.verified ? ', verified' : ''}${operation.retiring ? ', retiring' : ''}`
  return `found: ${stand(document.operation)}; later: ${stand(later)}; router: ${named}`
}

export const starved = (log: string): boolean => log.includes('no new change is started')

/** Back from a long sleep, a run may also find that its lease was silent for too long, start nothing new, and take back what it can. */
export function endedOtherwise(_: Scene, { given, found, stopped, after }: Story): readonly string[] {
  if (given.aftermath !== 'resume' || isCut(given.way)) return []
  const { ends } = given.point.scenario
  const { operation } = found.document
  const tookBack =
    starved(stopped.log) &&
    after.document.history.some(({ operation: id, mark }) => id === operation?.id && mark === 'undone')
  const color = tookBack ? operation?.from : ends.color
  return after.named === color ? [] : [`traffic is on ${after.named} instead of ${color}:\n${stopped.log}`]
}

/** With its connection cut a run ends well, or takes back what it had begun, and says which. */
export function cutEndedOtherwise({ site }: Scene, story: Story): readonly string[] {
  const { given, after, stopped, post } = story
  if (!isCut(given.way)) return []
  const [traffic, mark] = [trafficOf(story), markAfter(story)]
  const allowed = endingsAllowed(story, outlastsPost(story, site))
  if (allowed.some((ending) => ending.traffic === traffic && ending.mark === mark)) return []
  const wanted = allowed.map((ending) => `${ending.traffic} and ${ending.mark}`).join(' or ')
  const state = after.document.operation?.state ?? 'none'
  return [
    `${traffic} and ${mark} (operation ${state}) instead of ${wanted}; it said ${stopped.outputs.result}:`,
    stopped.log,
    '--- post:',
    post === stopped ? 'the same' : (post?.log ?? 'none'),
  ]
}

/** Of what the run that was cut off had begun, or had been given to close. */
function markAfter({ before, found, after }: Story): Closed['mark'] | 'rolled-back-from' {
  const own = after.document.history.find(({ operation, release }) =>
    found.document.operation === null || found.document.operation.state === 'committed'
      ? !before.history.some((past) => past.operation === operation) &&
        release.version !== nextRelease.version
      : operation === found.document.operation.id,
  )
  return own?.mark ?? null
}

type Ending = Pick<Closed, 'traffic' | 'mark'>

/** A post does not insist for as long as a main does: what it cannot close is closed by the next run. */
const outlastsPost = ({ given: { way } }: Pick<Story, 'given'>, { leaseTime }: Site): boolean =>
  way === 'cut-for-good' || isTrouble(way) || (way === 'cut-for-seconds' && leaseTime > briefLease.leaseTime)

function endingsAllowed(
  { given: { point, aftermath }, stopped, found }: Story,
  mayStayOpen: boolean,
): readonly Ending[] {
  const { ends, start, stage, job, run } = point.scenario
  const from = start === 'v1 on blue' ? 'blue' : 'green'
  const well: readonly Ending[] = [{ traffic: ends.color, mark: 'good' }]
  const back: readonly Ending[] = [
    { traffic: from, mark: 'undone' },
    { traffic: from, mark: null },
  ]
  // From a rollback there is no way back.
  const forward: readonly Ending[] = run.mode === 'rollback' ? [{ traffic: ends.color, mark: 'failed' }] : []
  if (stage === 'main') {
    if (stopped.outputs.result === (run.mode === 'rollback' ? 'rolled-back' : 'deployed')) {
      // What had begun nothing may begin once the other run has ended, on the color that is idle then.
      const comesSecond = aftermath === 'takeover' && found.document.operation?.state !== 'open'
      return comesSecond ? [...well, { traffic: otherColor(ends.color), mark: 'good' }] : well
    }
    return [...back, ...forward, ...(aftermath === 'takeover' ? well : [])]
  }
  const kept: readonly Ending[] = [{ traffic: otherColor(from), mark: 'good' }]
  const open: readonly Ending[] = [{ traffic: found.named, mark: null }]
  if (job === 'success') return [...kept, ...(mayStayOpen ? open : [])]
  return [...back.slice(0, 1), ...(mayStayOpen ? open : []), ...(aftermath === 'takeover' ? kept : [])]
}

/** Its release was closed by another run while it stood still; what it says afterwards must not be that all went well. */
export function boasts(_: Scene, { given, found, stopped }: Story): readonly string[] {
  const { operation } = found.document
  const lost =
    given.aftermath === 'takeover' && given.way === 'freeze' && given.point.scenario.stage === 'main'
  if (!lost || operation?.state !== 'open' || operation.verified) return []
  return ['deployed', 'rolled-back'].includes(stopped.outputs.result ?? '') ? [stopped.log] : []
}

export const nextFailed: Question = (_, { next }) =>
  next === null || next.outputs.result === 'deployed' ? [] : [next.log + next.stderr]

/** Where there is no way back it says so loudly. */
export const closerFailed: Question = (_, { closer, after }) => {
  const [newest] = after.document.history
  return closer === null || closer.code === 0 || newest?.mark === 'failed' ? [] : [closer.log + closer.stderr]
}

export const lastFailed: Question = (_, { last }) =>
  last.outputs.result === 'deployed' ? [] : [last.log + last.stderr]

export async function usersElsewhere(scene: Scene, { last }: Story): Promise<readonly string[]> {
  if (last.outputs.result !== 'deployed') return []
  const { headers } = await fetch(scene.site.url)
  const [color, version] = [headers.get('x-color'), headers.get('x-version')]
  const named = await scene.named()
  const fine = color === named && version === lastRelease.version
  return fine
    ? []
    : [`${color} ${version} answers; the router names ${named}, deployed was ${lastRelease.version}`]
}

export const wrongAnswers: Question = async ({ site }) => (await site.wrongAnswers()).slice(0, 3)

export const liveColorsChanged: Question = ({ site }) => site.liveColorsChanged()

export function requestsLost({ load }: Scene, { given }: Story): readonly string[] {
  const { lost } = load.report()
  // The release that breaks in public answers with 500 until traffic is back.
  return lost
    .filter(({ reason }) => !(given.point.scenario.breaksInPublic && reason === 'status 500'))
    .map((one) => JSON.stringify(one))
}

/** A post that stays cut off cannot let go of its lease: it runs out, as the next run has shown. */
export const leaseHeld: Question = async (scene, { leaseAfter, given }) => {
  const isCutOff = given.point.scenario.stage === 'post' && outlastsPost({ given }, scene.site)
  const leases = isCutOff ? [] : [leaseAfter]
  return [...leases, await scene.lease()].filter((line) => !/ (free|parked) /.test(line))
}

export const rollbackToldTwice: Question = async (scene) => {
  const log = await scene.log()
  const told = log.filter(({ command, moment }) => command === 'on-rollback' && moment === 'begin')
  const versions = told.map(({ version }) => version)
  return versions.filter((version, index) => versions.indexOf(version) !== index)
}

/** Watchers of what was killed a moment ago may still be on their way out. */
export async function processesLeft(scene: Scene): Promise<readonly string[]> {
  const deadline = performance.now() + 3_000
  let left = processesWith(scene.mark)
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(100)
    left = processesWith(scene.mark)
  }
  return left.map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`)
}
