import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { generatedFiles } from '../../scripts/generate/files.ts'
import { renderOutputsTable, renderSettingsTables, replaceSection } from '../../scripts/generate/tables.ts'
import { catalog, settingNames } from '../../src/settings/catalog/catalog.ts'

const read = (name: string) => {
  const file = new URL(`../../${name}`, import.meta.url)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

describe('generated files', () => {
  it.each(Object.entries(generatedFiles))(
    '%s is what the settings say (else: node scripts/generate.ts)',
    (name, render) => {
      const now = read(name)
      expect(now).toBe(render(now))
    },
  )

  it('action.yml has every setting, and a default only where it is an expression', () => {
    const { inputs, runs } = parse(read('action.yml'))
    expect(Object.keys(inputs)).toEqual(settingNames)
    const defaults = Object.entries(inputs as Record<string, { default?: string }>).filter(
      ([, input]) => input.default !== undefined,
    )
    expect(Object.fromEntries(defaults)).toMatchObject({
      'github-token': { default: expect.stringMatching(/^\$\{\{ github\.token \}\}$/) },
      'job-status': { default: expect.stringMatching(/^\$\{\{ job\.status \}\}$/) },
    })
    expect(defaults).toHaveLength(2)
    expect(runs).toEqual({ using: 'node24', main: 'dist/main/index.js', post: 'dist/post/index.js' })
  })

  it('no description holds an expression, which the runner would refuse', () => {
    const { description, inputs, outputs } = parse(read('action.yml'))
    const entries = Object.values({ ...inputs, ...outputs }) as { description: string }[]
    const descriptions = [description, ...entries.map((entry) => entry.description)]
    expect(descriptions.filter((text) => text.includes('${{') || text.includes('\n'))).toEqual([])
  })

  it('replaces what stands between its marks alone', () => {
    const readme = 'a\n<!-- settings:start -->\nold\n<!-- settings:end -->\nb\n'
    expect(replaceSection(readme, 'settings', 'new $& text')).toBe(
      'a\n<!-- settings:start -->\nnew $& text\n<!-- settings:end -->\nb\n',
    )
    expect(replaceSection('no marks', 'settings', 'new')).toBe('no marks')
  })

  it('tables have one row for each setting of a section, and for each output', () => {
    const rows = renderSettingsTables()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    const expected = settingNames.flatMap((name) => catalog[name].sections.map(() => name))
    expect(rows.map((line) => line.split('`')[1]).toSorted()).toEqual(expected.toSorted())
    expect(rows.every((line) => line.replaceAll('\\|', '').split('|').length === 6)).toBe(true)
    expect(renderOutputsTable()).toContain('| `rolled-back` |')
  })
})

describe('the catalog', () => {
  it.each(settingNames)('the default of %s is well written', (name) => {
    const setting = catalog[name]
    if (setting.default !== null)
      expect(setting.form.schema.safeParse(setting.default)).toHaveProperty('success', true)
    expect(setting.description).toMatch(/^[^\n]+[^.\n]$/)
  })
})
