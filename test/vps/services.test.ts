import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Load, startLoad } from '../bed/load.ts'
import type { Image } from '../bed/vps/registry.ts'
import { gated, openGate } from '../process/gate.ts'
import { errorsOf, type Inputs } from '../process/shop.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { containersOf, leaseOf } from './street.ts'

const urls = ['frontend', 'backend'] as const

describe
  .skipIf(lacksVps())
  .concurrent('an app of a frontend, a backend and a worker on a VPS', { timeout: 600_000 }, () => {
    let town: Town
    let shops: VpsShop[]
    beforeAll(async () => {
      town = await foundTown()
      shops = [await town.found('calm', urls), await town.found('wild', urls)]
      for (const shop of shops) await withWorker(shop)
    })
    afterAll(() => town?.[Symbol.asyncDispose]())

    const release = (version: string) => town.registry.push(version)
    const crashing = () => town.registry.push('crashing', { environment: { CRASH: '1', CRASH_MS: '200' } })

    test('is switched as a whole, and its worker starts once its color is live', async () => {
      const [shop] = shops as [VpsShop]
      const first = await shop.deploy(using(shop, 'v1', await release('v1')))
      expect([first.main.code, first.post.code], first.main.log + first.post.log).toEqual([0, 0])
      await using users = usersOf(shop)

      const step = shop.step({ ...using(shop, 'v2', await release('v2')), ...gated(shop, 'before-switch') })
      await step.until('gated')
      expect(await statesOf(shop)).toEqual({
        ...all('green'),
        'blue-frontend': 'running',
        'blue-backend': 'running',
      })
      openGate(shop)
      const main = await step.main()
      expect(main.code, main.log).toBe(0)
      expect(await statesOf(shop)).toEqual({ ...all('green'), ...all('blue') })
      expect(await everyone(shop)).toEqual(['blue v2', 'blue v2'])
      expect((await step.post('success')).code).toBe(0)
      expect(await statesOf(shop)).toEqual({ ...all('green', 'exited'), ...all('blue') })
      for (const { lost } of await users.stop()) expect(lost).toEqual([])
    })

    test('is taken back as a whole when its worker crashes', async () => {
      const [, shop] = shops as [VpsShop, VpsShop]
      const first = await shop.deploy(using(shop, 'v1', await release('v1')))
      expect(first.main.code, first.main.log).toBe(0)
      await using users = usersOf(shop)
      const inputs = using(shop, 'v2', await release('v2'), await crashing())
      const { main, post } = await shop.deploy(inputs)
      expect([main.code, post.code], main.log + post.log).toEqual([1, 0])
      expect(main.outputs).toMatchObject({
        result: 'rolled-back',
        'failed-phase': 'verify',
        'active-color': 'green',
      })
      expect(errorsOf(main).join()).toMatch(/wild-blue-worker-1 .*keeps ending/)
      expect(await everyone(shop)).toEqual(['green v1', 'green v1'])
      expect([await statesOf(shop), leaseOf(shop)]).toEqual([
        { ...all('green'), ...all('blue', 'exited') },
        'free',
      ])
      for (const { lost } of await users.stop()) expect(lost).toEqual([])
    })

    const withWorker = async ({ app, inputs }: VpsShop) => {
      const service = { image: Object.values(servicesIn(inputs))[0]?.image ?? '' }
      for (const color of ['blue', 'green'] as const) {
        await app.writeCompose(color, { frontend: service, backend: service, worker: service })
      }
    }

    const statesOf = async (shop: VpsShop) => {
      const lines = await containersOf(town, shop)
      return Object.fromEntries(
        lines.map((line) => {
          const [, service, state] = new RegExp(`^${shop.app.name}-(.*)-1 (.*)$`).exec(line) ?? []
          return [service, state]
        }),
      )
    }
  })

interface Service {
  readonly image: string
  readonly [setting: string]: string
}

const servicesIn = (inputs: Inputs) =>
  JSON.parse(inputs.services ?? '{}') as Readonly<Record<string, Service>>

function using({ inputs }: VpsShop, version: string, { reference }: Image, worker?: Image): Inputs {
  const answering = Object.entries(servicesIn(inputs)).map(([name, service]) => [
    name,
    { ...service, image: reference },
  ])
  const services = {
    ...Object.fromEntries(answering),
    worker: { image: worker?.reference ?? reference, start: 'after-switch' },
  }
  return { version, services: JSON.stringify(services) }
}

const all = (color: string, state = 'running') =>
  Object.fromEntries(['frontend', 'backend', 'worker'].map((name) => [`${color}-${name}`, state]))

const everyone = (shop: VpsShop) => Promise.all(urls.map((name) => shop.answers(name)))

function usersOf(shop: VpsShop) {
  const loads = urls.map(
    (name): Load =>
      startLoad({ url: shop.urls[name] ?? '', keepAlive: 2, fresh: 1, think: { min: 20, max: 60 } }),
  )
  const stop = () => Promise.all(loads.map((load) => load.stop()))
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}
