import { TargetUnreachable } from '../../target.ts'

/** What keeps us from AWS until a person does something: trying again would change nothing. */
export class AwsRefused extends TargetUnreachable {
  readonly setting: string
  readonly what: string
  readonly fix: string

  constructor({
    setting,
    what,
    fix,
    cause,
  }: ErrorOptions & { readonly setting: string; readonly what: string; readonly fix: string }) {
    super(`${what} ${fix}`, { cause })
    this.setting = setting
    this.what = what
    this.fix = fix
  }
}
