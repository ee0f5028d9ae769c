/** The runs of a scene: the bundles under the double of the runner, with the trap in front. */
import { join } from 'node:path'
import { parseEntries, readIfThere } from '../runner/file-commands.ts'
import { type Finished, type JobStatus, type Step, type StepOptions, startStep } from '../runner/runner.ts'
import type { Bed } from './bed.ts'
import { inputsOf, type RunWanted } from './settings.ts'
import type { Route, Site } from './site.ts'

export interface Run extends Step {
  /** What RUNNER_TEMP names. */
  readonly temp: string
  /** The post of a main that has not ended. */
  postBeside(status: JobStatus): Promise<Finished>
}

export interface RunOptions {
  /** In the log of the commands, and for people. */
  readonly label: string
  readonly jobStatus?: JobStatus
  readonly route?: Route
  /** Frozen there: see the trap. */
  readonly killAt?: string
  /** What was answered there never arrives. */
  readonly losesAnswer?: boolean
  /** A file for the names of all points. */
  readonly points?: string
}

export interface Runs extends AsyncDisposable {
  begin(wanted: RunWanted, options: RunOptions): Run
}

interface RunsOptions {
  readonly bed: Bed
  readonly site: Site
  readonly env: NodeJS.ProcessEnv
}

/** The runner waits longer; an action that leaves at once does not notice. */
const waits = { interrupt: 3_000, terminate: 1_000, heldOutput: 500 }

export function keepRuns({ bed, site, env }: RunsOptions): Runs {
  const started: { remove(): Promise<void> }[] = []
  const start = (options: StepOptions & { readonly jobStatus: JobStatus }) => {
    const run = startStep({ ...options, root: site.folder, waits })
    started.push(run)
    return run
  }
  return {
    begin: (
      wanted,
      { label, jobStatus = 'success', route = 'past the line', killAt, losesAnswer = false, points },
    ) => {
      const own = {
        ...env,
        ...site.env({ label, route }),
        KILL_RUN: label,
        ...(killAt === undefined ? {} : { KILL_AT: killAt }),
        ...(losesAnswer ? { KILL_LOSES_ANSWER: '1' } : {}),
        ...(points === undefined ? {} : { KILL_POINTS: points }),
      }
      const inputs = inputsOf(site, wanted, route)
      const run = start({ action: bed.bundles, inputs, env: own, jobStatus })
      return {
        ...run,
        // As a step of its own, since the double, like the runner, gives no post to a main that still runs.
        postBeside: (status) =>
          start({
            action: { main: bed.bundles.post },
            inputs: { ...inputs, 'job-status': status },
            env: { ...own, ...stateOf(run.folder) },
            jobStatus: status,
          }).main(),
      }
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(started.map((run) => run.remove()))),
  }
}

function stateOf(jobFolder: string): NodeJS.ProcessEnv {
  const { entries } = parseEntries(readIfThere(join(jobFolder, 'stage-1', 'state')))
  return Object.fromEntries(entries.map(([name, value]) => [`STATE_${name}`, value]))
}
