import { z } from 'zod'
import { canStandInConfig, catalog, settingNames } from '../../src/settings/catalog/catalog.ts'
import { describe } from './prose.ts'

/** For editors of the config file: https://json-schema.org/draft/2020-12 */
export function renderEditorSchema(): string {
  const names = settingNames.filter(canStandInConfig)
  const shape = names.map((name) => [
    name,
    catalog[name].form.schema.optional().describe(describe(catalog[name])),
  ])
  const { $schema, ...schema } = z.toJSONSchema(z.strictObject(Object.fromEntries(shape)), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => adoptEditorSchema(jsonSchema),
  })
  const title = 'Blue-green deploy: the file that the input `config` names'
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`
}

/** Text to us is often a number or a boolean to an editor: each form says what editors should take. */
function adoptEditorSchema(schema: Record<string, unknown>): void {
  const { editor } = schema
  if (typeof editor !== 'object' || editor === null) return
  for (const key of Object.keys(schema)) if (key !== 'description') delete schema[key]
  Object.assign(schema, editor)
}
