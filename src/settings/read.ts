import type { CommandSettings } from '../targets/command/settings.ts'
import type { EcsSettings } from '../targets/ecs/settings.ts'
import { type Intent, type JobStatus, type Mode, modes } from '../targets/intent.ts'
import type { KubernetesSettings } from '../targets/kubernetes/settings.ts'
import type { VpsSettings } from '../targets/vps/settings.ts'
import { commandSettingsOf, intentOf } from './build.ts'
import { catalog, isSettingName, settingNames, type Values } from './catalog/catalog.ts'
import type { Setting } from './catalog/setting.ts'
import { ecsSettingsOf } from './ecs.ts'
import { type Finding, findingsOf } from './findings.ts'
import { type Entry, entriesOf, type Given } from './given.ts'
import { kubernetesSettingsOf } from './kubernetes.ts'
import { type Fault, problemOf, redact, type SettingProblem } from './problem.ts'
import { foreignKeysOf, refusalOf } from './refusals.ts'
import { brokenRules } from './rules.ts'
import { secretsOf } from './secrets.ts'
import { type HostSettings, hostsOf } from './ssh.ts'
import { vpsSettingsOf } from './vps.ts'

export type Settings = CommonSettings & TargetSettings

type TargetSettings =
  | { readonly target: 'command'; readonly command: CommandSettings }
  | { readonly target: 'vps'; readonly vps: VpsSettings }
  | { readonly target: 'kubernetes'; readonly kubernetes: KubernetesSettings }
  | { readonly target: 'ecs'; readonly ecs: EcsSettings }

export interface CommonSettings {
  readonly intent: Intent
  /** At least one. */
  readonly hosts: readonly HostSettings[]
  readonly githubToken: string | null
  /** How the job stands; null where nobody said it. */
  readonly jobStatus: JobStatus | null
  /** Values to mask in logs. */
  readonly secrets: readonly string[]
  readonly warnings: readonly string[]
}

export type Reading =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'problems'; readonly problems: readonly SettingProblem[] }

/** Never throws, and finds every problem at once. */
export function readSettings(given: Given): Reading {
  const { entries, problems: unreadable } = entriesOf(given)
  const secrets = secretsOf(entries)
  const mode = modes.find((known) => known === textOf(entries, 'mode')) ?? 'deploy'
  const parsed = parseEntries(entries, textOf(entries, 'target'))
  const values = valuesFor(mode, parsed.values)
  const unknown = new Set([...unreadable, ...parsed.problems].map(({ setting }) => setting.split('.')[0]))
  const isFileUnread = unreadable.some(({ setting }) => setting === 'config')
  const broken = brokenRules({
    values,
    environment: given.environment,
    isUnknown: (name) => isFileUnread || unknown.has(name),
    raw: (name) => entries.find((entry) => entry.name === name)?.raw,
  })
  const problems = [...unreadable, ...parsed.problems, ...broken.map(problemOf)]
  if (problems.length > 0) {
    return { kind: 'problems', problems: problems.map((problem) => redact(problem, secrets)) }
  }
  return { kind: 'settings', settings: settingsOf(values, given, secrets) }
}

function settingsOf(values: Values, { environment }: Given, secrets: readonly string[]): Settings {
  const { jobStatus, warnings } = jobStatusOf(values['job-status'])
  return {
    ...ofTheTarget(values),
    intent: intentOf(values, environment),
    hosts: hostsOf(values),
    githubToken: values['github-token'],
    jobStatus,
    secrets,
    warnings,
  }
}

function ofTheTarget(values: Values): TargetSettings {
  switch (values.target) {
    case 'vps':
      return { target: 'vps', vps: vpsSettingsOf(values) }
    case 'kubernetes':
      return { target: 'kubernetes', kubernetes: kubernetesSettingsOf(values) }
    case 'ecs':
      return { target: 'ecs', ecs: ecsSettingsOf(values) }
    default:
      return { target: 'command', command: commandSettingsOf(values) }
  }
}

function jobStatusOf(text: string | null): Pick<CommonSettings, 'jobStatus' | 'warnings'> {
  if (text === null) return { jobStatus: null, warnings: [] }
  if (text === 'success' || text === 'failure' || text === 'cancelled')
    return { jobStatus: text, warnings: [] }
  const warning = `\`job-status\`: \`${text}\` is not the status of a job. When the job ends it counts as failed, and traffic goes back. Leave this setting out.`
  return { jobStatus: null, warnings: [warning] }
}

interface ParsedEntries {
  readonly values: ReadonlyMap<string, unknown>
  readonly problems: readonly SettingProblem[]
}

function parseEntries(entries: readonly Entry[], target: string): ParsedEntries {
  const values = new Map<string, unknown>()
  const problems: SettingProblem[] = []
  for (const entry of entries) {
    const read = parseEntry(entry, target)
    if (read.kind === 'value') values.set(entry.name, read.value)
    else problems.push(...read.faults.map((fault) => problemOf({ ...fault, secret: isSecret(entry.name) })))
  }
  return { values, problems }
}

type EntryReading =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }

function parseEntry({ name, raw, place }: Entry, target: string): EntryReading {
  const refusal = refusalOf({ name, raw, place }, target)
  if (refusal || !isSettingName(name)) {
    const why = refusal?.why ?? 'is not a setting'
    return {
      kind: 'faults',
      faults: [{ ...refusal, why, setting: name, raw, subject: 'setting', place: place([name]) }],
    }
  }
  const { schema, accepted } = catalog[name].form
  const result = schema.safeParse(raw)
  const foreign = name === 'services' ? foreignKeysOf(raw, target) : []
  const isForeign = ({ path }: Finding) =>
    foreign.some((key) => key.path.every((part, index) => part === path[index]))
  const misfits = result.success ? [] : findingsOf(result.error.issues, raw, accepted)
  const findings = [...misfits.filter((finding) => !isForeign(finding)), ...foreign]
  if (result.success && findings.length === 0) return { kind: 'value', value: result.data }
  const faults = findings.map(({ path, ...finding }) => ({
    ...finding,
    setting: [name, ...path].join('.'),
    place: place([name, ...path]) ?? place([name]),
  }))
  return { kind: 'faults', faults }
}

/** What was given where the mode asks for it, the default elsewhere. */
function valuesFor(mode: Mode, given: ReadonlyMap<string, unknown>): Values {
  const values = settingNames.map((name) => {
    const setting = catalog[name]
    const counts = given.has(name) && setting.modes.includes(mode)
    return [name, counts ? given.get(name) : defaultOf(setting)] as const
  })
  // Each value comes from the form that declares its type.
  return Object.fromEntries(values) as unknown as Values
}

function defaultOf(setting: Setting): unknown {
  if (setting.default === null || !setting.built) return null
  return setting.form.schema.parse(setting.default)
}

const isSecret = (name: string) => isSettingName(name) && catalog[name].secret === true

function textOf(entries: readonly Entry[], name: string): string {
  const raw = entries.find((entry) => entry.name === name)?.raw
  return typeof raw === 'string' ? raw : ''
}
