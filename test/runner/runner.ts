/**
 * A double of GitHub's runner for JavaScript actions: the same files, variables, signals and order of steps, without a network.
 * https://github.com/actions/runner/tree/main/src/Runner.Worker
 */
import type { Finished, Stage } from './stage.ts'
import { createWorkplace, type JobOptions, type JobStatus, type Workplace } from './workplace.ts'

export type { Command } from './log-reader.ts'
export type { Finished, Stage, Waits } from './stage.ts'
export type { JobOptions, JobStatus } from './workplace.ts'

type Inputs = Readonly<Record<string, string>>

export interface StepOptions {
  /** Absolute paths of the two bundles. */
  readonly action: { readonly main: string; readonly post?: string }
  readonly inputs?: Inputs
  readonly env?: NodeJS.ProcessEnv
  readonly name?: string
  readonly continueOnError?: boolean
  /** `if: always()`: runs after a failure too, and is not signaled when the job is canceled. */
  readonly always?: boolean
}

export interface Step {
  readonly name: string
  /** Of main. */
  readonly pid: number
  /** Resolves when main has ended and the job has taken note. */
  main(): Promise<Finished>
  /** SIGINT, SIGTERM, SIGKILL with the runner's waits. `failure`: the step's own timeout, else the job counts as cancelled. */
  cancel(status?: 'cancelled' | 'failure'): Promise<Finished>
  kill(): Promise<Finished>
  stop(): void
  cont(): void
  /** When main has printed this; rejects when it ends without. */
  until(text: string): Promise<void>
  /** Once main has ended. `status`: by default the job's. `inputs`: as they are evaluated anew. */
  post(status?: JobStatus, inputs?: Inputs): Promise<Finished>
  /** The same, to be disturbed while it runs. */
  startPost(status?: JobStatus, inputs?: Inputs): Stage
}

export interface Job {
  readonly folder: string
  readonly temp: string
  readonly workspace: string
  readonly status: JobStatus
  /** What steps and posts left in GITHUB_ENV: job outputs are evaluated with it after the posts. */
  readonly env: Readonly<Record<string, string>>
  /** null: skipped, because an earlier step has failed. A skipped step gets no post. */
  start(options: StepOptions): Step | null
  run(options: StepOptions): Promise<Finished | null>
  /** A step that is not ours fails. */
  fail(): void
  cancel(): Promise<void>
  /** The posts, last step first, each with the status the job has by then. */
  end(): Promise<readonly PostRun[]>
  /** Ends what the double started and removes the folder. */
  remove(): Promise<void>
}

export interface PostRun extends Finished {
  readonly step: string
  readonly status: JobStatus
}

export function startJob(options: JobOptions = {}): Job {
  const workplace = createWorkplace(options)
  const started: { readonly step: Step; readonly given: StepOptions }[] = []
  const start: Job['start'] = (given) => {
    if (workplace.status !== 'success' && !given.always) return null
    const step = startMain(workplace, { name: `step-${started.length + 1}`, ...given })
    started.push({ step, given })
    return step
  }
  return {
    folder: workplace.folder,
    temp: workplace.temp,
    workspace: workplace.workspace,
    get status() {
      return workplace.status
    },
    get env() {
      return workplace.env
    },
    start,
    run: async (given) => (await start(given)?.main()) ?? null,
    fail() {
      if (workplace.status === 'success') workplace.status = 'failure'
    },
    async cancel() {
      workplace.status = 'cancelled'
      const current = started.at(-1)
      if (current && !current.given.always) await current.step.cancel()
    },
    async end() {
      for (const { step } of started) await step.main()
      const posts: PostRun[] = []
      for (const { step, given } of started.toReversed()) {
        const { status } = workplace
        if (given.action.post) posts.push({ ...(await step.post()), step: step.name, status })
      }
      return posts
    },
    remove: workplace.remove,
  }
}

/** A job of one step, for tests that choose the status of post themselves. */
export function startStep(
  options: StepOptions & JobOptions,
): Step & Pick<Job, 'folder' | 'temp' | 'workspace' | 'remove'> {
  const job = startJob(options)
  const { folder, temp, workspace, remove } = job
  const step = job.start({ ...options, always: true })
  if (!step) throw new Error('A step that always runs was skipped')
  return { ...step, folder, temp, workspace, remove }
}

function startMain(workplace: Workplace, given: StepOptions & { readonly name: string }): Step {
  const { name, action, continueOnError = false } = given
  const environment = (status: JobStatus, inputs: Inputs = {}) => ({
    GITHUB_ACTION: name,
    ...given.env,
    ...inputVariables({ 'job-status': status, ...inputs }),
  })
  const running = workplace.begin(action.main, environment(workplace.status, given.inputs))
  const main = workplace.settle(running, continueOnError)
  let state: Inputs | null = null
  const noted = main.then((finished) => {
    state = finished.state
    return finished
  })
  noted.catch(() => {})
  const startPost: Step['startPost'] = (status = workplace.status, inputs = given.inputs) => {
    if (!action.post) throw new Error(`${name} has no post`)
    if (!state) throw new Error(`${name} still runs: wait for its main first`)
    const kept = Object.entries(state).map(([key, value]) => [`STATE_${key}`, value])
    return workplace.begin(action.post, { ...environment(status, inputs), ...Object.fromEntries(kept) })
  }
  return {
    name,
    pid: running.pid,
    main: () => noted,
    async cancel(status = 'cancelled') {
      if (status === 'cancelled' || !continueOnError) workplace.status = status
      await running.cancel()
      return noted
    },
    kill: () => running.kill().then(() => noted),
    stop: running.stop,
    cont: running.cont,
    until: running.until,
    startPost,
    /** The runner drops what a post writes to GITHUB_OUTPUT. */
    post: async (status, inputs) => ({
      ...(await workplace.settle(startPost(status, inputs), continueOnError)),
      outputs: {},
    }),
  }
}

/** Upper case, with spaces turned and hyphens kept. */
const inputVariables = (inputs: Inputs): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      value,
    ]),
  )
