/** What the docs show of nginx: the same texts that a first run prints. */
import { parse } from 'yaml'
import { readSettings } from '../../src/settings/read.ts'
import { editText } from '../../src/targets/vps/nginx-flag/edits.ts'
import { pasteText } from '../../src/targets/vps/nginx-flag/paste.ts'
import type { VpsSettings } from '../../src/targets/vps/settings.ts'
import { replaceSection } from './tables.ts'

/** For the first step on the page. */
export function renderForStep(page: string): string {
  const [, block = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? []
  const [step] = parse(block) as readonly { readonly with: Inputs }[]
  return render(page, step?.with ?? {})
}

/** For a file that `config` names. */
export const renderForConfig = (page: string, config: string): string => render(page, parse(config))

type Inputs = Readonly<Record<string, unknown>>

function render(page: string, given: Inputs): string {
  const settings = settingsOf(given)
  const [owner = ''] = String(given['ssh-host']).split('@')
  const paste = replaceSection(page, 'paste', fenced('sh', pasteText({ settings, owner })))
  return replaceSection(paste, 'edit', fenced('nginx', editText(settings)))
}

/** Keys do not matter here, and of what only a run knows any text will do. */
function settingsOf(given: Inputs): VpsSettings {
  const { 'ssh-key': _, 'ssh-known-hosts': __, ...rest } = given
  const text = JSON.stringify({ ...rest, 'ssh-host': 'local' }).replaceAll(/\$\{\{.*?\}\}/g, 'c0ffee')
  const environment = { GITHUB_SHA: 'c0ffee', RUNNER_ENVIRONMENT: 'self-hosted' }
  const reading = readSettings({ inputs: {}, config: { path: 'the example', text }, environment })
  if (reading.kind === 'problems') throw new Error(reading.problems.map((problem) => problem.text).join('\n'))
  if (reading.settings.target !== 'vps') throw new Error('The example is for another target.')
  return reading.settings.vps
}

const fenced = (language: string, text: string) => `\n\`\`\`${language}\n${text}\n\`\`\`\n`
