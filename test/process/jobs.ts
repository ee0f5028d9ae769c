/** Jobs that deploy an app as a user's workflow would, and what its users are told. */
import { type JobStatus, startStep } from '../runner/runner.ts'
import { bundles, type Deployed, type Inputs, type Options } from './shop.ts'

export type Started = ReturnType<typeof startStep>

export interface Jobs {
  /** A step in a job of its own. */
  step(changes?: Inputs, options?: Options): Started
  /** A whole job of one step. */
  deploy(changes?: Inputs, status?: JobStatus, options?: Options): Promise<Deployed>
}

interface Given {
  readonly inputs: Inputs
  readonly root: string
  /** All that were started, to be removed in the end. */
  readonly steps: Started[]
}

/** The runner waits longer; an action that leaves at once does not notice. */
const waits = { interrupt: 3_000, terminate: 1_000, heldOutput: 500 }

export function jobsOf({ inputs, root, steps }: Given): Jobs {
  const step = (changes: Inputs = {}, options: Options = {}): Started => {
    const started = startStep({ action: bundles, root, waits, ...options, inputs: { ...inputs, ...changes } })
    steps.push(started)
    return started
  }
  return {
    step,
    deploy: async (changes, status = 'success', options = {}) => {
      const run = step(changes, options)
      const main = await run.main()
      return { main, post: await run.post(main.code === 0 ? status : 'failure') }
    },
  }
}

/** Everything short, and only what a scenario adds is measured. */
export const shortTimes: Inputs = {
  'health-successes': '1',
  'health-interval': '100ms',
  'health-timeout': '20s',
  'rollback-timeout': '20s',
  bake: '0s',
  'sample-rate': '0',
  drain: '5s',
}

/** null: nothing. */
export async function toldAt(url: string): Promise<string | null> {
  const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => null)
  if (response?.status !== 200) return null
  return (await response.text()).trim()
}
