/** Every setting, once. Inputs, tables, the editors' schema and the reading of values all come from here. */
import { commandTargetSettings } from './command.ts'
import { courseSettings } from './course.ts'
import { ecsSettings } from './ecs.ts'
import { hookSettings } from './hooks.ts'
import { kubernetesSettings } from './kubernetes.ts'
import { proofSettings } from './proof.ts'
import { releaseSettings } from './release.ts'
import { reportingSettings } from './reporting.ts'
import type { Setting, SettingValue } from './setting.ts'
import { sshSettings } from './ssh.ts'
import { vpsSettings } from './vps.ts'

const declared = {
  ...releaseSettings,
  ...proofSettings,
  ...hookSettings,
  ...courseSettings,
  ...reportingSettings,
  ...sshSettings,
  ...vpsSettings,
  ...kubernetesSettings,
  ...ecsSettings,
  ...commandTargetSettings,
}

export type SettingName = keyof typeof declared
export type Values = { readonly [N in SettingName]: SettingValue<(typeof declared)[N]> }

export const catalog: Readonly<Record<SettingName, Setting>> = declared
export const settingNames = Object.keys(declared) as readonly SettingName[]
export const secretSettings = settingNames.filter((name) => catalog[name].secret)

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(declared, name)

/** An input with a default is always given, so the file could never say another value. */
export const canStandInConfig = (name: SettingName) =>
  name !== 'config' && catalog[name].expression === undefined
