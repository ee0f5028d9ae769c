/** What the docs show of an IAM policy: made from the settings, as whoever reads it has them. */
import { parse } from 'yaml'
import { readSettings } from '../../src/settings/read.ts'
import { policyFor, policyText } from '../../src/targets/ecs/preflight/policy.ts'
import { replaceSection } from './tables.ts'

/** For the first step on the page. */
export function renderPolicy(page: string): string {
  const [, block = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? []
  const steps = parse(block) as readonly { readonly uses: string; readonly with: object }[]
  return replaceSection(page, 'policy', `\n\`\`\`json\n${policyOf(ownStep(steps))}\`\`\`\n`)
}

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly uses?: string; readonly with?: object }[] }>
  >
}

/** For a file that `config` names, and the workflow that names the image. */
export function renderPolicyFile(config: string, workflow: string): string {
  const { jobs } = parse(workflow) as Workflow
  const { config: _, ...inputs } = ownStep(Object.values(jobs).flatMap(({ steps }) => steps)) as {
    readonly config?: string
  }
  return policyOf({ ...parse(config), ...inputs })
}

const ownStep = (steps: readonly { readonly uses?: string; readonly with?: object }[]): object =>
  steps.find(({ uses }) => uses?.startsWith('org/'))?.with ?? {}

/** Of what only a run knows any text will do. Task definitions and roles have the names that the example gives them. */
function policyOf(given: object): string {
  const text = JSON.stringify(given).replaceAll(/\$\{\{.*?\}\}/g, 'c0ffee')
  const environment = { GITHUB_SHA: 'c0ffee' }
  const reading = readSettings({ inputs: {}, config: { path: 'the example', text }, environment })
  if (reading.kind === 'problems') throw new Error(reading.problems.map((problem) => problem.text).join('\n'))
  if (reading.settings.target !== 'ecs') throw new Error('The example is for another target.')
  const { ecs, intent } = reading.settings
  const account = ecs.routes[0]?.arn.split(':')[4]
  return policyText(
    policyFor(ecs, {
      families: ecs.services.flatMap(({ ecsService: { blue, green } }) => [blue, green]),
      roles: ['task', 'execution'].map((name) => `arn:aws:iam::${account}:role/${ecs.app}-${name}`),
      images: intent.services.flatMap(({ image }) => image ?? []),
      alarms: intent.gates.length > 0,
    }),
  )
}
