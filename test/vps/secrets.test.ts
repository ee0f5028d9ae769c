import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Docker } from '../bed/vps/docker.ts'
import { runAsRoot } from '../bed/vps/root.ts'
import { gated, openGate } from '../process/gate.ts'
import { contentsOf, errorsOf, type Inputs } from '../process/shop.ts'
import type { Finished } from '../runner/runner.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { containersOf, fewUsers, foundShops, leaseOf, until } from './street.ts'

const login = { username: 'deployer', password: `it's $a "secret" of-the-registry` }
/** What no escaping changes, and what docker keeps instead of a password. */
const traces = ['of-the-registry', Buffer.from(`${login.username}:${login.password}`).toString('base64')]

describe.skipIf(lacksVps())('on a VPS with a private registry', { timeout: 600_000 }, () => {
  let town: Town
  let found: () => VpsShop
  let registry: Inputs
  let dockerConfig: string
  /** A file of what to look for, which is not among the arguments of who looks. */
  let texts: string
  beforeAll(async () => {
    town = await foundTown({ registry: { login } })
    found = await foundShops(town, 7)
    registry = {
      registry: town.registry.host,
      'registry-username': login.username,
      'registry-password': login.password,
    }
    dockerConfig = join(town.vps.environment.DOCKER_CONFIG, 'config.json')
    writeFileSync(
      dockerConfig,
      '{ "auths": { "other.example": { "auth": "bWU6bXkgb3du" } },  "psFormat": "{{.ID}}" }',
    )
    await town.vps.own(dockerConfig)
    texts = join(town.vps.folder, 'traces')
    writeFileSync(texts, traces.join('\n'))
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  const release = async (version: string): Promise<Inputs> => ({
    version,
    image: (await town.registry.push(version)).reference,
    ...registry,
  })

  /** Files with the login in them, of whoever logs in, wherever they may write. */
  const leftOnTheHost = async (): Promise<string> => {
    const find = ['find', town.vps.folder, '/dev/shm', '/tmp', '-user', town.vps.user, '-type', 'f']
    const grep = ['-exec', 'grep', '-lF', '-f', texts, '{}', '+']
    // It fails where files of others vanish while it looks.
    return runAsRoot('sh', '-c', '"$@" 2>/dev/null || :', 'sh', ...find, ...grep)
  }

  describe('the login', () => {
    test('is for the run alone: nothing of it is left, and the user keeps their own settings of docker', async () => {
      const shop = found()
      const [before, watching] = [readFileSync(dockerConfig, 'utf8'), watchArguments(traces)]
      const step = shop.step(await release('v1'))
      const main = await step.main()
      expect([main.code, await shop.answers()], main.log).toEqual([0, 'green v1'])
      expect(await leftOnTheHost()).toBe('')
      const post = await step.post('success')
      expect(await leftOnTheHost()).toBe('')
      expect(readFileSync(dockerConfig, 'utf8')).toBe(before)
      expect(await watching.stop()).toBeGreaterThan(20)
      expect([...watching.seen]).toEqual([])
      for (const stage of [main, post]) expect(holdersIn(stage, traces)).toEqual([])
      expect(contentsOf(step.temp)).toEqual({})
    })

    test("of another user of the host, left by a run that was killed, is in nobody's way", async () => {
      const shop = found()
      const left = `/dev/shm/blue-green-login-${shop.app.name}.others`
      await runAsRoot('mkdir', '-p', `${left}/theirs`)
      try {
        const step = shop.step(await release('v1'))
        const main = await step.main()
        expect([main.code, await shop.answers()], main.log).toEqual([0, 'green v1'])
        const post = await step.post('success')
        expect(post.code, post.log).toBe(0)
      } finally {
        await runAsRoot('rm', '-rf', left)
      }
    })

    test('goes when the run is killed while it pulls', async () => {
      const shop = found()
      const step = shop.step({ ...(await release('v1')), ...gated(shop, 'before-deploy') })
      await step.until('gated')
      await using _hanging = await frozen(town.vps.docker)
      openGate(shop)
      await step.until('Pulling')
      expect(await leftOnTheHost()).toContain('blue-green-login')
      await step.kill()
      await until('the login is gone', async () => (await leftOnTheHost()) === '')
    })

    test.concurrent.each([
      [
        'with a wrong password',
        { 'registry-password': 'wrong' },
        /^image: .* has no .*shop:v2, or does not let us see it/,
        'Is the login right?',
      ],
      [
        'left out',
        { registry: '', 'registry-username': '', 'registry-password': '' },
        /^registry: .* does not let us at .*shop:v2/,
        'Give `registry`, `registry-username` and `registry-password`',
      ],
    ] as const)(
      '%s is refused before anything is touched, and the setting is named',
      async (_, changes, what, fix) => {
        const shop = found()
        await shop.deploy(await release('v1'))
        await using users = fewUsers(shop)
        const containers = await containersOf(town, shop)
        const { main, post } = await shop.deploy({ ...(await release('v2')), ...changes })
        expect([main.code, post.code, main.outputs['active-color']], main.log).toEqual([1, 0, 'green'])
        const [annotation = ''] = errorsOf(main)
        expect(annotation).toMatch(what)
        expect(annotation).toContain(fix)
        expect(annotation).toContain('Where traffic is now: Traffic is on green.')
        expect((await users.stop()).lost).toEqual([])
        expect([await shop.answers(), leaseOf(shop)]).toEqual(['green v1', 'free'])
        expect(await containersOf(town, shop)).toEqual(containers)
      },
    )
  })

  test.concurrent('a file of variables is whole at every moment, for its owner alone, and kept for a way back', async () => {
    const shop = found()
    const { app } = shop
    const path = (color: string) => join(app.directory, `.env.${color}`)
    for (const color of ['blue', 'green'] as const) {
      const service = { image: shop.inputs.image ?? '', envFile: `.env.${color}`, restart: 'no' as const }
      await app.writeCompose(color, { [app.name]: service })
    }
    const words = ['first', 'second', 'third', 'fourth'].map((name) => `s3cret-${name}`)
    const content = (at: number) => `# ${'x'.repeat(120_000)}\nDATABASE_PASSWORD=${words[at]}`
    const deploy = async (version: string, at: number, changes: Inputs = {}) => {
      const { main, post } = await shop.deploy({
        ...(version === '' ? registry : await release(version)),
        'env-file-content': content(at),
        'old-color': 'remove',
        ...changes,
      })
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
      for (const stage of [main, post]) expect(holdersIn(stage, words)).toEqual([])
      return main
    }
    const told = { 'smoke-test': JSON.stringify({ run: `grep PASSWORD ${path('green')}`, where: 'target' }) }
    const { log } = await deploy('v1', 0, told)
    expect(log).toContain('hook | ***')
    const mode = statSync(path('green')).mode & 0o777
    const owner = (await runAsRoot('stat', '-c', '%U', path('green'))).trim()
    expect([mode, owner]).toEqual([0o600, town.vps.user])

    await deploy('v2', 1)
    const watching = watchFile(path('green'))
    await deploy('v3', 2)
    expect(await watching.stop()).toBeGreaterThan(20)
    expect([...watching.texts]).toEqual([`${content(0)}\n`, `${content(2)}\n`])

    await deploy('', 3, { mode: 'rollback', version: '', image: '' })
    expect(await shop.answers()).toBe('blue v2')
    const name = `${app.name}-blue-${app.name}-1`
    expect(await town.vps.docker.run('inspect', '-f', '{{json .Config.Env}}', name)).toContain(words[1])
    expect(readFileSync(path('blue'), 'utf8')).toBe(`${content(1)}\n`)
    expect(readdirSync(app.directory).filter((file) => file.includes('new'))).toEqual([])
    expect(Object.values(contentsOf(app.stateDirectory)).filter((text) => text.includes('s3cret'))).toEqual(
      [],
    )
  })

  test('a rollback runs what ran then, although its tag has moved, and asks no registry for what is on the host', async () => {
    const shop = found()
    const { registry: hub, vps } = town
    const deploy = async (changes: Inputs) => {
      const { main, post } = await shop.deploy({ ...registry, 'old-color': 'remove', ...changes })
      expect([main.code, post.code], main.log + post.log).toEqual([0, 0])
    }
    const images = [
      await hub.push('v1', { name: 'moving', tag: 'latest' }),
      await hub.push('v2', { name: 'moving' }),
      await hub.push('v3', { name: 'moving' }),
    ] as const
    const image = images[0].reference
    await deploy({ version: 'v1', image })
    await hub.moveTag('latest', images[1])
    await deploy({ version: 'v2', image })
    expect(await shop.answers()).toBe('blue v2')
    await hub.moveTag('latest', images[2])
    await vps.docker.run('pull', '-q', images[1].pinned).catch(() => {})
    await vps.docker.run('rmi', '-f', images[0].pinned)
    await deploy({ mode: 'rollback', version: '', image: '' })
    expect(await shop.answers()).toBe('green v1')
    expect(shop.document().colors.green?.images).toEqual({ [shop.app.name]: images[0].pinned })

    await hub.stop()
    await deploy({ mode: 'rollback', version: 'v2', image: '' })
    await hub.start()
    expect(await shop.answers()).toBe('blue v2')
  })
})

/** Where a stage shows any of these texts. */
function holdersIn({ log, summary, outputs, env, state }: Finished, texts: readonly string[]) {
  const shown = Object.entries({ log, summary, ...outputs, ...env, ...state })
  return shown.filter(([, value]) => texts.some((text) => value.includes(text))).map(([name]) => name)
}

async function frozen(docker: Docker): Promise<AsyncDisposable> {
  await docker.freeze()
  return { [Symbol.asyncDispose]: () => docker.thaw() }
}

/** Looks again and again until it is stopped; resolves with how often. */
function watch(look: () => void): () => Promise<number> {
  let [looks, over] = [0, false]
  const watching = (async () => {
    while (!over) {
      look()
      looks += 1
      await sleep(2)
    }
  })()
  return async () => {
    over = true
    await watching
    return looks
  }
}

/** Command lines of processes of this machine that show any of these texts. */
function watchArguments(texts: readonly string[]) {
  const seen = new Set<string>()
  const stop = watch(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const line = readIfThere(`/proc/${pid}/cmdline`)
      if (texts.some((text) => line.includes(text))) seen.add(line)
    }
  })
  return { seen, stop }
}

/** All that was ever to be read there. */
function watchFile(path: string) {
  const texts = new Set<string>()
  return { texts, stop: watch(() => void texts.add(readIfThere(path))) }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
