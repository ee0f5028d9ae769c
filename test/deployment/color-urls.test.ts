import { describe, expect, test } from 'vitest'
import { openColorUrls } from '../../src/deployment/color-urls.ts'
import type { Door, World } from '../../src/deployment/world.ts'
import {
  ChangeFailed,
  type Color,
  type Environment,
  type Reach,
  type Target,
  TargetUnreachable,
} from '../../src/targets/target.ts'
import { anIntent } from './intents.ts'

const aUrl = (url: string): Reach => ({ kind: 'url', url, headers: {} })
const aStream = (url: string): Reach => ({ kind: 'stream', url, dial: () => new Promise(() => {}) })

/** A runner on which each door has the next port, up to a limit. */
class Runner {
  readonly open = new Set<string>()
  readonly #limit: number

  constructor(limit = 9) {
    this.#limit = limit
  }

  openDoor = async (): Promise<Door> => {
    if (this.open.size === this.#limit) throw new Error('no port is free')
    const url = `http://runner:${this.open.size}`
    this.open.add(url)
    return { url, close: async () => void this.open.delete(url) }
  }
}

function sceneOf(runner: Runner, reaches: Readonly<Record<string, readonly Reach[]>>) {
  const [service] = anIntent().services
  if (service === undefined) throw new Error('There is no service.')
  const services = Object.keys(reaches).map((name) => ({ ...service, name }))
  const reach = async (color: Color, name: string) =>
    (reaches[name] ?? []).map((each) => ({ ...each, url: each.url.replace('COLOR', color) }))
  const target = { runtime: { reach } } as unknown as Target
  return {
    intent: anIntent({ services }),
    target,
    openDoor: runner.openDoor,
  } satisfies Partial<World>
}

const all = new Set(['runner', 'target'] as const)

describe('what a hook is told of the color', () => {
  test('is the address that the machine it runs on has for it', async () => {
    const runner = new Runner()
    const scene = sceneOf(runner, {
      web: [aStream('http://127.0.0.1:3010')],
      'api.v2': [aStream('http://127.0.0.1:3011')],
    })
    const urls = await openColorUrls(scene, 'green', all)
    expect(urls.told).toEqual({
      target: {
        BLUE_GREEN_URL: 'http://127.0.0.1:3010',
        BLUE_GREEN_URL_WEB: 'http://127.0.0.1:3010',
        BLUE_GREEN_URL_API_V2: 'http://127.0.0.1:3011',
      },
      runner: {
        BLUE_GREEN_URL: 'http://runner:0',
        BLUE_GREEN_URL_WEB: 'http://runner:0',
        BLUE_GREEN_URL_API_V2: 'http://runner:1',
      },
    })
    await urls.close()
    expect(runner.open.size).toBe(0)
  })

  test('has no URL while nothing of the color runs', async () => {
    const scene = sceneOf(new Runner(), { web: [] })
    const refuse = (error: Error) => ({
      ...scene,
      target: { runtime: { reach: () => Promise.reject(error) } } as unknown as Target,
    })
    const { told } = await openColorUrls(refuse(new ChangeFailed('No pod runs yet.')), 'green', all)
    expect(told).toEqual({ target: {}, runner: {} })
    const silent = new TargetUnreachable('nobody answers')
    await expect(openColorUrls(refuse(silent), 'green', all)).rejects.toBe(silent)
  })

  test.each<[string, Readonly<Record<string, readonly Reach[]>>, Environment]>([
    [
      'a URL that anybody can ask stays as it is',
      { web: [aUrl('http://COLOR.lan')] },
      named('http://green.lan'),
    ],
    [
      'of several hosts the first is named',
      { web: [aUrl('http://one'), aUrl('http://two')] },
      named('http://one'),
    ],
    ['a service nobody can ask has no URL', { worker: [], web: [aUrl('http://web')] }, named('http://web')],
    ['nothing is named where nothing can be asked', { web: [] }, {}],
  ])('%s', async (_, reaches, told) => {
    const { told: both } = await openColorUrls(sceneOf(new Runner(), reaches), 'green', all)
    expect(both).toEqual({ runner: told, target: told })
  })

  test('opens nothing on the runner for commands that do not run there', async () => {
    const runner = new Runner()
    await openColorUrls(
      sceneOf(runner, { web: [aStream('http://127.0.0.1:3010')] }),
      'green',
      new Set(['target'] as const),
    )
    expect(runner.open.size).toBe(0)
  })

  test('leaves nothing open when not all can be opened', async () => {
    const runner = new Runner(1)
    const scene = sceneOf(runner, { web: [aStream('http://a')], api: [aStream('http://b')] })
    await expect(openColorUrls(scene, 'green', all)).rejects.toThrow('no port is free')
    expect(runner.open.size).toBe(0)
  })
})

function named(url: string): Environment {
  return { BLUE_GREEN_URL: url, BLUE_GREEN_URL_WEB: url }
}
