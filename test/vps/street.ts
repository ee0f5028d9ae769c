/** Shops on a VPS whose users are on blue, as somebody started it by hand before the action came. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { type Load, startLoad } from '../bed/load.ts'
import { type Deployed, errorsOf } from '../process/shop.ts'
import { findProgram } from '../programs.ts'
import type { Town, VpsShop } from './place.ts'

/** nginx starts anew for each, so all are founded before anybody buys. */
export async function foundShops(town: Town, count: number): Promise<() => VpsShop> {
  const shops: VpsShop[] = []
  for (let number = 0; number < count; number++) shops.push(await town.found(`shop${number}`))
  return () => {
    const shop = shops.pop()
    if (shop === undefined) throw new Error(`Only ${count} shops were asked for.`)
    return shop
  }
}

/** Compose as the owner of the VPS types it. */
export const compose = ({ vps }: Town, { app }: VpsShop, ...words: readonly string[]) =>
  promisify(execFile)(findProgram('docker') ?? 'docker', ['compose', ...words], {
    cwd: app.directory,
    env: { ...process.env, ...vps.environment },
  })

export async function startByHand(town: Town, shop: VpsShop): Promise<VpsShop> {
  const name = shop.app.name
  await compose(town, shop, '-p', `${name}-blue`, '-f', 'docker-compose.blue.yml', 'up', '-d')
  await until(`${name} sells`, async () => (await shop.answers()) === 'blue v1')
  return shop
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await holds()) return
    await sleep(50)
  }
  throw new Error(`It never came to it that ${what}.`)
}

export const fewUsers = ({ urls, app }: VpsShop): Load =>
  startLoad({ url: urls[app.name] ?? '', keepAlive: 2, fresh: 1, think: { min: 20, max: 60 } })

/** Name and state of each container of an app, in the order of names. */
export async function containersOf({ vps }: Town, { app }: VpsShop): Promise<readonly string[]> {
  const listed = await vps.docker.run('ps', '-a', '--format', '{{.Names}} {{.State}}')
  const own = listed.split('\n').filter((line) => line.startsWith(`${app.name}-`))
  return own.toSorted()
}

/** free, parked or held; null: nobody ever took it. */
export function leaseOf({ app }: VpsShop): string | null {
  const path = join(app.stateDirectory, 'ledger', 'lease')
  if (!existsSync(path)) return null
  return /^\d+ \S+ (\w+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? null
}

export interface Unhurt {
  readonly deployed: Deployed
  readonly users: Load
  /** What the annotation tells a person. */
  readonly said: readonly (string | RegExp)[]
}

/** Nobody lost a request, everybody is on blue, and the next deployment may begin. */
export async function expectUnhurt(shop: VpsShop, { deployed, users, said }: Unhurt): Promise<void> {
  const { main, post } = deployed
  expect([main.code, post.code], main.log + post.log).toEqual([1, 0])
  expect(main.outputs).toMatchObject({ 'active-color': 'blue' })
  const [annotation = '', ...more] = [...errorsOf(main), ...errorsOf(post)]
  expect(more).toEqual([])
  for (const text of said) expect(annotation).toMatch(text)
  expect(annotation).toMatch(/Where traffic is now: Traffic is on blue\.[\s\S]*What to do next: \S/)
  expect((await users.stop()).lost).toEqual([])
  expect(await shop.answers()).toBe('blue v1')
  expect([null, 'free']).toContain(leaseOf(shop))
}
