/** The quick start for Kubernetes, for an app that begins with a color and for one that has never heard of colors. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { startLoad } from '../bed/load.ts'
import { type Cluster, openCluster } from './cluster.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/targets/kubernetes.md'), 'utf8')
const blockOf = (language: string, holding: string): string =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))]
    .map(([, text = '']) => text)
    .find((text) => text.includes(holding)) ?? ''

const manifests = blockOf('yml', 'name: shop-blue')
const [step] = parse(blockOf('yaml', 'uses: org/')) as [{ readonly with: Readonly<Record<string, string>> }]

const withoutColor = manifests.replaceAll(', color: blue', '').replace('shop-blue', 'shop')

/** What a person copies out of a report: comments are for him, and the rest is commands. */
const commandsIn = (report: string): string =>
  report
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('kubectl '))
    .join('\n')

describe.skipIf(lacksKubernetes())('the quick start for Kubernetes', { timeout: 600_000 }, () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await openCluster()
    const manner = { environment: { DRAIN_MS: '2000' } }
    await cluster.registry.push('v0', { tag: 'latest', ...manner })
    for (const version of ['v1', 'v2']) await cluster.registry.push(version, manner)
  }, 180_000)
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  const run = async (version: string, namespace: string) =>
    cluster.runJob(
      {
        version,
        inputs: { ...step.with, namespace },
        expressions: { 'secrets.KUBECONFIG': await cluster.type('cat "$KUBECONFIG"') },
      },
      namespace,
    )

  async function created(namespace: string, objects: string) {
    await cluster.type(
      `kubectl create namespace ${namespace}
kubectl -n ${namespace} create -f - <<'YAML'
${objects}YAML
kubectl -n ${namespace} rollout status "$(kubectl -n ${namespace} get deployments -o name)"`,
    )
    const url = await cluster.urlIn(namespace)
    return startLoad({ url, keepAlive: 2, fresh: 2, think: { min: 10, max: 40 } })
  }

  async function expectTwoDeployments(namespace: string) {
    for (const [version, color] of [
      ['v1', 'green'],
      ['v2', 'blue'],
    ] as const) {
      const { main, log } = await run(version, namespace)
      expect(main.outputs, log).toMatchObject({ result: 'deployed', 'active-color': color })
    }
  }

  it('needs one Deployment, and makes the other', async () => {
    await using users = await created('shop', manifests)
    await expectTwoDeployments('shop')
    const { lost, answers } = await users.stop()
    expect(lost).toEqual([])
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['v0', 'v1', 'v2']))
  })

  it('gives an app without a color one, by the commands that the first run prints', async () => {
    await using users = await created('plain', withoutColor)
    const first = await run('v1', 'plain')
    expect(first.main.outputs, first.log).toMatchObject({ result: 'failed', switched: 'false' })
    const commands = commandsIn(first.main.summary)
    expect(commandsIn(first.main.log)).toContain(commands)
    await cluster.type(commands)
    await expectTwoDeployments('plain')
    const { lost, answers } = await users.stop()
    expect(lost).toEqual([])
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['v0', 'v1', 'v2']))
  })
})
