/** Apps in the bed, and the jobs that deploy them as a user's workflow would. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import type { Color } from '../../src/targets/target.ts'
import { startCasesNginx } from '../bed/cases.ts'
import { type HostedCase, startColorHost } from '../bed/color-host.ts'
import { createFlag, observeCommand, readFlag, switchCommand } from '../bed/flag.ts'
import { freePort } from '../bed/ports.ts'
import type { Finished, Job, JobOptions, JobStatus, Step, StepOptions } from '../runner/runner.ts'
import { startJob, startStep } from '../runner/runner.ts'

export type Inputs = Readonly<Record<string, string>>
export type Options = Partial<StepOptions & JobOptions>

const dist = process.env.BLUE_GREEN_DIST ?? join(import.meta.dirname, '../../dist')
export const bundles = { main: join(dist, 'main/index.js'), post: join(dist, 'post/index.js') }

export interface Shop {
  readonly app: HostedCase
  /** What the action keeps at the target. */
  readonly ledger: string
  /** The setting `commands`, with some of them changed. */
  commands(changes: Inputs): string
  uses(changes?: Inputs, options?: Options): StepOptions & JobOptions
  /** A step in a job of its own. */
  step(changes?: Inputs, options?: Options): Step & Pick<Job, 'temp'>
  job(options?: JobOptions): Job
  /** A whole job of one step. */
  deploy(changes?: Inputs, status?: JobStatus, options?: Options): Promise<Deployed>
  /** What users are told. */
  answers(): Promise<string>
  named(): Color | null
  document(): Document
}

export interface Deployed {
  readonly main: Finished
  readonly post: Finished
}

export interface Street extends AsyncDisposable {
  readonly root: string
  /** `v1`: deployed to blue, its job over. */
  open(start: 'nothing' | 'v1'): Promise<Shop>
}

/** `shops`: how many may be opened. */
export async function openStreet(shops: number): Promise<Street> {
  if (!existsSync(bundles.main)) throw new Error(`${bundles.main} is missing: npm run package`)
  await using stack = new AsyncDisposableStack()
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'process-'))
  stack.defer(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }))
  const ports = { public: await freePort(), color: await freePort() }
  const host = stack.use(startColorHost({ root, ports }))
  stack.use(await startCasesNginx({ root, cases: shops + 1, ports }))
  const jobs: { remove(): Promise<void> }[] = []
  stack.defer(async () => void (await Promise.all(jobs.map((job) => job.remove()))))
  let opened = 0
  const open = () => openShop({ app: host.add(opened++), root, jobs })
  const template = open()
  await createFlag(template.app.stateDirectory, null)
  const first = await template.deploy({ version: 'v1' })
  if (first.main.code !== 0 || first.post.code !== 0) throw new Error(first.main.log + first.post.log)
  const owned = stack.move()
  return {
    root,
    async open(start) {
      if (opened > shops) throw new Error(`Only ${shops} shops were asked for.`)
      const shop = open()
      await createFlag(shop.app.stateDirectory, start === 'v1' ? 'blue' : null)
      if (start === 'v1') {
        cpSync(template.ledger, shop.ledger, { recursive: true })
        await shop.app.start('blue', 'v1')
      }
      return shop
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Premises {
  readonly app: HostedCase
  readonly root: string
  readonly jobs: { remove(): Promise<void> }[]
}

/** The runner waits longer; an action that leaves at once does not notice. */
const waits = { interrupt: 3_000, terminate: 1_000, heldOutput: 500 }

function openShop({ app, root, jobs }: Premises): Shop {
  const env = { NODE_COMPILE_CACHE: join(root, 'compiled') }
  const kept = <T extends { remove(): Promise<void> }>(job: T): T => {
    jobs.push(job)
    return job
  }
  const shop: Shop = {
    app,
    ledger: join(app.stateDirectory, 'ledger'),
    commands: (changes) => JSON.stringify({ ...commandsOf(app), ...changes }),
    uses: (changes = {}, options = {}) => ({
      action: bundles,
      root: app.folder,
      waits,
      ...options,
      env: { ...env, ...options.env },
      inputs: { ...inputsOf(app), ...changes },
    }),
    step: (changes, options) => kept(startStep(shop.uses(changes, options))),
    job: (options = {}) => kept(startJob({ root: app.folder, waits, ...options })),
    async deploy(changes, status = 'success', options = {}) {
      const step = shop.step(changes, options)
      const main = await step.main()
      return { main, post: await step.post(main.code === 0 ? status : 'failure') }
    },
    answers: async () => (await fetch(app.url)).text().then((text) => text.trim()),
    named: () => readFlag(app.stateDirectory),
    document: () => documentIn(join(app.stateDirectory, 'ledger', 'document')),
  }
  return shop
}

const commandsOf = ({ stateDirectory, commands }: HostedCase): Inputs => ({
  observe: observeCommand(stateDirectory),
  switch: switchCommand(stateDirectory),
  ...commands,
})

/** Everything short, and only what a scenario adds is measured. */
const inputsOf = (app: HostedCase): Inputs => ({
  target: 'command',
  app: 'app',
  version: 'v2',
  url: app.url,
  'color-url': JSON.stringify(app.colorUrl),
  'state-directory': app.stateDirectory,
  commands: JSON.stringify(commandsOf(app)),
  'health-successes': '1',
  'health-interval': '20ms',
  'health-timeout': '10s',
  'rollback-timeout': '10s',
  bake: '0s',
  'sample-rate': '0',
  drain: '0s',
})

function documentIn(path: string): Document {
  const parsed = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : null)
  if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
  return parsed.document
}

/** The error annotations of a step, as the page of the run shows them. */
export const errorsOf = ({ commands }: Finished): readonly string[] =>
  commands.filter(({ name }) => name === 'error').map(({ data }) => data)

export const warningsOf = ({ commands }: Finished): readonly string[] =>
  commands.filter(({ name }) => name === 'warning').map(({ data }) => data)

/** Every file under a folder, with its content: two that are equal mean that nothing was touched. */
export function contentsOf(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {}
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Object.fromEntries(
    files.map((file) => {
      const path = join(file.parentPath, file.name)
      return [path.slice(folder.length + 1), readFileSync(path, 'latin1')]
    }),
  )
}
