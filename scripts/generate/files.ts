import { readFileSync } from 'node:fs'
import { renderActionYml } from './action-yml.ts'
import { renderEditorSchema } from './editor-schema.ts'
import { renderForConfig, renderForStep } from './nginx.ts'
import { renderPolicy, renderPolicyFile } from './policy.ts'
import { renderRole, renderRoleFile } from './role.ts'
import { renderOutputsTable, renderSettingsTable, renderSettingsTables, replaceSection } from './tables.ts'

/** What each file should hold, given what it holds now. */
export const generatedFiles: Readonly<Record<string, (now: string) => string>> = {
  'action.yml': renderActionYml,
  'blue-green.schema.json': renderEditorSchema,
  'README.md': (now) =>
    replaceSection(replaceSection(now, 'settings', renderSettingsTables()), 'outputs', renderOutputsTable()),
  'docs/targets/vps.md': renderForStep,
  'docs/targets/kubernetes.md': renderRole,
  'docs/targets/ecs.md': (now) => renderPolicy(replaceSection(now, 'settings', renderSettingsTable('ecs'))),
  'examples/ecs/policy.json': () =>
    renderPolicyFile(read('examples/ecs/blue-green.yml'), read('examples/ecs/deploy.yml')),
  'examples/kubernetes/role.yaml': () => renderRoleFile(read('examples/kubernetes/blue-green.yml')),
  'examples/vps/README.md': (now) => renderForConfig(now, read('examples/vps/blue-green.yml')),
}

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
