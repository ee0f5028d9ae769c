import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finished, runnerWaits, type Stage, startStage, type Waits } from './stage.ts'

export type JobStatus = 'success' | 'failure' | 'cancelled'

export interface JobOptions {
  /** Everything of the job is made in a new folder in here. */
  readonly root?: string
  readonly workspace?: string
  readonly node?: string
  /** Over the environment of the runner, for every step. */
  readonly env?: NodeJS.ProcessEnv
  readonly waits?: Partial<Waits>
  /** How the job went before the first step that is run here. */
  readonly jobStatus?: JobStatus
}

/** What the steps of a job share: folders, status, masks, and what they leave in GITHUB_ENV and GITHUB_PATH. */
export interface Workplace {
  readonly folder: string
  readonly temp: string
  readonly workspace: string
  status: JobStatus
  env: Readonly<Record<string, string>>
  begin(script: string, own: NodeJS.ProcessEnv): Stage
  /** Waits for the end and takes note of it. */
  settle(stage: Stage, continueOnError: boolean): Promise<Finished>
  remove(): Promise<void>
}

export function createWorkplace(options: JobOptions): Workplace {
  const folder = mkdtempSync(join(options.root ?? tmpdir(), 'job-'))
  const temp = join(folder, 'temp')
  const workspace = options.workspace ?? join(folder, 'workspace')
  for (const path of [temp, workspace]) mkdirSync(path, { recursive: true })
  const shared = {
    node: options.node ?? process.execPath,
    cwd: workspace,
    masks: new Set<string>(),
    waits: { ...runnerWaits, ...options.waits },
  }
  const running = new Set<Stage>()
  let paths: readonly string[] = []
  let stages = 0
  const workplace: Workplace = {
    folder,
    temp,
    workspace,
    status: options.jobStatus ?? 'success',
    env: {},
    begin(script, own) {
      stages += 1
      const inherited = { ...runnerEnvironment(temp, workspace), ...options.env, ...workplace.env }
      const PATH = [...paths, inherited.PATH ?? ''].join(':')
      const files = join(folder, `stage-${stages}`)
      const stage = startStage({ ...shared, script, folder: files, env: { ...inherited, PATH, ...own } })
      running.add(stage)
      return stage
    },
    async settle(stage, continueOnError) {
      const finished = await stage.finished
      running.delete(stage)
      workplace.env = { ...workplace.env, ...finished.env }
      paths = [...finished.paths.toReversed(), ...paths]
      const failed = finished.code !== 0 || finished.errors.length > 0
      const counts = failed && !finished.canceled && !continueOnError
      if (counts && workplace.status === 'success') workplace.status = 'failure'
      return finished
    },
    async remove() {
      await Promise.all([...running].map((stage) => stage.kill().catch(() => {})))
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  return workplace
}

const runnerEnvironment = (temp: string, workspace: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: temp,
  LANG: 'C.UTF-8',
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_ACTOR: 'octocat',
  GITHUB_JOB: 'deploy',
  GITHUB_REPOSITORY: 'octo/shop',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_RUN_ID: '4711',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
  GITHUB_WORKSPACE: workspace,
  RUNNER_ENVIRONMENT: 'self-hosted',
  RUNNER_OS: 'Linux',
  RUNNER_TEMP: temp,
})
