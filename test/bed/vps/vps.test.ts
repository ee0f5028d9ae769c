import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Color } from '../../../src/targets/target.ts'
import { lacks } from '../../programs.ts'
import { said } from '../../ssh/place.ts'
import { connects } from '../child.ts'
import { flip } from '../flag.ts'
import { temporaryFolder } from '../folder.ts'
import { startLoad } from '../load.ts'
import { now } from '../load-book.ts'
import { openWebSockets } from '../web-sockets.ts'
import { type Docker, startDocker } from './docker.ts'
import { type App, startVps, type Vps } from './host.ts'
import { type Image, startRegistry } from './registry.ts'
import { lacksRoot } from './root.ts'
import { logInto } from './ssh-access.ts'
import type { Web } from './web.ts'

const needed = [
  'dockerd',
  'docker',
  'docker-registry',
  'nginx',
  'sshd',
  'vps-app',
  'compose-v2',
  'compose-newest',
]
const think = { min: 0, max: 20 }

/** By hand, the least that routes by the flag. */
const routedByHand = (name: string, { ports, stateDirectory }: App): Web => ({
  httpSnippet: `map $http_upgrade $web_connection { default upgrade; '' ''; }
${(['blue', 'green'] as const)
  .map((color) => `upstream web_${color} { server 127.0.0.1:${ports.web?.[color]}; keepalive 32; }`)
  .join('\n')}`,
  sites: [
    {
      names: [name],
      serverSnippet: `set $color blue; if (-f ${stateDirectory}/green) { set $color green; }`,
      locations: `location / {
  proxy_pass http://web_$color;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $web_connection;
}`,
    },
  ],
})

async function up(vps: Vps, app: App, color: Color, image: Image): Promise<void> {
  await app.writeCompose(color, { web: { image: image.reference } })
  const compose = `docker compose -p ${app.name}-${color} -f docker-compose.${color}.yml`
  await said(logInto(vps), `cd ${app.directory} && ${compose} up -d --wait 2>&1`)
}

async function answerOf(port: number | undefined): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
    if (response?.ok) return response.text()
    await sleep(50)
  }
  throw new Error(`Nobody answers on ${port}.`)
}

const idsOf = async ({ docker }: Vps, kind: 'container' | 'network'): Promise<readonly string[]> =>
  (await docker.run(kind, 'ls', '-q')).split('\n').filter(Boolean)

const processes = (file: 'cmdline' | 'cgroup'): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')

describe.skipIf(lacks(...needed) || lacksRoot())('a VPS on loopback', { timeout: 300_000 }, () => {
  it.each(['v2', 'newest'] as const)('switches colors that compose %s started over SSH', async (compose) => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    await using vps = await startVps({ compose, login: 'unprivileged' })
    const app = await vps.addApp('shop', ['web'])
    await up(vps, app, 'blue', await registry.push('v1'))
    await up(vps, app, 'green', await registry.push('v2'))
    await app.route('blue')
    await vps.serve(routedByHand('localhost', app))

    const url = `http://127.0.0.1:${vps.port}`
    await using load = startLoad({ url, keepAlive: 4, fresh: 2, slow: { clients: 2, ms: 300 }, think })
    await using sockets = await openWebSockets({ url, count: 2 })
    for (const color of ['green', 'blue', 'green'] as const) {
      await sleep(400)
      await flip(app.stateDirectory, color)
    }
    const flipped = now()
    await sleep(400)

    const report = await load.stop()
    expect(report.lost).toEqual([])
    expect(report.answers).toMatchObject([
      { color: 'blue', version: 'v1' },
      { color: 'green', version: 'v2' },
    ])
    expect(report.since(flipped)).toMatchObject([{ color: 'green', version: 'v2' }])
    expect(report.longestGap).toBeGreaterThan(0)
    for (const { color, pongs, cut } of sockets.report()) {
      expect([color, cut]).toEqual(['blue', null])
      expect(pongs).toBeGreaterThan(5)
    }
  })

  it('tells who was cut when a color dies', async () => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    await using vps = await startVps({ names: ['shop.test'] })
    const app = await vps.addApp('shop', ['web'])
    await up(vps, app, 'blue', await registry.push('v1', { environment: { STOP: 'abrupt' } }))
    await app.route('blue')
    await vps.serve(routedByHand('shop.test', app))

    const way = { url: `https://shop.test:${vps.tlsPort}`, address: vps.address, trust: vps.certificate }
    await using load = startLoad({ ...way, keepAlive: 1, fresh: 1, slow: { clients: 1, ms: 300 }, think })
    await using sockets = await openWebSockets({ ...way, count: 1 })
    await sleep(400)
    expect(load.report().lost).toEqual([])
    expect(sockets.report()).toMatchObject([{ color: 'blue', cut: null }])
    await vps.docker.run('stop', ...(await idsOf(vps, 'container')))
    await sleep(100)

    const { lost } = await load.stop()
    expect(new Set(lost.map(({ client }) => client))).toEqual(new Set(['keep-alive', 'fresh', 'slow']))
    expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(['status 502']))
    expect(sockets.report()).toMatchObject([{ cut: { reason: 'closed' } }])
  })

  it('has several hosts, with one Docker or one each', async () => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    await using first = await startVps({ address: '127.0.0.2', login: 'unprivileged' })
    await using second = await startVps({ address: '127.0.0.3', docker: first.docker, login: 'unprivileged' })
    await using third = await startVps({ address: '127.0.0.3' })
    const hosts = [first, second, third]
    const image = await registry.push('v1')
    const ports: (number | undefined)[] = []
    for (const [index, vps] of hosts.entries()) {
      const app = await vps.addApp(`shop-${index}`, ['web'])
      await up(vps, app, 'blue', image)
      await app.route('blue')
      await vps.serve(routedByHand('localhost', app))
      ports.push(app.ports.web?.blue)
      expect((await fetch(`http://${vps.address}:${vps.port}/`)).headers.get('x-version')).toBe('v1')
    }
    expect(new Set(ports).size).toBe(3)
    expect((await idsOf(first, 'container')).length).toBe(2)
    expect((await idsOf(third, 'container')).length).toBe(1)
  })

  it('lets Docker vanish and come back as on a real host', async () => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    await using vps = await startVps()
    const app = await vps.addApp('shop', ['web'])
    await up(vps, app, 'blue', await registry.push('v1'))
    const port = app.ports.web?.blue

    await vps.docker.hide()
    await expect(vps.docker.run('ps')).rejects.toThrow('Cannot connect to the Docker daemon')
    expect(await answerOf(port)).toBe('blue v1\n')
    await vps.docker.show()
    await vps.docker.restart()
    expect(await answerOf(port)).toBe('blue v1\n')
  })

  it('leaves nothing behind', async () => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    const vps = await startVps({ login: 'unprivileged' })
    const app = await vps.addApp('shop', ['web'])
    await up(vps, app, 'blue', await registry.push('v1'))
    await app.route('blue')
    await vps.serve(routedByHand('localhost', app))
    const ids = [...(await idsOf(vps, 'container')), ...(await idsOf(vps, 'network'))]
    const bridges = () => ids.filter((id) => existsSync(`/sys/class/net/br-${id}`))
    const inContainers = () => ids.filter((id) => processes('cgroup').includes(id))
    expect([bridges().length, inContainers().length]).toEqual([1, 1])
    expect(processes('cmdline')).toContain(vps.folder)

    await vps[Symbol.asyncDispose]()
    expect([...bridges(), ...inContainers()]).toEqual([])
    expect(processes('cmdline')).not.toContain(vps.folder)
    expect(existsSync(vps.folder)).toBe(false)
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(vps.folder)
    expect(await connects(app.ports.web?.blue ?? 0, '127.0.0.1')).toBe(false)
    if (vps.user.startsWith('deploy-'))
      expect(() => execFileSync('id', [vps.user], { stdio: 'ignore' })).toThrow()
  })
})

describe.skipIf(lacks(...needed) || lacksRoot())('a registry on loopback', () => {
  const pull = (docker: Docker, image: string) => docker.run('pull', '-q', image)

  it('moves tags and forgets images', async () => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    await using docker = await startDocker({ folder: join(folder.path, 'docker') })
    const [first, second] = [await registry.push('v1', { tag: 'latest' }), await registry.push('v2')]
    await pull(docker, first.reference)
    await registry.moveTag('latest', second)
    await pull(docker, first.reference)
    const digests = await docker.run('inspect', '-f', '{{json .RepoDigests}}', first.reference)
    expect(JSON.parse(digests)).toEqual([second.pinned])
    await registry.removeImage(second)
    await expect(pull(docker, second.reference)).rejects.toThrow('manifest unknown')
    await pull(docker, first.pinned)
    await registry.stop()
    await expect(pull(docker, first.reference)).rejects.toThrow('connection refused')
    await registry.start()
    await pull(docker, first.pinned)
  })

  it('lets in who knows the password', async () => {
    await using folder = await temporaryFolder()
    const login = { username: 'deployer', password: `it's $a "secret"` }
    await using registry = await startRegistry({ folder: join(folder.path, 'registry'), login })
    await using docker = await startDocker({ folder: join(folder.path, 'docker') })
    const image = await registry.push('v1')
    await expect(pull(docker, image.reference)).rejects.toThrow('no basic auth credentials')
    await docker.run('login', registry.host, '-u', login.username, '-p', login.password)
    expect(await pull(docker, image.reference)).toBe(`${image.reference}\n`)
  })
})
