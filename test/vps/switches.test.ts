import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { fileLedger } from '../../src/host/file-ledger.ts'
import { type Color, otherColor } from '../../src/targets/target.ts'
import { nginxFlagRouter } from '../../src/targets/vps/nginx-flag/router.ts'
import { type Load, startLoad } from '../bed/load.ts'
import { now } from '../bed/load-book.ts'
import { logInto } from '../bed/vps/ssh-access.ts'
import { openWebSockets } from '../bed/web-sockets.ts'
import { leaseOf, open, owner } from '../contract/stand.ts'
import type { Inputs } from '../process/shop.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { startByHand } from './street.ts'

describe.skipIf(lacksVps())('users of a VPS', { timeout: 600_000 }, () => {
  let town: Town
  beforeAll(async () => {
    town = await foundTown()
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  test('lose nothing in 20 switches, and after each are answered by the new color alone', async ({
    annotate,
  }) => {
    const shop = await startByHand(town, await town.found('shop'))
    const url = shop.urls.shop ?? ''
    const slow = { clients: 3, ms: 300 }
    await using load = startLoad({ url, keepAlive: 6, fresh: 2, slow, think: { min: 5, max: 25 } })

    await using onBlue = await openWebSockets({ url, count: 2 })
    await deployed(shop, load, { color: 'green', ...(await release('v2')) })
    await using onGreen = await openWebSockets({ url, count: 2 })
    await switchBackAndForth(town, shop, { load, from: 'green', times: 16 })
    for (const { color, pongs, cut } of onBlue.report()) {
      expect([color, cut]).toEqual(['blue', null])
      expect(pongs).toBeGreaterThan(50)
    }
    await deployed(shop, load, { color: 'blue', ...(await release('v3')) })
    for (const { color, pongs, cut } of onGreen.report()) {
      expect([color, cut]).toEqual(['green', null])
      expect(pongs).toBeGreaterThan(50)
    }
    await deployed(shop, load, { color: 'green', ...(await release('v4')) })
    await deployed(shop, load, { color: 'blue', mode: 'rollback', version: '', image: '' })

    expect(await shop.answers()).toBe('blue v3')
    const { sent, lost, longestGap, latency } = await load.stop()
    await annotate(
      `20 switches: ${sent} requests, ${lost.length} lost, longest gap ${Math.round(longestGap)} ms, p99 ${Math.round(latency.p99)} ms`,
    )
    expect(lost).toEqual([])
    expect(sent).toBeGreaterThan(1_000)
  })

  const release = async (version: string) => ({
    version,
    image: (await town.registry.push(version)).reference,
  })
})

/** A whole deployment, after which the old color is there as before. */
async function deployed(
  shop: VpsShop,
  load: Load,
  { color, ...changes }: Inputs & { readonly color: Color },
) {
  const step = shop.step({ 'old-color': 'keep', drain: '1s', ...changes })
  await step.until(`Traffic is on ${color}`)
  const switched = now()
  const main = await step.main()
  expect(main.code, main.log).toBe(0)
  expectOnly(color, load, switched)
  const post = await step.post('success')
  expect(post.code, post.log).toBe(0)
}

interface Switches {
  readonly load: Load
  readonly from: Color
  readonly times: number
}

/** Since that moment. */
function expectOnly(color: Color, load: Load, since: number): void {
  const answers = load.report().since(since)
  expect(answers.map((answer) => answer.color)).toEqual([color])
}

interface Switches {
  readonly load: Load
  readonly from: Color
  readonly times: number
}

/** By the router alone, which is what a deployment calls. */
async function switchBackAndForth(
  { vps }: Town,
  shop: VpsShop,
  { load, from, times }: Switches,
): Promise<void> {
  const connection = logInto(vps)
  const { app, urls } = shop
  const { name, stateDirectory } = app
  const { signal } = new AbortController()
  const [clock, leaseTtl] = [systemClock, 60_000]
  const surroundings = {
    app: name,
    leaseTtl,
    deployTimeout: 60_000,
    signal,
    clock,
    output: () => {},
    secrets: [],
  }
  const service = { name, ports: app.ports[name] as Record<Color, number>, url: urls[name] ?? '' }
  const settings = {
    app: name,
    stateDirectory,
    router: { listen: null, proxyUrl: null },
    services: [{ ...service, composeService: null, composeProfile: null, start: 'before-switch' as const }],
  }
  const router = nginxFlagRouter({ connection, stateDirectory, surroundings, settings })
  const ledger = fileLedger({ connection, directory: stateDirectory, leaseTtl, signal, clock })
  const lease = leaseOf(await ledger.acquire(owner('somebody'), open))
  for (let color = from, switches = 0; switches < times; switches++) {
    const to = otherColor(color)
    await router.switch({ kind: 'color', color }, to, { lease, color: 'any' })
    const switched = now()
    // Longer than a slow request takes.
    await sleep(400)
    expectOnly(to, load, switched)
    color = to
  }
  expect(await ledger.free(lease)).toBe('kept')
}
