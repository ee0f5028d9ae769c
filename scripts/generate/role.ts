/** What the docs show of a Role: the same text that a run prints where something is missing. */
import { parse } from 'yaml'
import { readSettings } from '../../src/settings/read.ts'
import { roleText, rulesFor } from '../../src/targets/kubernetes/preflight/role.ts'
import { replaceSection } from './tables.ts'

/** For the first step on the page. */
export function renderRole(page: string): string {
  const [, block = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? []
  const [step] = parse(block) as readonly { readonly with: object }[]
  return replaceSection(page, 'role', `\n\`\`\`yml\n${roleOf(step?.with ?? {})}\`\`\`\n`)
}

/** For a file that `config` names. */
export const renderRoleFile = (config: string): string =>
  `# What the action may do for shop, and no more: a run that lacks something prints all of it again.\n${roleOf({ image: 'shop', ...parse(config) })}`

/** Of what only a run knows any text will do. */
function roleOf(given: object): string {
  const text = JSON.stringify(given).replaceAll(/\$\{\{.*?\}\}/g, 'c0ffee')
  const environment = { GITHUB_SHA: 'c0ffee' }
  const reading = readSettings({ inputs: {}, config: { path: 'the example', text }, environment })
  if (reading.kind === 'problems') throw new Error(reading.problems.map((problem) => problem.text).join('\n'))
  if (reading.settings.target !== 'kubernetes') throw new Error('The example is for another target.')
  const { kubernetes, intent } = reading.settings
  const uses = {
    forwards: intent.services.some(({ colorUrl }) => colorUrl === null),
    removes: intent.oldColor === 'remove',
  }
  const namespace = kubernetes.namespace ?? 'default'
  const account = { app: kubernetes.app, namespace, user: `system:serviceaccount:${namespace}:deployer` }
  return roleText(account, rulesFor(kubernetes, uses))
}
