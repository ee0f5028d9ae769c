import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStep } from '../runner/runner.ts'
import { bundles, errorsOf, openStreet, type Street } from './shop.ts'

describe.concurrent('the bundles', { timeout: 300_000 }, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(5)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  test.each(Object.entries(bundles))('%s is one file of code', (_, path) => {
    const code = readdirSync(dirname(path)).filter((name) => /\.(c|m)?js$|\.node$/.test(name))
    expect(code).toEqual(['index.js'])
  })

  test('each starts alone, away from the repository', async () => {
    const step = startStep({ action: bundles, inputs: {} })
    const main = await step.main()
    expect([main.code, main.stderr]).toEqual([1, ''])
    expect(errorsOf(main).join()).toMatch(/`target` is required[\s\S]*`app` is required/)
    const post = await step.post()
    expect([post.code, post.stderr, errorsOf(post)]).toEqual([0, '', []])
    await step.remove()
  })

  test('post never deploys, whatever state it is given', async () => {
    const shop = await street.open('v1')
    const client = join(shop.app.folder, 'state.mjs')
    writeFileSync(
      client,
      `import { appendFileSync } from 'node:fs'\nappendFileSync(process.env.GITHUB_STATE, 'record=/nowhere/blue-green-x/record\\nkey=AAAA\\n')`,
    )
    const step = shop.step({}, { action: { main: client, post: bundles.post } })
    await step.main()
    const post = await step.post('success')
    expect(post.code).toBe(1)
    expect(errorsOf(post).join()).toContain('Nothing was done')
    expect([await shop.answers(), shop.app.presence('green')]).toEqual(['blue v1', 'absent'])
  })

  test('what a command leaves running does not keep the step alive', async () => {
    const shop = await street.open('v1')
    const daemon = `sleep 20 & echo $! >>'${shop.app.folder}/pids'`
    const { main, post } = await shop.deploy({
      'smoke-test': daemon,
      commands: shop.commands({ deploy: `${shop.app.commands.deploy}\n${daemon}` }),
    })
    expect([main.code, post.code]).toEqual([0, 0])
    const pids = readFileSync(`${shop.app.folder}/pids`, 'utf8').trim().split('\n').map(Number)
    expect(pids).toHaveLength(2)
    // Still there when both stages have ended: neither waited for it, and neither ended what a deployment starts.
    const alive = pids.filter((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' (sleep) S'))
    expect(alive).toEqual(pids)
    for (const pid of pids) process.kill(pid)
  })
})
