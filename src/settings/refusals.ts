/** Settings that are refused by name, whatever their value. */
import {
  canStandInConfig,
  catalog,
  isSettingName,
  type SettingName,
  settingNames,
} from './catalog/catalog.ts'
import { type TargetName, targetNames, targetsOf } from './catalog/setting.ts'
import type { Finding } from './findings.ts'
import { listed } from './forms/choice.ts'
import { nearestName } from './forms/nearest.ts'
import type { Entry } from './given.ts'
import type { Fault } from './problem.ts'
import { isMap, type Raw } from './yaml.ts'

export type Refusal = Pick<Fault, 'why' | 'nearest' | 'accepted'>

/** `target`: as it was given, so that settings of another target can be told apart. */
export function refusalOf(entry: Entry, target: string): Refusal | null {
  const { name } = entry
  if (!isSettingName(name)) return { why: 'is not a setting', nearest: nearestName(name, settingNames) }
  const setting = catalog[name]
  const targets = targetsOf(setting)
  const known = targetNamed(target)
  if (known && !targets.includes(known)) {
    return { why: belongsElsewhere(targets, known), accepted: insteadOf(name, known) }
  }
  if (entry.place([]) !== null && !canStandInConfig(name)) {
    return { why: 'can only be given as an input of the step' }
  }
  return setting.built ? null : { why: 'is not available yet in this version' }
}

/** What a user of another target most likely wants. */
function insteadOf(name: SettingName, target: TargetName): string | null {
  if (name !== 'commands') return null
  const hooks = 'hooks such as `before-deploy`'
  return target === 'vps' ? `${hooks}, with \`where: target\` for a command on the host` : hooks
}

/** Keys of services that are for another target. */
export function foreignKeysOf(services: Raw, target: string): readonly Finding[] {
  const known = targetNamed(target)
  if (!known || !isMap(services)) return []
  return Object.entries(services).flatMap(([service, own]) =>
    Object.keys(isMap(own) ? own : {})
      .filter((key) => !targetsOfKey(key).includes(known))
      .map((key) => ({
        path: [service, key],
        why: belongsElsewhere(targetsOfKey(key), known),
        subject: 'setting',
        raw: undefined,
        accepted: null,
        nearest: null,
      })),
  )
}

const targetsOfKey = (key: string): readonly TargetName[] => {
  if (key === 'start') return ['vps', 'kubernetes', 'ecs']
  return isSettingName(key) ? targetsOf(catalog[key]) : targetNames
}

const targetNamed = (target: string) => targetNames.find((name) => name === target)

export const belongsElsewhere = (targets: readonly TargetName[], target: TargetName) =>
  `belongs to target ${listed(targets)}, not to target \`${target}\``
