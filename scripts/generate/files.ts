import { renderActionYml } from './action-yml.ts'
import { renderEditorSchema } from './editor-schema.ts'
import { renderOutputsTable, renderSettingsTables, replaceSection } from './tables.ts'

/** What each file should hold, given what it holds now. */
export const generatedFiles: Readonly<Record<string, (now: string) => string>> = {
  'action.yml': renderActionYml,
  'blue-green.schema.json': renderEditorSchema,
  'README.md': (now) =>
    replaceSection(replaceSection(now, 'settings', renderSettingsTables()), 'outputs', renderOutputsTable()),
}
