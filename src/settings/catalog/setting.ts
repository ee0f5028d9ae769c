import { type Mode, modes } from '../../targets/intent.ts'
import type { Form, ValueOf } from '../forms/form.ts'

export const targetNames = ['vps', 'kubernetes', 'ecs', 'command'] as const
export type TargetName = (typeof targetNames)[number]

export const sections = ['all', 'ssh', 'vps', 'kubernetes', 'ecs', 'command'] as const
export type Section = (typeof sections)[number]

export interface Setting<T = unknown> {
  readonly sections: readonly Section[]
  /** In other modes it is ignored, so that one file can serve every mode. */
  readonly modes: readonly Mode[]
  readonly form: Form<T>
  /** As a user would write it. */
  readonly default: string | null
  /** What people are told where the default is not a constant. */
  readonly defaultNote?: string
  /** An expression the runner evaluates; such a setting can only be an input. */
  readonly expression?: string
  readonly required?: true
  /** One sentence without its full stop, and never an expression: the runner evaluates those in descriptions too. */
  readonly description: string
  readonly secret?: true
  /** false: the name is taken, and refused until it works. */
  readonly built: boolean
}

export type SettingValue<S> = S extends { readonly form: infer F; readonly default: infer D }
  ? ValueOf<F> | (D extends string ? never : null)
  : never

export const inAnyMode = { modes, default: null, built: true } as const
export const inModes = <const M extends readonly Mode[]>(...names: M) =>
  ({ modes: names, default: null, built: true }) as const
/** Every mode that may touch the target. */
export const inChangingModes = inModes('deploy', 'stage', 'promote', 'abort', 'rollback', 'cleanup', 'unlock')
export const planned = { modes, default: null, built: false } as const

export function targetsOf(setting: Setting): readonly TargetName[] {
  return targetNames.filter((target) =>
    setting.sections.some((section) => sectionTargets[section].includes(target)),
  )
}

const sectionTargets: Readonly<Record<Section, readonly TargetName[]>> = {
  all: targetNames,
  ssh: ['vps', 'command'],
  vps: ['vps'],
  kubernetes: ['kubernetes'],
  ecs: ['ecs'],
  command: ['command'],
}
