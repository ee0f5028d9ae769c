import { TargetUnreachable } from '../../target.ts'

/** What keeps us from the cluster until a person does something: trying again would change nothing. */
export class ClusterRefused extends TargetUnreachable {
  readonly setting: string
  readonly what: string
  readonly fix: string

  constructor({
    setting,
    what,
    fix,
  }: { readonly setting: string; readonly what: string; readonly fix: string }) {
    super(`${what} ${fix}`)
    this.setting = setting
    this.what = what
    this.fix = fix
  }
}
