/** The user's commands at named points, journalled so that nobody runs one twice without knowing. */
import type { HookName } from '../targets/intent.ts'
import { type Environment, type Guard, type Hook, TargetUnreachable } from '../targets/target.ts'
import { openColorUrls } from './color-urls.ts'
import { changeOperation, type Document } from './document.ts'
import type { Operation } from './operation.ts'
import type { PhaseName } from './report.ts'
import { type Session, say } from './world.ts'

type Progress = 'started' | 'done' | 'failed'

/** Those that must not be run again by somebody who has not heard of the first time. */
const onceOnly: readonly HookName[] = ['migrate', 'on-rollback']

/** Runs all commands of a hook in order; throws at the first that fails. One that was lost on the way stays "started". */
export async function runHook(session: Session, name: HookName, phase: PhaseName): Promise<void> {
  const hooks = session.intent.hooks[name]
  const { operation } = session.journal
  if (hooks.length === 0 || operation === null) return
  say(session, `Running ${name}.`)
  const told = describeRun(session, operation, phase)
  const urls = await openColorUrls(session, operation.to, new Set(hooks.map(({ where }) => where)))
  try {
    await noting(session, name, async () => {
      for (const hook of hooks) await runOne(session, hook, { ...told, ...urls.told[hook.where] })
    })
  } finally {
    await urls.close()
  }
}

async function noting(session: Session, name: HookName, work: () => Promise<void>): Promise<void> {
  const note = (progress: Progress) => (document: Document) =>
    changeOperation(document, { hooks: { ...document.operation?.hooks, [name]: progress } })
  const { journal, intent, signal } = session
  const onRunner = intent.hooks[name].some(({ where }) => where === 'runner')
  const write = onceOnly.includes(name) ? 'record' : 'amend'
  // The target compares the fence for what it runs itself; for what the runner runs, this write does.
  await journal[onRunner ? 'record' : write](note('started'))
  try {
    await work()
  } catch (error) {
    if (signal.aborted || error instanceof TargetUnreachable) throw error
    await journal[write](note('failed'))
    throw error
  }
  await journal[write](note('done'))
}

async function runOne(session: Session, hook: Hook, environment: Environment): Promise<void> {
  const whole = { ...environment, ...hook.env }
  if (hook.where === 'runner') return session.runOnRunner(hook, whole)
  if (session.target.runHook === null) throw new Error('This target runs no commands; use `where: runner`.')
  return session.target.runHook(hook, whole, await guard(session, 'any'))
}

export async function guard(session: Session, color: Guard['color']): Promise<Guard> {
  await session.keeper.ensureKept()
  return { lease: session.keeper.lease, color }
}

/** What every hook is told, besides its own `env` and the way to the color. */
function describeRun({ intent, owner }: Session, operation: Operation, phase: PhaseName): Environment {
  const images = Object.values(operation.release.images)
  return {
    BLUE_GREEN_APP: intent.app,
    BLUE_GREEN_COLOR: operation.to,
    BLUE_GREEN_PREVIOUS_COLOR: operation.from ?? '',
    BLUE_GREEN_VERSION: operation.release.version,
    BLUE_GREEN_IMAGE: images.length === 1 ? (images[0] ?? '') : '',
    BLUE_GREEN_PHASE: phase,
    BLUE_GREEN_RUN_ID: owner.run,
  }
}
