/** Jobs whose inputs and files are taken from the docs as they stand. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Finished, type StepOptions, startJob } from '../runner/runner.ts'

export interface Job {
  readonly version: string
  /** As they stand in the workflow. */
  readonly inputs: Readonly<Record<string, unknown>>
  /** What an expression comes to, without its braces. */
  readonly expressions?: Readonly<Record<string, string>>
  /** Of this job, over what counts for all of the workshop. */
  readonly instead?: Readonly<Record<string, string>>
  /** In the repository. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Ended {
  readonly main: Finished
  readonly post: Finished
  readonly log: string
}

export interface Workshop {
  /** Everything of a job is in a folder in here. */
  readonly root: string
  readonly action: StepOptions['action']
  readonly env?: NodeJS.ProcessEnv
  /** A text as it reads here. */
  here(text: string): string
  readonly expressions: Readonly<Record<string, string>>
  /** Over what the docs say. */
  readonly inputs: Readonly<Record<string, string>>
}

/** Of no matter to what a reader copies. */
const quick = { bake: '2s', 'health-interval': '50ms', 'sample-rate': '60/s', drain: '5s' }

export async function runJob(workshop: Workshop, given: Job): Promise<Ended> {
  const { root, action, env, here } = workshop
  const { version, inputs, expressions = {}, instead, files = {} } = given
  const job = startJob({ root, env: { ...env, GITHUB_SHA: version } })
  const values = { 'github.sha': version, ...workshop.expressions, ...expressions }
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(job.workspace, name)), { recursive: true })
      writeFileSync(join(job.workspace, name), here(text))
    }
    const read = Object.entries(inputs).map(([name, text]) => [name, evaluated(here(`${text}`), values)])
    const main = await job.run({
      action,
      inputs: { ...Object.fromEntries(read), ...workshop.inputs, ...instead, ...quick },
    })
    const [post] = await job.end()
    if (!main || !post) throw new Error('A step was skipped.')
    return { main, post, log: `${main.log}\n${post.log}` }
  } finally {
    await job.remove()
  }
}

const evaluated = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, name) => values[name] ?? '')

interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

/** Of the step in a workflow that uses this action. */
export function inputsIn(workflow: unknown): NonNullable<Step['with']> {
  const { jobs } = workflow as {
    readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
  }
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  return steps.find(({ uses }) => uses?.startsWith('org/'))?.with ?? {}
}

/** A repository in which `npm run test:smoke -- --base-url URL` asks there. */
export const smokeTest = {
  'package.json': JSON.stringify({
    scripts: {
      'test:smoke': `node -e "fetch(process.argv.at(-1)).then(({ ok }) => process.exit(ok ? 0 : 1))" --`,
    },
  }),
}
