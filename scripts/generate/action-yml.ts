import { stringify } from 'yaml'
import { catalog, settingNames } from '../../src/settings/catalog/catalog.ts'
import { outputNames, outputs } from '../../src/settings/outputs.ts'
import { describe } from './prose.ts'

const preface = `# Written by scripts/generate.ts from src/settings: change it there.
# Defaults stand in the descriptions: given here, each would count as an input and win over the user's config file.
# For the same reason none is marked as required: what is required may stand in that file.
`

export function renderActionYml(): string {
  const action = {
    name: 'Blue-green deploy',
    description:
      'Prove a release on the idle color, move traffic without losing a request, and go back when anything breaks',
    branding: { icon: 'shuffle', color: 'blue' },
    inputs: Object.fromEntries(settingNames.map((name) => [name, inputOf(name)])),
    outputs: Object.fromEntries(outputNames.map((name) => [name, { description: `${outputs[name]}.` }])),
    runs: { using: 'node24', main: 'dist/main/index.js', post: 'dist/post/index.js' },
  }
  return preface + stringify(action, { lineWidth: 0 })
}

function inputOf(name: (typeof settingNames)[number]) {
  const setting = catalog[name]
  return {
    description: describe(setting),
    ...(setting.expression && { default: `\${{ ${setting.expression} }}` }),
  }
}
