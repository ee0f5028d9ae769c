/** A job as the runner runs it, with the action as its only step. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finished, startJob } from '../runner/runner.ts'
import type { Ends, Run } from './acts.ts'
import { app, type Shop } from './shop.ts'

export interface Ended {
  readonly ends: Ends
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
  if (run.release && run.inputs.version) await shop.misbehave(run.inputs.version, run.release)
  signal.throwIfAborted()
  const job = startJob({ root: folder, waits: { heldOutput: 500 } })
  const kill = () => void job.remove()
  signal.addEventListener('abort', kill)
  try {
    const step = job.start({ action, inputs: inputsOf(shop, run), env })
    if (step && run.mainKilled) writeFileSync(victimOf(shop), `${step.pid}`)
    const main = await step?.main()
    signal.throwIfAborted()
    if (!main) throw new Error('A step that comes first was skipped')
    if (run.afterMain === 'a later step fails') job.fail()
    const [post] = run.afterMain === 'the runner is lost' ? [] : await job.end()
    signal.throwIfAborted()
    return {
      ends: {
        main: endOf(main, main.outputs.result),
        post: post ? endOf(post, post.env.BLUE_GREEN_RESULT) : null,
      },
      summary: main.summary + (post?.summary ?? ''),
      log: main.log + (post ? `\n\nPost step\n${post.log}` : ''),
    }
  } finally {
    signal.removeEventListener('abort', kill)
    await job.remove()
  }
}

const endOf = ({ code, signal }: Finished, result = ''): string => signal ?? `${code} ${result}`.trim()

/** Everything short: the demo is over in half a minute. */
const inputsOf = (shop: Shop, { inputs, mainKilled }: Run): Record<string, string> => ({
  target: 'command',
  app,
  url: shop.url,
  'color-url': JSON.stringify(shop.colorUrl),
  'state-directory': shop.stateDirectory,
  commands: JSON.stringify({ ...shop.commands, switch: switchOf(shop, mainKilled) }),
  'version-check': '{ path: /health, json: /version }',
  'identity-header': 'X-Color',
  'health-interval': '100ms',
  'health-timeout': '10s',
  bake: '2s',
  'sample-rate': '50/s',
  drain: '0s',
  ...inputs,
})

const victimOf = ({ folder }: Shop): string => join(folder, 'victim')

/** It kills once: the way back runs the same command. */
function switchOf(shop: Shop, mainKilled: Run['mainKilled']): string {
  const victim = victimOf(shop)
  const kill = `if mv '${victim}' '${victim}.dead' 2>/dev/null; then kill -KILL "$(cat '${victim}.dead')"; fi`
  const { switch: rename } = shop.commands
  if (mainKilled === undefined) return rename
  return mainKilled === 'before the rename' ? `${kill}\n${rename}` : `${rename}\n${kill}`
}
