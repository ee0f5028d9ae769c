/** examples/kubernetes as it stands. */
import { readFileSync } from 'node:fs'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../bed/folder.ts'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { startLoad } from '../bed/load.ts'
import { lacks } from '../programs.ts'
import { type Cluster, commandsIn, openCluster } from './cluster.ts'
import { inputsIn, smokeTest } from './job.ts'

const folder = join(import.meta.dirname, '../../examples/kubernetes')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

/** The folder as its reader has it, with the names of his own in it. */
async function copied({ here }: Cluster, to: string): Promise<string> {
  await cp(folder, to, { recursive: true })
  for (const name of await readdir(to))
    await writeFile(join(to, name), here(await readFile(join(to, name), 'utf8')))
  return to
}

const asked = async (url: string) => (await fetch(url, { headers: { connection: 'close' } })).text()

describe.skipIf(lacksKubernetes() || lacks('npm'))('the example for Kubernetes', { timeout: 600_000 }, () => {
  it('deploys twice and rolls back with no more rights than its Role, and users lose nothing', async () => {
    await using cluster = await openCluster()
    await using files = await temporaryFolder()
    const { registry, type } = cluster
    const manner = { environment: { DRAIN_MS: '2000' } }
    await registry.push('v0', { tag: 'latest', ...manner })
    for (const version of ['v1', 'v2']) await registry.push(version, manner)
    const place = await copied(cluster, join(files.path, 'example'))
    for (const commands of commandsIn(read('README.md'))) await type(commands, place)
    const kubeconfig = await cluster.secret()
    const url = await cluster.urlIn('shop')
    expect(await asked(url)).toBe('blue v0\n')

    const run = (workflow: string, version: string) =>
      cluster.runJob(
        {
          version,
          inputs: inputsIn(parse(read(workflow))),
          expressions: {
            'secrets.KUBECONFIG': kubeconfig,
            'inputs.reason': 'a drill',
            'inputs.version': '',
            'inputs.mode': 'rollback',
          },
          files: { '.github/blue-green.yml': read('blue-green.yml'), ...smokeTest },
        },
        'shop',
      )
    const replicas = async () =>
      (
        await type("kubectl -n shop get deployments -o jsonpath='{range .items[*]}{.spec.replicas} {end}'")
      ).trim()
    await using users = startLoad({ url, keepAlive: 2, fresh: 1, think: { min: 10, max: 30 } })

    for (const [version, color, left] of [
      ['v1', 'green', '0 2'],
      ['v2', 'blue', '2 0'],
    ] as const) {
      const { main, log } = await run('deploy.yml', version)
      expect(main.outputs, log).toMatchObject({ result: 'deployed', 'active-color': color })
      expect([await asked(url), await replicas()]).toEqual([`${color} ${version}\n`, left])
      expect(main.summary).toMatch(/answered by <code>(blue|green)<\/code>/)
    }
    const back = await run('rollback.yml', 'v2')
    expect(back.main.outputs, back.log).toMatchObject({ result: 'rolled-back', version: 'v1' })
    expect([await asked(url), await replicas()]).toEqual(['green v1\n', '0 2'])
    const { lost, answers } = await users.stop()
    expect(lost).toEqual([])
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['v0', 'v1', 'v2']))
  })
})

it('the Deployments of the example differ in color and replicas alone', () => {
  const [blue, green] = ['blue', 'green'].map((color) => parse(read(`deployment-${color}.yaml`)))
  const asGreen = JSON.parse(JSON.stringify(blue).replaceAll('blue', 'green'))
  expect({ ...asGreen, spec: { ...asGreen.spec, replicas: 0 } }).toEqual(green)
})
