import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../bed/ports.ts'
import type { Finished } from '../runner/runner.ts'
import { openStreet, type Shop, type Street } from './shop.ts'

/** What a shell, the runner, a table of Markdown or a browser would take for its own; `canary` appears when a shell does. */
const hostileLine = (canary: string) =>
  `it's "$(touch ${canary})" \`touch ${canary}\` '; touch ${canary}; ' | & ##[set-env name=x]y ::set-output name=x::y <script>alert(1)</script> </pre></code> 🚨`

const hostileLines = (canary: string) =>
  [
    '::error::forged',
    '::set-output name=result::forged',
    '  ::add-mask::e',
    '##[error]forged',
    '::stop-commands::x',
    '%0A::error::forged',
    '\u001b[31m</details>',
    hostileLine(canary),
  ].join('\n')

/** Last words are the end of a text, and a body is cut behind its beginning. */
const long = 'x'.repeat(10_000)

/** Commands that the action gives the runner of its own accord. */
const own = ['add-mask', 'group', 'endgroup', 'error', 'warning', 'notice', 'stop-commands']

function expectHarmless(stages: readonly Finished[], canary: string): void {
  expect(existsSync(canary), 'nothing of it was executed').toBe(false)
  for (const { commands, summary, outputs, env } of stages) {
    expect(commands.filter(({ name }) => !own.includes(name))).toEqual([])
    expect(commands.filter(({ data }) => data === 'forged' || data === 'e')).toEqual([])
    expect(Object.values(outputs)).not.toContain('forged')
    expect(Object.keys(env).filter((name) => name !== 'BLUE_GREEN_RESULT')).toEqual([])
    expect(summary).not.toMatch(/<script|<\/code><\/code>/)
    for (const tag of ['details', 'pre', 'code'])
      expect(summary.split(`<${tag}>`).length).toBe(summary.split(`</${tag}>`).length)
  }
}

describe.concurrent('text that means something to a shell, to the runner or to a browser', {
  timeout: 300_000,
}, () => {
  let street: Street
  beforeAll(async () => {
    street = await openStreet(20)
  })
  afterAll(() => street[Symbol.asyncDispose]())

  const canaryOf = ({ app }: Shop) => join(app.folder, 'canary')
  /** As `deploy` of the host, with a version that fits one word of its protocol. */
  const deployed = (shop: Shop) => `BLUE_GREEN_VERSION=v2\n${shop.app.commands.deploy}`

  test('in every setting that takes free text', async () => {
    const shop = await street.open('v1')
    const canary = canaryOf(shop)
    const line = hostileLine(canary)
    const noted = join(shop.app.folder, 'noted')
    const { main, post } = await shop.deploy({
      version: line,
      image: `registry/${line.replaceAll(/\s/g, '')}`,
      url: `${shop.app.url}/?q='$(touch)\`|::error::forged`,
      'health-path': JSON.stringify({
        path: `/health?q=%0A'"|<script>;::error::forged`,
        headers: { 'X-Note': line.replace('🚨', '') },
      }),
      commands: shop.commands({ deploy: deployed(shop) }),
      'smoke-test': JSON.stringify({
        run: `printf '%s' "$NOTE$BLUE_GREEN_VERSION" >'${noted}'`,
        env: { NOTE: line },
      }),
    })
    expectHarmless([main, post], canary)
    expect([main.code, post.code]).toEqual([0, 0])
    expect(main.outputs.version).toBe(line)
    expect(await shop.answers()).toBe('green v2')

    const back = await shop.deploy({ mode: 'rollback', version: '', reason: line })
    expectHarmless([back.main, back.post], canary)
    expect(shop.document().history[0]?.reason).toBe(line)
    const named = await shop.deploy({ mode: 'rollback', version: `${line} too` })
    expect(named.main.code).toBe(1)
    expectHarmless([named.main, named.post], canary)
  })

  test('in settings that are refused', async () => {
    const shop = await street.open('v1')
    const line = hostileLine(canaryOf(shop))
    const { main, post } = await shop.deploy({
      app: line,
      bake: line,
      'color-url': line,
      commands: line,
      [line]: line,
    })
    expect(main.code).toBe(1)
    expectHarmless([main, post], canaryOf(shop))
  })

  test.each(['deploy', 'switch', 'stop', 'observe', 'status', 'ready', 'diagnose'])(
    'in what the command %s says',
    async (name) => {
      const shop = await street.open('v1')
      const canary = canaryOf(shop)
      const said = join(shop.app.folder, 'said')
      writeFileSync(said, `${long}\n${hostileLines(canary)}\n`)
      const usual = JSON.parse(shop.commands({}))[name] ?? ':'
      const speaking = `cat '${said}'; cat '${said}' >&2\n${usual}`
      const { main, post } = await shop.deploy({
        version: name === 'diagnose' ? 'v2-bad' : 'v2',
        'health-timeout': '1s',
        commands: shop.commands({ [name]: speaking }),
      })
      expectHarmless([main, post], canary)
      expect(main.code).toBe(name === 'diagnose' ? 1 : 0)
      expect(post.code).toBe(0)
    },
  )

  test('in what a hook and a failing command say', async () => {
    const shop = await street.open('v1')
    const canary = canaryOf(shop)
    const said = join(shop.app.folder, 'said')
    writeFileSync(said, `${long}\n${hostileLines(canary)}\n`)
    const { main, post } = await shop.deploy({ 'smoke-test': `cat '${said}'; cat '${said}' >&2; exit 3` })
    expect(main.code).toBe(1)
    expectHarmless([main, post], canary)
    const router = await shop.deploy({ commands: shop.commands({ observe: `cat '${said}'; exit 3` }) })
    expect(router.main.code).toBe(1)
    expectHarmless([router.main, router.post], canary)
  })

  test('in the version and the body that a server answers', async () => {
    const shop = await street.open('v1')
    const canary = canaryOf(shop)
    const text = `${hostileLines(canary)}\n${long}`
    const port = await freePort()
    const server = createServer((_, response) => {
      response.setHeader('X-Color', 'a::error::forged##[error]|<script>')
      response.end(JSON.stringify({ version: text, status: text }))
    }).listen(port, '127.0.0.1')
    const { main, post } = await shop.deploy({
      'health-timeout': '1s',
      'version-check': '{ path: /health, json: /version }',
      'identity-header': 'X-Color',
      'color-url': JSON.stringify({ blue: `http://127.0.0.1:${port}`, green: `http://127.0.0.1:${port}` }),
    })
    server.close()
    expect(main).toMatchObject({ code: 1, outputs: { 'failed-phase': 'health' } })
    expectHarmless([main, post], canary)
    expect(await shop.answers()).toBe('blue v1')
  })
})
