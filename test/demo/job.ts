/** A job as the runner runs it, with the action as its only step. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finished, type Step, startJob } from '../runner/runner.ts'
import type { Ends, Run } from './act.ts'
import type { Ending, Shop } from './shop.ts'

export interface Ended {
  readonly ends: Ends
  /** From the last health check of the idle color to the first answer of it in public, in milliseconds; null: it got none. */
  readonly proven: number | null
  readonly summary: string
  readonly log: string
}

export interface Action {
  readonly main: string
  readonly post: string
}

/** Throws when it is not built. */
export function findAction(dist: string): Action {
  const action = { main: join(dist, 'main/index.js'), post: join(dist, 'post/index.js') }
  for (const path of Object.values(action))
    if (!existsSync(path)) throw new Error(`${path} is missing; to build it: npm run package`)
  return action
}

/** An abort kills what runs of the action. */
export async function runJob(shop: Shop, action: Action, run: Run, signal: AbortSignal): Promise<Ended> {
  const { env, folder } = shop
  const victim = join(folder, 'victim')
  const inputs = await shop.inputsOf(run, endingOf(run, victim))
  signal.throwIfAborted()
  const job = startJob({ root: folder, waits: { heldOutput: 500 } })
  const kill = () => void job.remove()
  signal.addEventListener('abort', kill)
  try {
    const step = job.start({ action, inputs, env })
    if (!step) throw new Error('A step that comes first was skipped')
    if (run.mainKilled) writeFileSync(victim, `${step.pid}`)
    const [main, proven] = await Promise.all([step.main(), timeToProof(step), interfere(shop, run, step)])
    signal.throwIfAborted()
    if (run.afterMain === 'a later step fails') job.fail()
    const [post] = run.afterMain === 'the runner is lost' ? [] : await job.end()
    signal.throwIfAborted()
    return {
      ends: {
        main: endOf(main, main.outputs.result),
        post: post ? endOf(post, post.env.BLUE_GREEN_RESULT) : null,
      },
      proven,
      summary: main.summary + (post?.summary ?? ''),
      log: main.log + (post ? `\n\nPost step\n${post.log}` : ''),
    }
  } finally {
    signal.removeEventListener('abort', kill)
    await job.remove()
  }
}

const endOf = ({ code, signal }: Finished, result = ''): string => signal ?? `${code} ${result}`.trim()

/** It kills once: the way back may run the same command. */
function endingOf({ mainKilled }: Run, victim: string): Ending {
  const kill = `if mv '${victim}' '${victim}.dead' 2>/dev/null; then kill -KILL "$(cat '${victim}.dead')"; fi`
  return {
    beforeRename: mainKilled === 'before the rename' ? kill : '',
    afterRename: mainKilled === 'after the rename' ? kill : '',
  }
}

const timeToProof = (step: Step): Promise<number | null> =>
  (async () => {
    await step.until('✔ health passed')
    const healthy = performance.now()
    await step.until('answers in public.')
    return performance.now() - healthy
  })().catch(() => null)

/** A main that never says it is told by how it ends. */
async function interfere(shop: Shop, { byHand }: Run, step: Step): Promise<void> {
  if (!byHand) return
  const said = await step.until(byHand.when).then(
    () => true,
    () => false,
  )
  if (said) await shop.flip(byHand.to)
}
