/** examples/vps as it stands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { renderForConfig } from '../../scripts/generate/nginx.ts'
import { startLoad } from '../bed/load.ts'
import { lacks } from '../programs.ts'
import { lacksVps } from '../vps/lacks-vps.ts'
import { inputsIn, smokeTest } from './job.ts'
import { asOwner, openPremises, pasteIn } from './premises.ts'

const folder = join(import.meta.dirname, '../../examples/vps')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

const files = {
  '.github/blue-green.yml': read('blue-green.yml'),
  ...smokeTest,
}
const expressions = {
  'secrets.ENV_FILE_CONTENT': 'GREETING=good-morning',
  'inputs.reason': 'a drill',
  'inputs.version': '',
  'inputs.mode': 'rollback',
}

describe.skipIf(lacksVps() || lacks('npm'))('the example for a VPS', { timeout: 600_000 }, () => {
  it('deploys twice and rolls back, and users of both services lose nothing', async () => {
    await using premises = await openPremises()
    const { server, registry, urls, here } = premises
    for (const version of ['v1', 'v2'])
      for (const name of ['shop-frontend', 'shop-backend']) await registry.push(version, { name })
    const run = (workflow: string, version: string) =>
      premises.runJob({ version, inputs: inputsIn(parse(read(workflow))), expressions, files })
    const containers = async () =>
      (await server.type("docker ps -a --format '{{.Names}} {{.State}}'")).trim().split('\n').toSorted()
    const trio = (color: string, state: string) =>
      ['backend', 'frontend', 'worker'].map((service) => `shop-${color}-${service}-1 ${state}`)

    await server.type(asOwner(here(/^ *sudo install .*$/m.exec(read('README.md'))?.[0] ?? '')))
    for (const color of ['blue', 'green']) {
      const name = `docker-compose.${color}.yml`
      await server.write(`/srv/shop/${name}`, here(read(name)))
    }
    await server.type(asOwner(here(pasteIn(read('README.md')))))
    await server.write('/etc/nginx/conf.d/shop.conf', here(read('shop.conf')))
    await server.type('nginx -t && nginx -s reload')

    const first = await run('deploy.yml', 'v1')
    expect(first.main.outputs, first.log).toMatchObject({ result: 'deployed', 'active-color': 'green' })
    expect(await containers()).toEqual(trio('green', 'running'))
    expect(await server.type('cat /srv/shop/.env.green')).toContain('GREETING=good-morning')

    const users = Object.values(urls).map((url) =>
      startLoad({ url, keepAlive: 2, fresh: 1, think: { min: 10, max: 30 } }),
    )
    const second = await run('deploy.yml', 'v2')
    expect(second.main.outputs, second.log).toMatchObject({ result: 'deployed', 'active-color': 'blue' })
    expect(second.main.summary).toMatch(/answered by <code>(blue|green)<\/code>/)
    expect(await containers()).toEqual([...trio('blue', 'running'), ...trio('green', 'exited')])
    const back = await run('rollback.yml', 'v2')
    expect(back.main.outputs, back.log).toMatchObject({ result: 'rolled-back', version: 'v1' })
    expect(await containers()).toEqual([...trio('blue', 'exited'), ...trio('green', 'running')])
    for (const load of users) {
      const { lost, answers } = await load.stop()
      expect(lost).toEqual([])
      expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['v1', 'v2']))
    }
  })
})

const withoutComments = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(/\s*#.*$/, '').trim())
    .filter((line) => line !== '')

it('the site of the example is what a first run tells to write', () => {
  const page = renderForConfig('<!-- edit:start -->\n<!-- edit:end -->', read('blue-green.yml'))
  const [, advice = ''] = /```nginx\n([\s\S]*?)```/.exec(page) ?? []
  expect(withoutComments(advice).length).toBeGreaterThan(10)
  expect(withoutComments(read('shop.conf'))).toEqual(expect.arrayContaining(withoutComments(advice)))
})

it('the compose files of the example differ in their ports and env files alone', () => {
  const [blue, green] = ['blue', 'green'].map((color) => parse(read(`docker-compose.${color}.yml`)))
  const asGreen = JSON.stringify(blue)
    .replaceAll('.env.blue', '.env.green')
    .replaceAll(/301([01])/g, '302$1')
  expect(JSON.parse(asGreen)).toEqual(green)
})
