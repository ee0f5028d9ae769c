import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openCommandTarget } from '../../src/targets/command/command-target.ts'
import { type CommandName, type CommandSettings, commandNames } from '../../src/targets/command/settings.ts'
import type { ServiceIntent } from '../../src/targets/intent.ts'
import {
  ChangeFailed,
  ChangeRefused,
  type DeployOrder,
  type Guard,
  type Hook,
  type Lease,
  LeaseLost,
  type Release,
  TargetUnreachable,
} from '../../src/targets/target.ts'
import { aCheck } from '../checks/servers.ts'
import { connect, folder, forever, isNumberIn, leaseOf, open, owner, pathWith, until } from '../host/place.ts'

const check = aCheck({ path: '/' })

const service = (name: string, colorUrl: ServiceIntent['colorUrl'] = null): ServiceIntent => ({
  name,
  image: null,
  url: null,
  colorUrl,
  health: check,
  verify: check,
  versionCheck: null,
  start: 'before-switch',
})

const release: Release = {
  id: 'r-1',
  version: `v1 'quoted' $(id)`,
  images: { app: 'registry/app@sha256:1', 'back-end': 'registry/back:2' },
  configuration: 'hash',
}

const order: DeployOrder = { release, size: null, services: ['app', 'back-end'] }

const hook = (run: string, timeout = 10_000): Hook => ({
  run,
  where: 'target',
  timeout,
  env: { FROM_HOOK: `it's` },
})

interface Given {
  readonly commands?: Partial<Record<CommandName, string>>
  readonly services?: readonly ServiceIntent[]
  readonly deployTimeout?: number
  readonly path?: string
}

/** A target whose router is the file `color`. */
async function target({
  commands = {},
  services = [service('app')],
  deployTimeout = 10_000,
  path,
}: Given = {}) {
  const at = folder()
  writeFileSync(join(at, 'color'), 'blue\n')
  const texts: Partial<Record<CommandName, string>> = {
    observe: `cat ${at}/color`,
    deploy: `env | grep '^BLUE_GREEN\\|^FROM' | sort >${at}/deploy.env`,
    switch: `echo "$BLUE_GREEN_PREVIOUS_COLOR" >${at}/previous; echo "$BLUE_GREEN_COLOR" >${at}/color`,
    ...commands,
  }
  const hooks = (name: CommandName): readonly Hook[] =>
    texts[name] === undefined ? [] : [hook(texts[name].replaceAll('{at}', at))]
  const given = Object.fromEntries(commandNames.map((name) => [name, hooks(name)]))
  const said: string[] = []
  const opened = openCommandTarget({
    settings: { stateDirectory: join(at, 'state'), commands: given as CommandSettings['commands'] },
    services,
    connection: connect(path === undefined ? undefined : { name: 'sh', path }),
    surroundings: {
      app: 'my-app',
      leaseTtl: 60_000,
      deployTimeout,
      signal: forever,
      clock: systemClock,
      output: (source, text) => said.push(`${source}: ${text}`),
      secrets: ['hunter2'],
    },
  })
  const lease = leaseOf(await opened.ledger.acquire(owner('n-1'), open))
  const guard = (color: Guard['color'], of: Lease = lease): Guard => ({ lease: of, color })
  const read = (name: string) => readFileSync(join(at, name), 'utf8')
  return { ...opened, at, lease, guard, said, read }
}

it.each([
  ['echo blue', { kind: 'color', color: 'blue' }],
  ['echo any; echo green', { kind: 'color', color: 'green' }],
  ['echo none', { kind: 'nobody' }],
  ['echo blue; exit 1', { kind: 'unknown' }],
  ['echo Blue', { kind: 'unknown' }],
  ['printf " blue"', { kind: 'unknown' }],
  ['echo blue; echo done', { kind: 'unknown' }],
  ['true', { kind: 'unknown' }],
  ["echo 'blue", { kind: 'unknown' }],
])('reads the router: %s', async (observe, traffic) => {
  const { router } = await target({ commands: { observe } })
  expect(await router.observe()).toMatchObject(traffic)
})

it('says what an unreadable router said, and what to type', async () => {
  const { router } = await target({ commands: { observe: 'echo "no route to host" >&2; exit 4' } })
  const traffic = await router.observe()
  expect(traffic).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('exit code 4') })
  expect(traffic).toMatchObject({ detail: expect.stringContaining('no route to host') })
  expect(traffic.kind === 'unknown' && traffic.repair.join('\n')).toContain('BLUE_GREEN_COLOR=')
})

it('tells a command which release goes to which color', async () => {
  const { runtime, guard, read } = await target()
  await runtime.deploy('green', order, guard('not-live'))
  const lines = read('deploy.env').split('\n')
  expect(lines).toContain('BLUE_GREEN_APP=my-app')
  expect(lines).toContain('BLUE_GREEN_COLOR=green')
  expect(lines).toContain(`BLUE_GREEN_VERSION=${release.version}`)
  expect(lines).toContain('BLUE_GREEN_IMAGE=registry/app@sha256:1')
  expect(lines).toContain(`FROM_HOOK=it's`)
})

it('tells the image of each service, and of none in particular when there are several', async () => {
  const { runtime, guard, read } = await target({ services: [service('app'), service('back-end')] })
  await runtime.deploy('green', order, guard('not-live'))
  expect(read('deploy.env')).toContain('BLUE_GREEN_IMAGE_BACK_END=registry/back:2\n')
  expect(read('deploy.env')).not.toContain('BLUE_GREEN_IMAGE=')
})

it('never touches a color that traffic is on', async () => {
  const { runtime, guard, at } = await target({
    commands: { stop: 'touch {at}/stopped', remove: 'touch {at}/removed' },
  })
  await expect(runtime.deploy('blue', order, guard('not-live'))).rejects.toThrow(ChangeRefused)
  await expect(runtime.stop('blue', guard('any'))).rejects.toThrow('traffic is on blue now')
  await expect(runtime.remove('blue', guard('any'))).rejects.toThrow(ChangeRefused)
  writeFileSync(join(at, 'color'), 'what?\n')
  await expect(runtime.stop('green', guard('not-live'))).rejects.toThrow('does not say where traffic is')
  for (const name of ['deploy.env', 'stopped', 'removed']) expect(existsSync(join(at, name))).toBe(false)
})

it('changes nothing for an owner that lost the lease', async () => {
  const { runtime, router, ledger, guard, at, runHook } = await target({
    commands: { stop: 'touch {at}/stopped' },
  })
  await ledger.acquire(owner('n-2'), { ...open, claim: 'break' })
  await expect(runtime.deploy('green', order, guard('not-live'))).rejects.toThrow(LeaseLost)
  await expect(runtime.stop('green', guard('not-live'))).rejects.toThrow(LeaseLost)
  await expect(router.switch({ kind: 'color', color: 'blue' }, 'green', guard('any'))).rejects.toThrow(
    LeaseLost,
  )
  await expect(runHook?.(hook(`touch ${at}/hook`), {}, guard('any'))).rejects.toThrow(LeaseLost)
  expect(await router.observe()).toEqual({ kind: 'color', color: 'blue' })
  for (const name of ['deploy.env', 'stopped', 'hook']) expect(existsSync(join(at, name))).toBe(false)
})

it('moves traffic, and believes the router and not the exit code', async () => {
  const { router, guard, read } = await target()
  await router.switch({ kind: 'color', color: 'blue' }, 'green', guard('any'))
  expect([read('color'), read('previous')]).toEqual(['green\n', 'blue\n'])
  await expect(router.switch({ kind: 'color', color: 'blue' }, 'green', guard('any'))).rejects.toThrow(
    ChangeRefused,
  )
  await expect(router.switch({ kind: 'nobody' }, 'blue', guard('any'))).rejects.toThrow(
    'observe" says green where none',
  )
  await router.switch({ kind: 'mixed', detail: '', repair: [] }, 'blue', guard('any'))
  expect(read('color')).toBe('blue\n')

  const lazy = await target({ commands: { switch: 'true' } })
  const moved = lazy.router.switch({ kind: 'color', color: 'blue' }, 'green', lazy.guard('any'))
  await expect(moved).rejects.toThrow('ended with 0 but observe says blue')
  const broken = await target({ commands: { switch: 'echo no reload; exit 3' } })
  const failed = broken.router.switch({ kind: 'color', color: 'blue' }, 'green', broken.guard('any'))
  await expect(failed).rejects.toThrow('"switch" ended with exit code 3. It said last:\nno reload')
})

it('shows what a person would type, and of their own environment the names alone', async () => {
  const own = await target({ commands: { manual: 'echo "ssh host flip $BLUE_GREEN_COLOR"; echo reload' } })
  expect(await own.preflight()).toEqual([])
  expect(own.router.manual('green')).toEqual(['ssh host flip green', 'reload'])
  const shown = (await target()).router.manual('green').join('\n')
  expect(shown).toContain(`BLUE_GREEN_COLOR='green'`)
  expect(shown).toContain('# set as in the workflow: FROM_HOOK')
  expect(shown).not.toContain(`it'`)
})

it('hands on what a command wrote, to every later command about that color and to no other', async () => {
  const { runtime, guard, read } = await target({
    commands: {
      deploy: `printf 'port=80 81\\ntext=%s\\n' "it's" >>"$BLUE_GREEN_OUTPUT"; echo "\${BLUE_GREEN_STATE_PORT-unset}" >{at}/seen`,
      status: `echo "\${BLUE_GREEN_STATE_PORT-unset} \${BLUE_GREEN_STATE_TEXT-unset}" >{at}/status; echo running`,
      remove: 'true',
    },
  })
  await runtime.deploy('green', order, guard('not-live'))
  expect(read('seen')).toBe('unset\n')
  expect(await runtime.observe('green')).toEqual({
    presence: 'running',
    version: release.version,
    detail: null,
  })
  expect(read('status')).toBe("80 81 it's\n")
  await runtime.observe('blue')
  expect(read('status')).toBe('unset unset\n')
  await runtime.remove('green', guard('not-live'))
  await runtime.observe('green')
  expect(read('status')).toBe('unset unset\n')
})

it.each([
  ['a secret', 'echo token=xhunter2x', 'The value of "token" is a secret'],
  ['a long value', `printf 'long=%2000s\\n' x`, 'The value of "long" is longer'],
  ['another form', 'echo Key=value', 'not of the form key=value'],
])('does not keep %s', async (_, command, message) => {
  const { runtime, router, guard, at, said, lease } = await target({
    commands: {
      deploy: `${command} >>"$BLUE_GREEN_OUTPUT"`,
      switch: `${command} >>"$BLUE_GREEN_OUTPUT"; echo green >{at}/color`,
    },
  })
  const deployed = runtime.deploy('green', order, guard('not-live'))
  await expect(deployed).rejects.toThrow(message)
  await expect(deployed).rejects.not.toThrow('hunter2')
  await router.switch({ kind: 'color', color: 'blue' }, 'green', { lease, color: 'any' })
  expect(said.join('')).toContain(message)
  expect(existsSync(join(at, 'state/ledger/state-green'))).toBe(false)
})

it('knows a color by its status command alone where there is one', async () => {
  const { runtime } = await target({
    commands: { status: '[ "$BLUE_GREEN_COLOR" = blue ] && echo running || { echo dead; exit 3; }' },
  })
  expect(await runtime.observe('blue')).toMatchObject({ presence: 'running' })
  expect(await runtime.observe('green')).toMatchObject({
    presence: 'unknown',
    detail: expect.stringContaining('exit code 3'),
  })
})

it('knows a color by whether it answers, and by the ledger, where there is no status command', async () => {
  const answers = { green: 503 }
  const server = createServer((_, response) => response.writeHead(answers.green).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const green = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const services = [service('app', { blue: 'http://127.0.0.1:1', green })]
  const { runtime, guard } = await target({ services, commands: { remove: 'true' } })
  expect(await runtime.observe('green')).toEqual({ presence: 'absent', version: null, detail: null })
  await runtime.deploy('green', order, guard('not-live'))
  expect(await runtime.observe('green')).toMatchObject({ presence: 'stopped', version: release.version })
  answers.green = 404
  expect(await runtime.observe('green')).toMatchObject({ presence: 'running', version: release.version })
  expect(await runtime.observe('blue')).toMatchObject({ presence: 'absent' })
  expect(await runtime.reach('green', 'app')).toEqual([{ kind: 'url', url: green, headers: {} }])
  expect(await runtime.reach('green', 'other')).toEqual([])
  answers.green = 502
  await runtime.remove('green', guard('not-live'))
  expect(await runtime.observe('green')).toMatchObject({ presence: 'absent' })
})

it('waits for a color with its own words, and shows a bounded diagnosis', async () => {
  const { runtime } = await target({
    commands: {
      ready: 'echo starting; echo "3 of 4 up"; exit 1',
      diagnose:
        'i=0; while [ $i -lt 200 ]; do echo "line $i of $BLUE_GREEN_COLOR"; i=$((i + 1)); done; echo why >&2; exit 1',
    },
  })
  expect(await runtime.ready('green', ['app'])).toEqual({ kind: 'waiting', reason: '3 of 4 up' })
  const [section] = (await runtime.diagnose('green')).sections
  expect(section?.text.split('\n')).toHaveLength(50)
  expect(section?.text).toMatch(/line 199 of green\nwhy$/)
  expect(await (await target()).runtime.ready('green', ['app'])).toEqual({ kind: 'ready', restarts: 0 })
})

it('ends a deployment that takes too long', async () => {
  const { runtime, guard } = await target({ commands: { deploy: 'sleep 300' }, deployTimeout: 1_000 })
  const deployed = runtime.deploy('green', order, guard('not-live'))
  await expect(deployed).rejects.toThrow(ChangeFailed)
  await expect(deployed).rejects.toThrow('"deploy" did not end within 1 s')
}, 120_000)

it('runs a hook of a user as a change, and lets people hear it', async () => {
  const { runHook, guard, said, at } = await target()
  await runHook?.(
    hook(`echo "$BLUE_GREEN_PHASE $FROM_HOOK"; touch ${at}/hook`),
    { BLUE_GREEN_PHASE: 'health' },
    guard('any'),
  )
  expect(said).toEqual(["hook: health it's\n"])
  expect(existsSync(join(at, 'hook'))).toBe(true)
  await expect(runHook?.(hook('exit 6'), {}, guard('any'))).rejects.toThrow('exit code 6')
})

it('does not renew behind a change', async () => {
  const { runtime, ledger, lease, guard, at } = await target({
    commands: { deploy: 'echo 1 >{at}/begun; until [ -e {at}/go ]; do sleep 0.05; done' },
  })
  const deployed = runtime.deploy('green', order, guard('not-live'))
  await until('the deployment runs', () => isNumberIn(join(at, 'begun')))
  expect(await ledger.renew(lease)).toBe('kept')
  expect(await ledger.write(lease, 'journal')).toBe('kept')
  writeFileSync(join(at, 'go'), '')
  await deployed
})

it('names everything that is wrong before it begins, and makes nothing', async () => {
  const bare = await target({ path: pathWith('base64', null), commands: { observe: 'echo blue' } })
  expect(await bare.preflight()).toMatchObject([
    { what: expect.stringContaining('"base64"'), fix: expect.stringContaining('coreutils') },
  ])
  const unreadable = await target({ commands: { observe: 'echo purple', manual: 'exit 1' } })
  expect(await unreadable.preflight()).toMatchObject([
    { setting: 'commands', what: expect.stringContaining('"purple"') },
    { setting: 'commands', what: expect.stringContaining('"manual" for blue') },
    { setting: 'commands', what: expect.stringContaining('"manual" for green') },
  ])
})

it('never takes a color whose record cannot be read for one that was never deployed', async () => {
  const { runtime, guard, at } = await target({ commands: { status: 'true' } })
  await runtime.deploy('blue', order, guard('any'))
  writeFileSync(join(at, 'state/ledger/deployed-blue'), '{"version":1}\n')
  await expect(runtime.observe('blue')).rejects.toThrow('deployed-blue is damaged')
})

it('goes back without what was kept of a color when that is damaged, and says so', async () => {
  const { router, guard, at, read, said } = await target()
  const damaged = 'state/ledger/state-green'
  writeFileSync(join(at, damaged), '{"cut')
  const from = { kind: 'color', color: 'blue' } as const
  await expect(router.switch(from, 'green', guard('any'))).rejects.toThrow('state-green is damaged')
  expect(read('color')).toBe('blue\n')
  await router.switch(from, 'green', { ...guard('any'), unreadableLedger: 'ignore' })
  expect(read('color')).toBe('green\n')
  expect(said.join('')).toContain('state-green is damaged')
})

it('knows nothing of a color when the shell that reads its record breaks', async () => {
  const shims = folder()
  const text = `#!/bin/sh\n[ ! -e ${shims}/broken ] || exit 2\nexec /bin/sh "$@"\n`
  writeFileSync(join(shims, 'sh'), text, { mode: 0o755 })
  const { runtime } = await target({ path: `${shims}:${process.env.PATH ?? ''}` })
  writeFileSync(join(shims, 'broken'), '')
  await expect(runtime.observe('blue')).rejects.toThrow(TargetUnreachable)
})
