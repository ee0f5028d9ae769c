/** Settings that are refused by name, whatever their value. */
import { canStandInConfig, catalog, isSettingName, settingNames } from './catalog/catalog.ts'
import { type TargetName, targetNames, targetsOf } from './catalog/setting.ts'
import { listed } from './forms/choice.ts'
import { nearestName } from './forms/nearest.ts'
import type { Entry } from './given.ts'
import type { Fault } from './problem.ts'

export type Refusal = Pick<Fault, 'why' | 'nearest'>

/** `target`: as it was given, so that settings of another target can be told apart. */
export function refusalOf(entry: Entry, target: string): Refusal | null {
  const { name } = entry
  if (!isSettingName(name)) return { why: 'is not a setting', nearest: nearestName(name, settingNames) }
  const setting = catalog[name]
  const targets = targetsOf(setting)
  const known = targetNames.find((candidate) => candidate === target)
  if (known && !targets.includes(known)) return { why: belongsElsewhere(targets, known) }
  if (entry.place([]) !== null && !canStandInConfig(name)) {
    return { why: 'can only be given as an input of the step' }
  }
  return setting.built ? null : { why: 'is not available yet in this version' }
}

/** A target that is not built yet is one problem, not one for each of its settings. */
export function followsFromTarget(name: string, target: string): boolean {
  if (!isSettingName(name) || target === '' || target === 'command') return false
  const targets = targetsOf(catalog[name])
  return targets.length < targetNames.length && targets.some((candidate) => candidate === target)
}

const belongsElsewhere = (targets: readonly TargetName[], target: TargetName) =>
  `belongs to target ${listed(targets)}, not to target \`${target}\``
