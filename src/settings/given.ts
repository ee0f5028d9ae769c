/** What was given, from both places: the inputs of the step, and the file that the input `config` names. */

import { canStandInConfig, catalog, isSettingName } from './catalog/catalog.ts'
import { problemOf, type SettingProblem } from './problem.ts'
import { isList, isMap, type Raw, readYaml } from './yaml.ts'

export interface Given {
  /** Setting name → text as it was given; empty: not given. */
  readonly inputs: Readonly<Record<string, string>>
  /** null where no file was named, or where it could not be read. */
  readonly config: { readonly path: string; readonly text: string } | null
  /** `GITHUB_SHA`, `RUNNER_ENVIRONMENT`, and `GITHUB_REPOSITORY_VISIBILITY`, which the runner does not set: it is in the event. */
  readonly environment: Readonly<Record<string, string>>
}

export interface Entry {
  readonly name: string
  readonly raw: Raw
  /** Where it stands, for people; null: an input. */
  place(path: readonly string[]): string | null
}

export interface Entries {
  readonly entries: readonly Entry[]
  readonly problems: readonly SettingProblem[]
}

/** An input wins over the file, as a whole: maps are not merged. */
export function entriesOf(given: Given): Entries {
  const fromInputs = inputEntries(given.inputs)
  const fromConfig = configEntries(given)
  const isInput = new Set([
    ...fromInputs.entries.map(({ name }) => name),
    ...fromInputs.problems.map(({ setting }) => setting),
  ])
  // What cannot stand in the file is kept for its refusal: silence would leave it there.
  const isMisplaced = (name: string) => isSettingName(name) && !canStandInConfig(name)
  const counts = ({ name }: Entry) => !isInput.has(name) || isMisplaced(name)
  return {
    entries: [...fromInputs.entries, ...fromConfig.entries.filter(counts)],
    problems: [...fromInputs.problems, ...fromConfig.problems],
  }
}

function inputEntries(inputs: Given['inputs']): Entries {
  const entries: Entry[] = []
  const problems: SettingProblem[] = []
  for (const [name, untrimmed] of Object.entries(inputs)) {
    const text = untrimmed.trim()
    if (text === '') continue
    const read = readInput(name, text)
    if (read.kind === 'value') entries.push({ name, raw: read.value, place: () => null })
    else problems.push(read.problem)
  }
  return { entries, problems }
}

type InputReading =
  | { readonly kind: 'value'; readonly value: Raw }
  | { readonly kind: 'problem'; readonly problem: SettingProblem }

function readInput(name: string, text: string): InputReading {
  const reading = isSettingName(name) && catalog[name].built ? catalog[name].form.input : 'text'
  if (reading === 'text') return { kind: 'value', value: text }
  const yaml = readYaml(text)
  if (reading !== 'yaml') {
    const meant = yaml.kind === 'value' && hasShape(yaml.value, reading, text)
    return { kind: 'value', value: meant ? yaml.value : text }
  }
  if (yaml.kind === 'value') return yaml
  const why = `is not YAML${position(yaml)}: ${yaml.why}`
  return { kind: 'problem', problem: problemOf({ setting: name, why, subject: 'setting' }) }
}

/**
 * `{ echo; }` and `[ -f x ]` are YAML and shell: a map counts with one of the keys, a list where its items stand on lines of
 * their own or hold such maps.
 */
function hasShape(raw: Raw, keys: readonly string[], text: string): boolean {
  if (isList(raw)) return text.startsWith('- ') || raw.some((item) => hasShape(item, keys, ''))
  return isMap(raw) && keys.some((key) => Object.hasOwn(raw, key))
}

function configEntries({ config, inputs }: Given): Entries {
  const named = inputs.config?.trim() ?? ''
  if (config === null) {
    if (named === '') return { entries: [], problems: [] }
    const why = 'could not be read'
    return refused({
      setting: 'config',
      raw: named,
      why,
      subject: 'value',
      accepted: 'the path of a file in the workspace',
    })
  }
  const yaml = readYaml(config.text)
  if (yaml.kind === 'broken') {
    return refused({
      setting: 'config',
      raw: config.path,
      why: `is not YAML${position(yaml)}: ${yaml.why}`,
      subject: 'value',
    })
  }
  if (yaml.value === '') return { entries: [], problems: [] }
  if (!isMap(yaml.value)) {
    const accepted = 'a YAML map of settings, such as `app: shop`'
    return refused({
      setting: 'config',
      raw: config.path,
      why: 'does not hold a map',
      subject: 'value',
      accepted,
    })
  }
  const place = (path: readonly string[]) => {
    const line = path
      .map((_, index) => yaml.lineOf(path.slice(0, path.length - index)))
      .find((found) => found !== null)
    return line ? `${config.path}, line ${line}` : config.path
  }
  const entries = Object.entries(yaml.value)
    .filter(([, raw]) => raw !== '')
    .map(([name, raw]) => ({ name, raw, place }))
  return { entries, problems: [] }
}

const refused = (fault: Parameters<typeof problemOf>[0]): Entries => ({
  entries: [],
  problems: [problemOf(fault)],
})

const position = ({ line, column }: { readonly line: number | null; readonly column: number | null }) =>
  line === null ? '' : ` at line ${line}, column ${column}`
