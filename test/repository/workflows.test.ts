import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { findProgram, lacks } from '../programs.ts'
import { root } from './root.ts'

interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly environment?: string
  readonly needs?: readonly string[]
  readonly steps: readonly Step[]
}
interface Workflow {
  readonly permissions: unknown
  readonly concurrency: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const folder = join(root, '.github/workflows')
const texts = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
const workflows = texts.map(([name, text]) => [name, parse(text) as Workflow] as const)
const jobs = workflows.flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => [`${file}: ${name}`, job] as const),
)

it.skipIf(lacks('actionlint'))('actionlint finds nothing', () => {
  const paths = texts.map(([name]) => join(folder, name))
  // shellcheck and pyflakes would be used where they happen to be.
  const { stdout, stderr, status } = spawnSync(
    findProgram('actionlint') ?? 'actionlint',
    ['-shellcheck=', '-pyflakes=', ...paths],
    { cwd: root, encoding: 'utf8' },
  )
  expect(stdout + stderr).toBe('')
  expect(status).toBe(0)
})

describe.each(texts)('%s', (_, text) => {
  it('names every action by its full commit, with the version beside it', () => {
    const loose = text
      .split('\n')
      .filter((line) => /\buses:/.test(line))
      .filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
      // No commit can name itself.
      .filter((line) => !line.endsWith('uses: org/blue-green-action@v1'))
    expect(loose).toEqual([])
  })
})

describe.each(workflows)('%s', (_, workflow) => {
  it('grants nothing by default', () => expect(workflow.permissions).toEqual({}))
  it('does not run beside itself', () => expect(workflow.concurrency).toBeDefined())
})

describe.each(jobs)('%s', (_, job) => {
  it('names what it may do, and writes behind an environment alone', () => {
    const granted = Object.entries(job.permissions ?? { everything: 'by omission' })
    const allowed = job.environment === undefined ? ['read'] : ['read', 'write']
    expect(granted.filter(([, access]) => !allowed.includes(access))).toEqual([])
  })

  it('ends in an hour', () => expect(job['timeout-minutes'] ?? 360).toBeLessThanOrEqual(60))

  it('leaves no token in the work tree', () => {
    const checkouts = job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([])
  })
})

it('ci-ok waits for every other job', () => {
  const ci = new Map(workflows).get('ci.yml')
  const others = Object.keys(ci?.jobs ?? {}).filter((name) => name !== 'ci-ok')
  expect(ci?.jobs['ci-ok']?.needs).toEqual(others)
})
