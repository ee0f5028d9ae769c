/** The callers of the guide word for word, and the workflows they call, run by act. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { catalog, isSettingName } from '../../src/settings/catalog/catalog.ts'
import { outputNames } from '../../src/settings/outputs.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { startSshd } from '../bed/sshd.ts'
import { findProgram, lacks } from '../programs.ts'
import { caller, callers, repositoryOfCaller, workflowOf } from './calling-repository.ts'
import { root } from './root.ts'

interface Workflow {
  readonly on: { readonly workflow_call: Trigger; readonly workflow_dispatch?: Trigger }
  readonly concurrency: unknown
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}
interface Trigger {
  readonly inputs: Readonly<Record<string, { readonly type: string; readonly default?: string }>>
  readonly secrets?: Readonly<Record<string, { readonly required: boolean }>>
  readonly outputs?: Readonly<Record<string, unknown>>
}
interface Step {
  readonly uses: string
  readonly with: Readonly<Record<string, string>>
}

const parsed = (name: string) => parse(workflowOf(name)) as Workflow
const [deploy, rollback] = [parsed('deploy'), parsed('rollback')]
const ownStep = ({ jobs }: Workflow) =>
  Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .find(({ uses }) => uses.startsWith('org/blue-green-action@'))

describe.each([
  ['deploy', deploy],
  ['rollback', rollback],
])('%s.yml', (_, workflow) => {
  const { inputs, secrets = {}, outputs = {} } = workflow.on.workflow_call
  const given = Object.entries(ownStep(workflow)?.with ?? {})

  it('gives the action settings that it has, and secrets where it keeps them', () => {
    expect(given.filter(([name]) => !isSettingName(name))).toEqual([])
    const fromSecrets = given.filter(([, value]) => value.includes('secrets.')).map(([name]) => name)
    expect(fromSecrets.filter((name) => isSettingName(name) && !catalog[name].secret)).toEqual([])
    expect(fromSecrets.map((name) => name.toUpperCase().replaceAll('-', '_'))).toEqual(Object.keys(secrets))
  })

  it('hands every input on', () => {
    const handed = given.map(([name]) => name)
    const forTheJob = ['environment', 'runs-on']
    expect(Object.keys(inputs).filter((name) => ![...handed, ...forTheJob].includes(name))).toEqual([])
  })

  it('demands no input and no secret', () => {
    const demands = [...Object.values(inputs), ...Object.values(secrets)].filter(
      (one) => 'required' in one && one.required,
    )
    expect(demands).toEqual([])
  })

  it('has outputs of the action', () => {
    expect(Object.keys(outputs).filter((name) => !outputNames.some((known) => known === name))).toEqual([])
  })
})

it('a rollback waits in the line of the deployments', () => {
  expect(rollback.concurrency).toEqual(deploy.concurrency)
})

it('the button of rollback.yml takes what a caller can give', () => {
  const terms = (trigger?: Trigger) =>
    Object.entries(trigger?.inputs ?? {}).map(([name, input]) => [name, input.type, input.default])
  expect(terms(rollback.on.workflow_dispatch)).toEqual(terms(rollback.on.workflow_call))
})

describe('the callers of the guide', () => {
  it.each(['Deploy', 'Roll back'])('%s has at most 15 lines', (name) => {
    expect(caller(name)).toContain('uses: org/blue-green-action/')
    expect(caller(name).trimEnd().split('\n').length).toBeLessThanOrEqual(15)
  })

  it.skipIf(lacks('actionlint', 'git'))('name only inputs, secrets and outputs that are there', async () => {
    await using folder = await temporaryFolder()
    const workflowsIn = join(folder.path, '.github/workflows')
    cpSync(join(root, '.github/workflows'), workflowsIn, { recursive: true })
    execFileSync('git', ['init', '-q'], { cwd: folder.path })
    // Of a workflow in another repository actionlint knows nothing.
    const files = callers.map((text, index) => {
      const path = join(workflowsIn, `caller-${index}.yml`)
      writeFileSync(path, text.replaceAll(/org\/blue-green-action\/(.*)@v1/g, './$1'))
      return path
    })
    const { stdout, stderr, status } = spawnSync(
      findProgram('actionlint') ?? 'actionlint',
      ['-shellcheck=', '-pyflakes=', ...files],
      { cwd: folder.path, encoding: 'utf8' },
    )
    expect(stdout + stderr).toBe('')
    expect(status).toBe(0)
  })
})

const hasBundles = existsSync(join(root, 'dist/main/index.js'))
if (!hasBundles) console.warn('Skipped: there is no dist, which `npm run package` builds')
const lacking = !hasBundles || lacks('act', 'git', 'flock', 'setsid')

describe.skipIf(lacking)('a repository with the callers of the guide', () => {
  it('deploys at each push, and rolls back at the press of a button', { timeout: 300_000 }, async () => {
    await using shop = await repositoryOfCaller()
    const first = shop.commit()
    const deployed = shop.push()
    expect(deployed.code, deployed.log).toBe(0)
    expect(shop.needs()).toMatchObject({
      result: 'success',
      outputs: { result: 'deployed', 'active-color': 'green', 'previous-color': 'blue', version: first },
    })
    expect(shop.read('green.release')).toBe(`${first} ghcr.io/org/shop:${first}`)
    expect(shop.read('blue')).toBe('stopped')

    const second = shop.commit()
    const again = shop.push()
    expect(again.code, again.log).toBe(0)
    expect(shop.needs()).toMatchObject({ outputs: { version: second, 'previous-version': first } })
    expect(shop.read('routed')).toBe('blue')

    const back = shop.dispatch('rollback', { reason: 'The cart is empty' })
    expect(back.code, back.log).toBe(0)
    expect(shop.needs()).toMatchObject({
      outputs: { result: 'rolled-back', 'active-color': 'green', version: first },
    })
    expect(shop.read('routed')).toBe('green')
    expect(shop.read('state/ledger/document')).toContain('The cart is empty')

    const forward = shop.dispatch('copied', { version: second })
    expect(forward.code, forward.log).toBe(0)
    expect(shop.read('routed')).toBe('blue')
    expect(shop.read('blue.release')).toContain(second)

    const unlocked = shop.dispatch('copied', { mode: 'unlock' })
    expect(unlocked.code, unlocked.log).toBe(0)
    expect(shop.needs()).toMatchObject({ outputs: { 'active-color': 'blue' } })
    expect(shop.read('routed')).toBe('blue')
  })

  it('goes back from a failing release, and the workflow is red', { timeout: 300_000 }, async () => {
    await using shop = await repositoryOfCaller()
    shop.spoil(shop.commit())
    const { code, log } = shop.push()
    expect(code, log).toBe(1)
    expect(shop.read('routed')).toBe('blue')
    expect(shop.read('green')).toBe('stopped')
  })

  // With the copied file, as act runs no job behind a called workflow that failed.
  it('tells the jobs behind it why it failed', { timeout: 300_000 }, async () => {
    await using shop = await repositoryOfCaller()
    shop.commit()
    const { code, log } = shop.dispatch('copied', { version: 'v9' })
    expect(code, log).toBe(1)
    expect(shop.needs()).toMatchObject({
      result: 'failure',
      outputs: { result: 'failed', 'active-color': 'blue', 'failed-phase': 'determine-color' },
    })
  })

  it('rolls back when tests in a later job fail', { timeout: 300_000 }, async () => {
    await using shop = await repositoryOfCaller()
    const first = shop.commit()
    const good = shop.push()
    expect(good.code, good.log).toBe(0)
    const second = shop.commit()
    const { code, log } = shop.push('tested')
    expect(code, log).toBe(1)
    expect(shop.read('blue.release')).toContain(second)
    expect(shop.read('routed')).toBe('green')
    expect(shop.read('green.release')).toContain(first)
  })

  it.skipIf(lacks('sshd', 'ssh-keygen'))(
    'reaches its host with the key that its secret holds',
    { timeout: 300_000 },
    async () => {
      await using folder = await temporaryFolder()
      await using sshd = await startSshd({ folder: folder.path })
      const host = [
        `ssh-host: ${sshd.user}@127.0.0.1:${sshd.port}`,
        `ssh-known-hosts: '${sshd.knownHosts.trim()}'`,
      ]
      await using shop = await repositoryOfCaller(host.join('\n'), { SSH_KEY: sshd.key })
      shop.commit()
      const { code, log } = shop.push()
      expect(code, log).toBe(0)
      expect(shop.read('routed')).toBe('green')
      expect(sshd.log()).toContain('Accepted publickey')
    },
  )
})
