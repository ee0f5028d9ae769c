import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contentsOf, errorsOf, openStreet, type Street } from './shop.ts'

describe.concurrent('what is refused before anything is begun', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(20)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  test('every wrong setting is named in one annotation, and nothing is touched', async () => {
    const shop = await street.open('v1')
    const before = contentsOf(shop.app.stateDirectory)
    const { main, post } = await shop.deploy({
      'health-timeout': '30',
      'on-failure': 'retain',
      'sample-rate': 'often',
      'healt-path': '/up',
      'color-url': 'http://{colour}.internal',
    })
    expect(main).toMatchObject({ code: 1, outputs: {}, state: {} })
    const [annotation = '', ...more] = errorsOf(main)
    expect(more).toEqual([])
    for (const word of [
      'Nothing was touched',
      '`health-timeout`',
      '`on-failure`',
      '`sample-rate`',
      '`color-url`',
    ])
      expect(annotation).toContain(word)
    expect(annotation).toContain('`healt-path` is not a setting: did you mean `health-path`?')
    expect(post.code).toBe(0)
    expect(contentsOf(shop.app.stateDirectory)).toEqual(before)
    expect(await shop.answers()).toBe('blue v1')
  })

  test('another platform is refused in one sentence, by main and by post', async () => {
    const shop = await street.open('nothing')
    const preload = join(shop.app.folder, 'windows.mjs')
    writeFileSync(preload, `Object.defineProperty(process, 'platform', { value: 'win32' })`)
    const { main, post } = await shop.deploy({}, 'success', { env: { NODE_OPTIONS: `--import=${preload}` } })
    for (const stage of [main, post]) {
      expect(stage.code).toBe(1)
      expect(errorsOf(stage)).toEqual([
        'This action runs on Linux runners only; use `runs-on: ubuntu-latest` or a self-hosted Linux runner.',
      ])
    }
    expect(shop.document().operation).toBeNull()
  })

  test('settings may stand in a file, and an input wins', async () => {
    const shop = await street.open('v1')
    const path = join(shop.app.folder, 'blue-green.yml')
    writeFileSync(path, 'version: from-the-file\non-failure: keep\nold-color: keep\n')
    const { main, post } = await shop.deploy({ config: path, version: 'from-the-step' })
    expect([main.code, post.code]).toEqual([0, 0])
    expect(main.outputs.version).toBe('from-the-step')
    expect(shop.app.presence('blue')).toBe('running')
  })

  test('a wrong line of the file is named with its number, and a missing file by its path', async () => {
    const shop = await street.open('v1')
    const path = join(shop.app.folder, 'blue-green.yml')
    writeFileSync(path, 'version: v2\n\nbake: 5\n')
    const wrong = await shop.step({ config: path, bake: '' }).main()
    expect(errorsOf(wrong).join()).toContain(`${path}, line 3`)
    const missing = await shop.step({ config: '/nowhere/at.yml' }).main()
    expect(errorsOf(missing).join()).toMatch(/`config`: `\/nowhere\/at\.yml` could not be read/)
  })

  test('a mode that is not built yet is refused by name', async () => {
    const shop = await street.open('nothing')
    const main = await shop.step({ mode: 'stage' }).main()
    expect(errorsOf(main).join()).toMatch(/`mode`: `stage` .*not available yet/)
  })
})
