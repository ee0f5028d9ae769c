import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finished } from '../runner/runner.ts'
import { contentsOf, type Inputs, openStreet, type Shop, type Street } from './shop.ts'

const token = 'ghs_T0ken-0f-the-job'
const secret = `s3cr3t-'"$HOME-of-the-database`
/** What no escaping changes. */
const traces = ['T0ken-0f-the-job', 'HOME-of-the-database']

/** Looks at the arguments of every process of the machine until it is stopped; those that held a secret are told. */
function watchArguments(secrets: readonly string[]) {
  const seen = new Set<string>()
  let looks = 0
  let over = false
  const watching = (async () => {
    while (!over) {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        const text = argumentsOf(pid)
        if (secrets.some((one) => text.includes(one))) seen.add(text)
      }
      looks += 1
      await pause()
    }
  })()
  return {
    async stop() {
      over = true
      await watching
      return { seen: [...seen], looks }
    },
  }
}

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const rawOf = ({ stdout, stderr }: Finished) =>
  `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n')

/** GitHub's runner masks the secrets of a workflow by itself; here nobody does, so that every leak shows. */
const inputsWithSecrets = (shop: Shop): Inputs => ({
  'github-token': token,
  'health-path': JSON.stringify({ path: '/health', headers: { Authorization: `Bearer ${secret}` } }),
  commands: JSON.stringify(
    Object.fromEntries(
      Object.entries(JSON.parse(shop.commands({}))).map(([name, run]) => [
        name,
        { run, env: { DATABASE_PASSWORD: secret } },
      ]),
    ),
  ),
  'smoke-test': JSON.stringify({ run: ': "$DATABASE_PASSWORD"', env: { DATABASE_PASSWORD: secret } }),
  migrate: JSON.stringify({
    run: ': "$DATABASE_PASSWORD"',
    where: 'target',
    env: { DATABASE_PASSWORD: secret },
  }),
})

describe('secrets that settings hold', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(5)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  const holders = (texts: Readonly<Record<string, string>>) =>
    Object.keys(texts).filter((name) => traces.some((one) => texts[name]?.includes(one)))

  test.each([
    ['well', {}],
    ['badly', { version: 'v2-broken', 'health-timeout': '1s' }],
  ] as const)('of a run that ends %s are nowhere to be read', async (_, changes) => {
    const shop = await street.open('v1')
    const step = shop.step({ ...inputsWithSecrets(shop), ...changes })
    const watching = watchArguments(traces)
    const main = await step.main()
    expect(holders(contentsOf(step.temp)), 'between main and post').toEqual([])
    const post = await step.post('failure')
    const { seen, looks } = await watching.stop()
    expect(looks).toBeGreaterThan(20)
    expect(seen).toEqual([])
    for (const stage of [main, post]) {
      const { log, summary, outputs, env, state } = stage
      expect(holders({ raw: rawOf(stage), log, summary })).toEqual([])
      expect(holders({ ...outputs, ...env, ...state })).toEqual([])
    }
    expect(holders(contentsOf(shop.app.stateDirectory))).toEqual([])
    expect(contentsOf(step.temp)).toEqual({})
  })

  test('a command does not see the inputs of the step, its state, nor what GitHub gives to actions alone', async () => {
    const shop = await street.open('v1')
    const env = { ACTIONS_RUNTIME_TOKEN: 'runtime', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'oidc' }
    const { main } = await shop.deploy(
      { 'smoke-test': 'env', migrate: JSON.stringify({ run: 'env', where: 'target' }) },
      'success',
      { env },
    )
    expect(main.log).toContain('BLUE_GREEN_COLOR=green')
    expect(main.log).not.toMatch(/^(INPUT_|STATE_|ACTIONS_|GITHUB_STATE)/m)
  })
})
