/** What a run would do, from reading alone: which release goes to which color. A dry run ends here. */
import type { Color, ColorState, Release } from '../targets/target.ts'
import { otherColor } from '../targets/target.ts'
import { type ColorChoice, chooseColor } from './color-choice.ts'
import type { Document } from './document.ts'
import type { Operation } from './operation.ts'
import { passesOnce } from './proof.ts'
import { releaseOf } from './release.ts'
import { chooseRelease } from './release-choice.ts'
import { say, type World } from './world.ts'

export type Planned =
  | { readonly kind: 'operation'; readonly operation: Operation; readonly colors: Colors }
  | { readonly kind: 'unchanged'; readonly why: string; readonly live: Color | null }

type Colors = Readonly<Record<Color, ColorState>>

/** A plan that cannot be made. */
export class PlanRefused extends Error {
  override readonly name = 'PlanRefused'
  readonly next: readonly string[]
  readonly done: string

  constructor(message: string, next: readonly string[], done = 'Nothing was changed.') {
    super(message)
    this.next = next
    this.done = done
  }
}

/** Reads the router and both colors. Throws PlanRefused. */
export async function planOperation(world: World, document: Document, fence: number): Promise<Planned> {
  const { intent, target } = world
  const [traffic, blue, green] = await Promise.all([
    target.router.observe(),
    target.runtime.observe('blue'),
    target.runtime.observe('green'),
  ])
  const colors: Colors = { blue, green }
  const choosing = chooseColor({ traffic, colors, wanted: intent.targetColor })
  if (choosing.kind === 'refused') throw new PlanRefused(choosing.why, choosing.repair)
  const { choice } = choosing
  if (intent.mode === 'rollback') {
    const chosen = chooseRelease(document, choice.from, intent.version)
    if (chosen.kind === 'refused')
      throw new PlanRefused(chosen.why, ['Name an earlier release with `version`, or deploy one.'])
    if (chosen.kind === 'unchanged') return { kind: 'unchanged', why: chosen.why, live: choice.from }
    const operation = await draft(world, document, { choice, release: chosen.entry.release, colors, fence })
    return { kind: 'operation', operation, colors }
  }
  refuseUnfinishedMigration(world, document)
  const operation = await draft(world, document, { choice, release: wantedRelease(world), colors, fence })
  return { kind: 'operation', operation, colors }
}

function refuseUnfinishedMigration({ intent }: World, { unfinishedMigration }: Document): void {
  if (unfinishedMigration === null || intent.migrateRerun || intent.hooks.migrate.length === 0) return
  const { version, by } = unfinishedMigration
  throw new PlanRefused(
    `The migration of ${version} (${by}) was started and never reported back; running it again could harm the data.`,
    ['Look at the database, then run again with `migrate-rerun: true`.'],
  )
}

interface Draft {
  readonly choice: ColorChoice
  readonly release: Release
  readonly colors: Colors
  readonly fence: number
}

async function draft(
  world: World,
  document: Document,
  { choice, release, colors, fence }: Draft,
): Promise<Operation> {
  const { intent, target, owner } = world
  const { from, observed, to } = choice
  const previous = from === null ? null : document.colors[from]
  const back = from ?? (observed === 'nobody' ? null : otherColor(to))
  return {
    id: world.randomId(),
    nonce: owner.nonce,
    fence,
    kind: intent.mode === 'rollback' ? 'rollback' : 'deploy',
    from,
    observed,
    to,
    release,
    previous,
    size: from === null ? null : (colors[from].size ?? null),
    phase: 'determine-color',
    traffic: 'from',
    verified: false,
    drained: false,
    retiring: false,
    noRollback: intent.noRollback,
    liveWasSick: from !== null && (await isSick(world, from)),
    oldColor: intent.oldColor,
    onFailure: intent.onFailure,
    hooks: {},
    hosts: {},
    inverse: back === null ? [] : [...target.router.manual(back)],
    startedAt: world.clock.now(),
    by: owner.url === '' ? `${owner.actor}, run ${owner.run}` : owner.url,
    state: 'open',
  }
}

/** No answer is not a no. What is taken for sick has no way back, and what is not is asked once more before anybody goes back. */
async function isSick(world: World, live: Color): Promise<boolean> {
  const verdict = await passesOnce(world, live, { version: null, enough: 'part' })
  if (verdict.passed) return false
  const isSilent = verdict.silent === true
  const what = isSilent ? 'and nobody says whether it is well' : 'and does not pass its checks'
  say(world, `${live} is live ${what}: ${verdict.reason}`)
  return !isSilent
}

const wantedRelease = ({ intent }: World): Release =>
  releaseOf({
    version: intent.version ?? 'unversioned',
    images: Object.fromEntries(intent.services.map(({ name, image }) => [name, image])),
    configuration: intent.configuration,
  })
