/** The quick start and the example word for word, but for host, ports, folders and TLS. systemd is a double. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../bed/folder.ts'
import { startLoad } from '../bed/load.ts'
import { runNginx } from '../bed/nginx.ts'
import { freePort } from '../bed/ports.ts'
import { lacks } from '../programs.ts'
import { startJob } from '../runner/runner.ts'

const root = join(import.meta.dirname, '../..')
const action = { main: join(root, 'src/main.ts'), post: join(root, 'src/post.ts') }
const page = readFileSync(join(root, 'docs/targets/command.md'), 'utf8')

function blockOf(language: string, holding: string): string {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))
  return [...blocks].map(([, text = '']) => text).find((text) => text.includes(holding)) ?? ''
}

interface Workflow {
  readonly jobs: { readonly deploy: { readonly steps: readonly Step[] } }
}
interface Step {
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
}
const { jobs } = parse(blockOf('yaml', 'jobs:')) as Workflow
const inputs = jobs.deploy.steps.find(({ uses }) => uses?.startsWith('org/'))?.with ?? {}

/** Of no matter to what a reader copies. */
const quick = {
  bake: '2s',
  drain: '0s',
  'health-interval': '50ms',
  'health-timeout': '30s',
  'sample-rate': '60/s',
}

interface Recipe {
  readonly nginx: string
  readonly inputs: Readonly<Record<string, string>>
  /** Text of the file that `config` names. */
  readonly config?: string
}

const quickStart: Recipe = {
  nginx: blockOf('nginx', 'upstream').replace('server_name', 'listen 443 ssl; server_name'),
  inputs,
}
const example: Recipe = {
  nginx: readFileSync(join(root, 'examples/command/nginx.conf'), 'utf8'),
  inputs: {},
  config: readFileSync(join(root, 'examples/command/blue-green.yml'), 'utf8'),
}

async function setUp(recipe: Recipe) {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryFolder())
  const ports = { public: await freePort(), blue: await freePort(), green: await freePort() }
  const url = `http://127.0.0.1:${ports.public}`
  const here = (text: string) =>
    text
      .replaceAll('--resolve shop.example.com:443:127.0.0.1 ', '')
      .replaceAll('https://shop.example.com', url)
      .replaceAll('127.0.0.1:3010', `127.0.0.1:${ports.blue}`)
      .replaceAll('127.0.0.1:3020', `127.0.0.1:${ports.green}`)
      .replaceAll('/var/lib/blue-green/shop', join(path, 'state'))
      .replaceAll('/srv/shop', join(path, 'srv'))
  const env = { ...writePrograms(path, ports), COLORS: join(path, 'colors'), NODE: process.execPath }
  stack.defer(() => stopColors(env))
  const once = here(blockOf('sh', 'touch'))
    .split('\n')
    .filter((line) => /^(sudo install|touch)/.test(line))
  execFileSync('sh', ['-euc', once.join('\n')], { env: { ...process.env, ...env } })
  const http = here(recipe.nginx)
    .replace('listen 443 ssl', `listen 127.0.0.1:${ports.public}`)
    .replaceAll(/^ *ssl_.*$/gm, '')
  stack.use(await runNginx({ folder: join(path, 'nginx'), http, address: `127.0.0.1:${ports.public}` }))
  const given = Object.entries(recipe.inputs).map(([name, value]) => [name, here(value)])
  if (recipe.config !== undefined) {
    writeFileSync(join(path, 'blue-green.yml'), here(recipe.config))
    given.push(['config', join(path, 'blue-green.yml')])
  }
  const owned = stack.move()
  return {
    url,
    given: { ...Object.fromEntries(given), ...quick, 'state-directory': join(path, 'state') },
    env,
    addRelease(version: string, behavior = '') {
      mkdirSync(join(path, 'srv/releases', version), { recursive: true })
      writeFileSync(join(path, 'colors', `${version}.env`), behavior)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A unit runs what the link of its color leads to, as `WorkingDirectory=/srv/shop/%i` does. */
function writePrograms(folder: string, ports: { readonly blue: number; readonly green: number }) {
  const [bin, colors] = [join(folder, 'bin'), join(folder, 'colors')]
  for (const path of [bin, colors]) mkdirSync(path)
  for (const color of ['blue', 'green'] as const)
    writeFileSync(join(colors, `${color}.port`), `${ports[color]}\n`)
  const program = (name: string, text: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\nset -eu\n${text}\n`, { mode: 0o755 })
  program('sudo', '[ "$1" != -n ] || shift\nexec "$@"')
  program(
    'systemctl',
    `for unit; do :; done
color=\${unit#shop@}
case $1 in restart) verb=start ;; stop) verb=stop ;; is-active | status) verb=status ;; esac
if [ "$verb" = status ]; then sh '${root}/test/bed/color.sh' status "$color" | grep -x running; exit; fi
release=$(readlink '${folder}/srv/'"$color")
BLUE_GREEN_VERSION=\${release##*/}
export BLUE_GREEN_VERSION
exec sh '${root}/test/bed/color.sh' "$verb" "$color"`,
  )
  program('journalctl', 'echo "last words of $*"')
  return { PATH: `${bin}${delimiter}${process.env.PATH}` }
}

const stopColors = (env: NodeJS.ProcessEnv) => {
  for (const color of ['blue', 'green'])
    execFileSync('sh', [join(root, 'test/bed/color.sh'), 'stop', color], { env: { ...process.env, ...env } })
}

type Machine = Awaited<ReturnType<typeof setUp>>

interface Run {
  readonly version?: string
  readonly more?: Readonly<Record<string, string>>
  readonly laterStepFails?: boolean
}

/** The whole job: the step, what comes after it, and the post step. */
async function runJob(machine: Machine, { version, more = {}, laterStepFails = false }: Run) {
  const job = startJob({ env: { ...machine.env, ...(version === undefined ? {} : { GITHUB_SHA: version }) } })
  try {
    const main = await job.run({ action, inputs: { ...machine.given, ...more } })
    if (laterStepFails) job.fail()
    const [post] = await job.end()
    return { main, post, outputs: main?.outputs ?? {}, log: `${main?.log}\n${post?.log}` }
  } finally {
    await job.remove()
  }
}

const whoAnswers = async ({ url }: Machine) => (await fetch(url)).text()

describe.skipIf(lacks('nginx', 'curl', 'flock', 'setsid'))('the quick start', () => {
  it('deploys, goes on without a lost request, survives a bad release and a failed job, and rolls back', async () => {
    await using machine = await setUp(quickStart)
    machine.addRelease('v1')
    machine.addRelease('v2')
    machine.addRelease('v3', 'HEALTH=bad')
    machine.addRelease('v4')

    const first = await runJob(machine, { version: 'v1' })
    expect(first.outputs, first.log).toMatchObject({ result: 'deployed', 'active-color': 'green' })
    expect(await whoAnswers(machine)).toBe('green v1\n')

    const users = startLoad({ url: machine.url, keepAlive: 2, fresh: 1, think: { min: 10, max: 30 } })
    const second = await runJob(machine, { version: 'v2' })
    expect(second.outputs, second.log).toMatchObject({
      result: 'deployed',
      'active-color': 'blue',
      'previous-color': 'green',
      'requests-failed': '0',
    })
    expect(await whoAnswers(machine)).toBe('blue v2\n')

    const bad = await runJob(machine, { version: 'v3', more: { 'health-timeout': '2s' } })
    expect(bad.outputs, bad.log).toMatchObject({
      result: 'failed',
      switched: 'false',
      'failed-phase': 'health',
    })
    expect(await whoAnswers(machine)).toBe('blue v2\n')

    const undone = await runJob(machine, { version: 'v4', laterStepFails: true })
    expect(undone.outputs, undone.log).toMatchObject({ result: 'deployed', 'active-color': 'green' })
    expect(await whoAnswers(machine), undone.log).toBe('blue v2\n')

    const back = await runJob(machine, { more: { mode: 'rollback', version: 'v1', reason: 'drill' } })
    expect(back.outputs, back.log).toMatchObject({
      result: 'rolled-back',
      'active-color': 'green',
      version: 'v1',
    })
    expect(await whoAnswers(machine)).toBe('green v1\n')

    const { sent, lost } = await users.stop()
    expect(lost).toEqual([])
    expect(sent).toBeGreaterThan(100)
  }, 240_000)

  it('refuses to guess when nginx has lost its folder', async () => {
    await using machine = await setUp(quickStart)
    machine.addRelease('v1')
    execFileSync('rm', [join(machine.given['state-directory'], 'ready')])
    const { main, outputs, log } = await runJob(machine, { version: 'v1' })
    expect(main?.code, log).not.toBe(0)
    expect(outputs).toMatchObject({ switched: 'false', 'active-color': '' })
    expect(log).toContain('not blue, green or none')
  }, 120_000)
})

describe.skipIf(lacks('nginx', 'curl', 'flock', 'setsid'))('the example', () => {
  it('deploys, shows the last words of a release that fails in public, and rolls back', async () => {
    await using machine = await setUp(example)
    machine.addRelease('v1')
    machine.addRelease('v2')
    machine.addRelease('v3', 'PUBLIC=bad')

    const first = await runJob(machine, { version: 'v1' })
    expect(first.outputs, first.log).toMatchObject({ result: 'deployed', 'active-color': 'green' })
    const second = await runJob(machine, { version: 'v2' })
    expect(second.outputs, second.log).toMatchObject({ result: 'deployed', 'active-color': 'blue' })

    const bad = await runJob(machine, { version: 'v3' })
    expect(bad.outputs, bad.log).toMatchObject({ result: 'rolled-back', 'failed-phase': 'verify' })
    expect(bad.main?.summary).toContain('last words of --no-pager --lines 40 --unit shop@green')
    expect(await whoAnswers(machine)).toBe('blue v2\n')

    const back = await runJob(machine, { more: { mode: 'rollback', version: 'v1' } })
    expect(back.outputs, back.log).toMatchObject({ result: 'rolled-back', version: 'v1' })
    expect(await whoAnswers(machine)).toBe('green v1\n')
  }, 240_000)
})
