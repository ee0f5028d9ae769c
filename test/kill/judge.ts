/** Everything that must hold at the end of every case. */
import type { Story } from './case.ts'
import * as faults from './faults.ts'
import { ownershipFaults } from './owners.ts'
import type { Scene } from './scene.ts'

export interface Verdict {
  readonly kind: string
  readonly text: string
}

const questions: Readonly<Record<string, faults.Question>> = {
  'traffic or history is not as the closing table says': faults.closedOtherwise,
  'undisturbed, it did not end as it should': faults.endedOtherwise,
  'cut off, it ended neither well nor where it had begun': faults.cutEndedOtherwise,
  'a run that lost its lease said that all went well': faults.boasts,
  'the next run did not deploy': faults.nextFailed,
  'a run that only closes what it finds failed': faults.closerFailed,
  'one more deployment did not succeed': faults.lastFailed,
  'users and the router disagree': faults.usersElsewhere,
  'users reached a color that had not passed or was stopped': faults.wrongAnswers,
  'a color was changed while the router named it': faults.liveColorsChanged,
  'two owners at a time': async (scene) => ownershipFaults(await scene.log()),
  'requests were lost': faults.requestsLost,
  'the lease was left held': faults.leaseHeld,
  'on-rollback ran twice': faults.rollbackToldTwice,
  'a folder of an ended job was left behind': (_, { folders }) => folders,
  'a process was left behind': faults.processesLeft,
}

export const neverReached = 'the run ended before it could be stopped'

/**
 * A lease of seconds may go unrenewed on a machine with too much to do, and then the action starts no new change, as it
 * should. Such a case says nothing about what was to be shown, unless it shows something else.
 */
export const saysNothing = (verdicts: readonly Verdict[]): boolean =>
  verdicts.some(({ kind, text }) => kind === neverReached || faults.starved(text)) &&
  verdicts.every(({ kind }) => kind === neverReached || mayStarve.has(kind))

const mayStarve = new Set(['the next run did not deploy', 'one more deployment did not succeed'])

export async function judge(scene: Scene, story: Story): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const [kind, ask] of Object.entries(questions)) {
    const wrong = await ask(scene, story)
    if (wrong.length > 0) verdicts.push({ kind, text: wrong.join('\n') })
  }
  return verdicts
}
