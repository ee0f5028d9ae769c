import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lacks } from '../programs.ts'
import { lacksVps } from './lacks-vps.ts'
import { foundTown, type Town, type VpsShop } from './place.ts'
import { startByHand } from './street.ts'

const diary = ({ app }: VpsShop) => join(app.directory, 'diary')
const linesIn = (shop: VpsShop) =>
  readFileSync(diary(shop), 'utf8')
    .split('\n')
    .filter((line) => line !== '')

/** Written to by the user of the runner and that of the host. */
function openDiary(shop: VpsShop): VpsShop {
  writeFileSync(diary(shop), '')
  chmodSync(diary(shop), 0o666)
  return shop
}

/** Whatever the command says is kept. */
const keep = (shop: VpsShop, command: string) => `{ ${command}; echo; } >>'${diary(shop)}'`

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  )

describe.skipIf(lacksVps() || lacks('curl'))('a command of the user', { timeout: 300_000 }, () => {
  let town: Town
  beforeAll(async () => {
    town = await foundTown()
  })
  afterAll(() => town?.[Symbol.asyncDispose]())

  const v2 = async () => ({ version: 'v2', image: (await town.registry.push('v2')).reference })
  const open = async (name: string) => startByHand(town, openDiary(await town.found(name)))

  test('asks the new color from the runner while users are on the old one', async () => {
    const shop = await open('asked')
    const { main } = await shop.deploy({
      ...(await v2()),
      'smoke-test': [
        keep(shop, 'curl -sS -f "$BLUE_GREEN_URL/version"'),
        keep(shop, `curl -sS -f ${shop.urls.asked}/version`),
        keep(shop, 'printf %s "$BLUE_GREEN_URL"'),
      ].join('\n'),
      'before-switch': JSON.stringify({
        where: 'target',
        run: [
          keep(shop, 'printf %s "$BLUE_GREEN_URL"'),
          keep(shop, 'curl -sS -f "$BLUE_GREEN_URL/version"'),
          keep(shop, `curl -s "$(grep -m1 ^http '${diary(shop)}')" || printf 'nobody is there'`),
        ].join('\n'),
      }),
    })
    expect([main.code, await shop.answers()], main.log).toEqual([0, 'green v2'])
    const [asked, users, url, urlOnHost, askedOnHost, urlLater] = linesIn(shop)
    expect([asked, askedOnHost].map((line) => JSON.parse(line ?? ''))).toEqual([
      { version: 'v2', color: 'green' },
      { version: 'v2', color: 'green' },
    ])
    expect(JSON.parse(users ?? '')).toEqual({ version: 'v1', color: 'blue' })
    expect(urlOnHost).toBe(`http://127.0.0.1:${shop.app.ports.asked?.green}`)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(url).not.toBe(urlOnHost)
    expect(urlLater).toBe('nobody is there')
  })

  test('that fails keeps users on the old color', async () => {
    const shop = await open('refused')
    const { main } = await shop.deploy({
      ...(await v2()),
      'smoke-test': 'curl -sS -f "$BLUE_GREEN_URL/version/of/nothing?ms=10" | grep v3',
    })
    expect([main.code, main.outputs.result, await shop.answers()], main.log).toEqual([1, 'failed', 'blue v1'])
  })

  test('is told the address of each service, and of the first without a name', async () => {
    const shop = openDiary(await town.found('several', ['web', 'api-v2']))
    const say = 'printf "%s %s %s" "$BLUE_GREEN_URL" "$BLUE_GREEN_URL_WEB" "$BLUE_GREEN_URL_API_V2"'
    const { main } = await shop.deploy({
      'smoke-test': `${keep(shop, say)}
curl -sS -f "$BLUE_GREEN_URL_WEB/version" "$BLUE_GREEN_URL_API_V2/version"`,
      'before-switch': JSON.stringify({ where: 'target', run: keep(shop, say) }),
    })
    expect([main.code, await shop.answers('api-v2')], main.log).toEqual([0, 'green v1'])
    const [onRunner, onHost] = linesIn(shop).map((line) => line.split(' '))
    expect(onRunner?.[0]).toBe(onRunner?.[1])
    expect(new Set(onRunner).size).toBe(2)
    const { web, 'api-v2': api } = shop.app.ports
    const ports = [web?.green, web?.green, api?.green]
    expect(onHost).toEqual(ports.map((port) => `http://127.0.0.1:${port}`))
  })

  test.each(['kill', 'cancel'] as const)('leaves no port open after a %s', async (how) => {
    const shop = await open(how)
    const step = shop.step({
      ...(await v2()),
      'smoke-test': `${keep(shop, 'printf %s "$BLUE_GREEN_URL"')}; echo now; sleep 300`,
    })
    await step.until('now')
    const [url = ''] = linesIn(shop)
    expect(await answers(url)).toBe(true)
    await step[how]()
    expect(await answers(url)).toBe(false)
    const post = await step.post(how === 'kill' ? 'failure' : 'cancelled')
    expect([post.code, await shop.answers()], post.log).toEqual([0, 'blue v1'])
  })
})
