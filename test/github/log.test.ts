import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event, Outcome } from '../../src/deployment/report.ts'
import { type Finished, startStep } from '../runner/runner.ts'
import { failureBefore, postBack, success } from './outcomes.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'log-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const rooms = resolve(import.meta.dirname, '../../src')
let scripts = 0
function script(text: string): string {
  scripts += 1
  const path = join(root, `action-${scripts}.mjs`)
  const imports = [
    `import { createLog } from '${rooms}/github/log.ts'`,
    `import { maskSecrets } from '${rooms}/github/masks.ts'`,
    `import { publish } from '${rooms}/github/publish.ts'`,
    `import { createRecord, openRecord, readRecordState, removeRecord } from '${rooms}/github/sealed-record.ts'`,
    `import { endMain, thisProcess } from '${rooms}/github/main-process.ts'`,
    `import { systemClock } from '${rooms}/clock.ts'`,
  ]
  writeFileSync(path, [...imports, text].join('\n'))
  return path
}

async function run(
  main: string,
  post = '',
  env: NodeJS.ProcessEnv = {},
): Promise<{ main: Finished; post: Finished }> {
  const step = startStep({ root, action: { main: script(main), post: script(post) }, env })
  try {
    return { main: await step.main(), post: await step.post() }
  } finally {
    await step.remove()
  }
}

const hear = async (...events: readonly Event[]): Promise<Finished> =>
  (await run(`const log = createLog(); for (const event of ${JSON.stringify(events)}) log.report(event)`))
    .main

const end = (outcome: Outcome, options = '{}') =>
  `publish(${JSON.stringify(outcome)}, { log: createLog(), diagnostics: 'summary', secrets: [], environment: process.env, ...${options} })`

const namesOf = ({ commands }: Finished) =>
  commands.map(({ name }) => name).filter((name) => name !== 'stop-commands')

describe('the log', () => {
  it('says a text to copy at the start of its lines, so that what ends it ends it', async () => {
    const failure = {
      ...failureBefore.failure,
      next: ["Paste this:\nsudo sh <<'END'\nid\nEND", 'Run again.'],
    }
    const { log } = (await run(end({ ...failureBefore, failure } as Outcome))).main
    expect(log).toContain("  Paste this:\nsudo sh <<'END'\nid\nEND\n  Run again.")
  })

  it('folds each phase and leaves its end in sight', async () => {
    const { log, commands } = await hear(
      { kind: 'phase-started', phase: 'health', at: 1000 },
      { kind: 'line', level: 'info', text: 'waiting' },
      { kind: 'phase-ended', phase: 'health', at: 3500, outcome: 'failed' },
      { kind: 'section-started', title: 'Going back\n::error::x', at: 3500 },
      { kind: 'section-ended', at: 3600 },
      { kind: 'phase-ended', phase: 'switch', at: 3600, outcome: 'skipped' },
    )
    expect(log.split('\n')).toEqual([
      '##[group]Phase 3 of 6: health',
      'waiting',
      '✘ health failed after 2.5 s',
      '##[group]Going back␊::error::x',
      '– switch skipped',
    ])
    expect(commands.map(({ name }) => name)).toEqual(['group', 'endgroup', 'group', 'endgroup'])
  })

  it('never nests groups, whatever it is told', async () => {
    const finished = await hear(
      { kind: 'phase-started', phase: 'verify', at: 0 },
      { kind: 'section-started', title: 'Going back', at: 1 },
      { kind: 'phase-ended', phase: 'verify', at: 2, outcome: 'failed' },
      { kind: 'section-ended', at: 3 },
    )
    expect(namesOf(finished)).toEqual(['group', 'endgroup', 'group', 'endgroup'])
  })

  it('lets no output of a command be one of ours', async () => {
    const text =
      '::error::x\n  ::set-output name=result::deployed\n##[set-env name=PATH;]/evil\rok\r::save-state name=record::/x\n##[endgroup]\n'
    const { commands, outputs, state, log } = await hear({
      kind: 'output',
      source: 'deploy\n::error::y',
      text,
    })
    expect(commands.map(({ name }) => name)).toEqual(['stop-commands'])
    expect([outputs, state]).toEqual([{}, {}])
    expect(log.split('\n')).toContain('deploy ::error::y | ::error::x')
    expect(log).not.toContain('##[')
  })

  it('joins the parts of a line, and shows the last one though it has no end', async () => {
    const part = (source: string, text: string): Event => ({ kind: 'output', source, text })
    const { log } = await hear(part('a', 'one '), part('b', 'other\n'), part('a', 'line\ntail'), {
      kind: 'line',
      level: 'info',
      text: 'after',
    })
    expect(log.split('\n')).toEqual(['b | other', 'a | one line', 'a | tail', 'after'])
  })

  it('makes our own lines plain', async () => {
    const { commands, log } = await hear({
      kind: 'line',
      level: 'info',
      text: '::error::from the app\r::x ##[error]',
    })
    expect(commands).toEqual([])
    expect(log).toBe(': :error::from the app␍::x ## [error]')
  })

  it('annotates a few warnings, and errors never', async () => {
    const warnings = Array.from(
      { length: 8 },
      (_, index): Event => ({ kind: 'line', level: 'warning', text: `w${index}` }),
    )
    const finished = await hear(...warnings, { kind: 'line', level: 'error', text: 'broken' })
    expect(namesOf(finished)).toEqual(Array(5).fill('warning'))
    expect(finished.log).toContain('warning: w7\nerror: broken')
  })
})

describe('the end of a run', () => {
  it('has one error annotation with what a person needs first', async () => {
    const { main } = await run(end(failureBefore))
    const errors = main.commands.filter(({ name }) => name === 'error')
    expect(errors).toHaveLength(1)
    expect(errors[0]?.properties.title).toBe('shop: failed')
    expect(errors[0]?.data).toMatch(
      /did not become healthy[\s\S]*What failed, in health: GET[\s\S]*Where traffic is now: on blue[\s\S]*docker compose/,
    )
    expect(main.log).not.toContain('ECONNREFUSED')
    expect(main.summary).toContain('ECONNREFUSED')
    expect(main.outputs).toMatchObject({ result: 'failed', 'failed-phase': 'health', 'active-color': 'blue' })
  })

  it('shows logs of the app where the user wants them, and obeys nothing in them', async () => {
    const { main } = await run(end(failureBefore, `{ diagnostics: 'log' }`))
    expect(main.log).toContain('ECONNREFUSED')
    expect(main.commands.filter(({ name }) => name === 'error')).toHaveLength(1)
    expect(main.summary + main.outputs.report).not.toContain('ECONNREFUSED')
  })

  it('shows no secret anywhere', async () => {
    const outcome = {
      ...failureBefore,
      headline: 'password hunter22 was refused',
      wayBack: ['login hunter22'],
    }
    const { main } = await run(end(outcome, `{ secrets: ['hunter22'] }`))
    expect(main.stdout + main.summary + JSON.stringify(main.outputs)).not.toContain('hunter22')
  })

  it('of post is said in the variable that job outputs can carry', async () => {
    const { post } = await run('', end(postBack))
    expect(post.env).toEqual({ BLUE_GREEN_RESULT: 'rolled-back' })
    expect(post.summary).toContain('after the job')
    expect(namesOf(post)).toEqual(['warning'])
  })

  it('warns and goes on when nothing can be written', async () => {
    const broken = `process.env.GITHUB_OUTPUT = process.env.GITHUB_STEP_SUMMARY = '/nowhere/at/all'; `
    const { main } = await run(broken + end(success))
    expect(main.code).toBe(0)
    expect(namesOf(main)).toEqual(['warning', 'warning'])
    expect(main.log).toContain('is live on green')
  })

  it('is said on a laptop too', async () => {
    const laptop = `for (const name of ['OUTPUT', 'STEP_SUMMARY', 'STATE', 'ENV']) delete process.env['GITHUB_' + name]; `
    const { main } = await run(laptop + end(success))
    expect([main.code, main.commands, main.log]).toEqual([0, [], 'shop 1.5.0 is live on green'])
  })
})

it('masks each line of a secret and no structure', async () => {
  const { main } = await run(
    `maskSecrets(['{\\n  token-one\\n}', 'abc', '-----BEGIN KEY-----\\nbase64base64\\n']); console.log('{ token-one abc base64base64 }')`,
  )
  expect(main.log).toBe('{ *** abc *** }')
})

describe('main killed at any point', () => {
  const first = `const record = { given: {}, environment: {}, nonce: 'n', main: thisProcess(), operation: null, lease: null }`
  const main = () =>
    script(`${first}
    const keeper = createRecord(record, process.env)
    for (let count = 1; ; count += 1) { keeper.update({ operation: { count } }); if (count === 5) console.log('working') }`)
  const post = () =>
    script(`const state = readRecordState(process.env); const opened = openRecord(state)
    console.log(JSON.stringify(opened), opened.kind === 'record' && await endMain(opened.record.main, systemClock)); removeRecord(state)`)

  it('leaves a record that post can read, and post removes it', async () => {
    const step = startStep({ root, action: { main: main(), post: post() } })
    await step.until('working')
    const killed = await step.kill()
    const told = (await step.post('failure')).stdout
    expect(
      JSON.parse(told.slice(0, told.lastIndexOf('}') + 1)).record.operation.count,
    ).toBeGreaterThanOrEqual(5)
    expect(told).toContain('was not running')
    expect(killed.log).not.toContain(killed.state.key)
    expect(readdirSync(step.temp)).toEqual([])
    await step.remove()
    expect(existsSync(step.folder)).toBe(false)
  })

  it('leaves nothing to do when it had begun nothing', async () => {
    const step = startStep({ root, action: { main: script('process.exit(1)'), post: post() } })
    await step.main()
    expect((await step.post()).stdout).toContain('{"kind":"none"}')
    await step.remove()
  })
})
