import { catalog, settingNames } from '../../src/settings/catalog/catalog.ts'
import { type Section, type Setting, sections } from '../../src/settings/catalog/setting.ts'
import { outputNames, outputs } from '../../src/settings/outputs.ts'
import { modes } from '../../src/targets/intent.ts'
import { defaultOf } from './prose.ts'

const titles: Readonly<Record<Section, string>> = {
  all: 'All targets',
  ssh: 'SSH (targets `vps` and `command`)',
  vps: 'Target `vps`',
  kubernetes: 'Target `kubernetes`',
  ecs: 'Target `ecs`',
  command: 'Target `command`',
}

export const renderSettingsTables = (): string =>
  sections.map((section) => `### ${titles[section]}\n\n${renderSettingsTable(section)}`).join('\n\n')

export function renderSettingsTable(section: Section): string {
  const names = settingNames.filter((name) => catalog[name].sections.includes(section))
  const rows = names.map((name) =>
    row([`\`${name}\``, modesOf(catalog[name]), usualOf(catalog[name]), meaningOf(catalog[name])]),
  )
  return [row(['setting', 'modes', 'default', 'meaning']), row(Array(4).fill('---')), ...rows].join('\n')
}

export function renderOutputsTable(): string {
  const rows = outputNames.map((name) => row([`\`${name}\``, `${outputs[name]}.`]))
  return [row(['output', 'meaning']), row(['---', '---']), ...rows].join('\n')
}

/** Replaces what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->`; a text without them stays as it is. */
export function replaceSection(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
  const from = text.indexOf(start)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) return text
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`
}

const row = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const modesOf = (setting: Setting) => {
  const missing = modes.filter((mode) => !setting.modes.includes(mode))
  if (missing.length === 0) return 'all'
  return missing.length === 1 ? `all but ${missing[0]}` : setting.modes.join(', ')
}

const usualOf = (setting: Setting) => (setting.required ? 'required' : (defaultOf(setting) ?? '–'))

const meaningOf = (setting: Setting) =>
  `${setting.built ? '' : '*Not available yet.* '}${setting.description}.`
