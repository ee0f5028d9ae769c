/** The user's commands at named points, journalled so that nobody runs one twice without knowing. */
import type { HookName } from '../targets/intent.ts'
import {
  type Color,
  type Environment,
  environmentName,
  type Guard,
  type Hook,
  TargetUnreachable,
} from '../targets/target.ts'
import { changeOperation } from './document.ts'
import type { Operation } from './operation.ts'
import type { PhaseName } from './report.ts'
import { type Session, say } from './world.ts'

/** Runs all commands of a hook in order; throws at the first that fails. One that was lost on the way stays "started". */
export async function runHook(session: Session, name: HookName, phase: PhaseName): Promise<void> {
  const hooks = session.intent.hooks[name]
  const { operation } = session.journal
  if (hooks.length === 0 || operation === null) return
  say(session, `Running ${name}.`)
  const environment = await hookEnvironment(session, operation, phase)
  await note(session, name, 'started')
  try {
    for (const hook of hooks) await runOne(session, hook, environment)
  } catch (error) {
    if (session.signal.aborted || error instanceof TargetUnreachable) throw error
    await note(session, name, 'failed')
    throw error
  }
  await note(session, name, 'done')
}

const note = (session: Session, name: HookName, progress: 'started' | 'done' | 'failed') =>
  session.journal.record((document) =>
    changeOperation(document, { hooks: { ...document.operation?.hooks, [name]: progress } }),
  )

async function runOne(session: Session, hook: Hook, environment: Environment): Promise<void> {
  const whole = { ...environment, ...hook.env }
  if (hook.where === 'runner') return session.runOnRunner(hook, whole)
  if (session.target.runHook === null) throw new Error('This target runs no commands; use `where: runner`.')
  return session.target.runHook(hook, whole, await guard(session, 'any'))
}

export async function guard(session: Session, color: Guard['color']): Promise<Guard> {
  await session.keeper.ensureKept()
  return { lease: session.lease, color }
}

/** What every hook is told, besides its own `env`. */
async function hookEnvironment(
  session: Session,
  operation: Operation,
  phase: PhaseName,
): Promise<Environment> {
  const { intent, owner } = session
  const urls = await reachableUrls(session, operation.to)
  const images = Object.values(operation.release.images)
  return {
    BLUE_GREEN_APP: intent.app,
    BLUE_GREEN_COLOR: operation.to,
    BLUE_GREEN_PREVIOUS_COLOR: operation.from ?? '',
    BLUE_GREEN_VERSION: operation.release.version,
    BLUE_GREEN_IMAGE: images.length === 1 ? (images[0] ?? '') : '',
    BLUE_GREEN_PHASE: phase,
    BLUE_GREEN_RUN_ID: owner.run,
    ...urls,
  }
}

async function reachableUrls({ intent, target }: Session, color: Color): Promise<Environment> {
  const urls: Record<string, string> = {}
  for (const { name } of intent.services) {
    const [reach] = await target.runtime.reach(color, name)
    if (reach?.kind !== 'url') continue
    urls[`BLUE_GREEN_URL_${environmentName(name)}`] = reach.url
    urls.BLUE_GREEN_URL ??= reach.url
  }
  return urls
}
