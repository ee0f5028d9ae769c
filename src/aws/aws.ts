/** AWS, as everything here asks it. */
import { ChangeFailed } from '../targets/target.ts'
import type { Action, InputOf, OutputOf } from './calls.ts'

export interface Aws {
  /** Sent so far, each repetition counted. */
  readonly requests: number
  /** Throws AccessRefused where neither the settings nor the environment name one. */
  region(): Promise<string>
  /**
   * Throws Refusal where AWS answers that it will not, AccessRefused where it does not know who we are, and TargetUnreachable where
   * no answer came, or none to go by: what became of a change is unknown then.
   */
  ask<A extends Action>(action: A, input: InputOf<A>, terms?: Terms): Promise<OutputOf<A>>
  /** When the credentials of this run end, in milliseconds since 1970; null: nobody says, or they are renewed. */
  expiration(): Promise<number | null>
  /** By the clock of AWS as it was heard last, in milliseconds: the one clock that all runners share. */
  now(): number
  close(): void
}

export interface Terms {
  /** By the monotonic clock: from then on it is sent no more, neither at first nor anew. */
  readonly until: number
}

/** AWS has answered, and nothing was changed. */
export class Refusal extends ChangeFailed {
  /** As AWS calls it: `ParameterAlreadyExists`. */
  readonly code: string
  /** Where it is one that a policy does not give. */
  readonly permission: Permission | null

  constructor(
    message: string,
    { code, permission, cause }: ErrorOptions & Pick<Refusal, 'code' | 'permission'>,
  ) {
    super(message, { cause })
    this.code = code
    this.permission = permission
  }
}

export interface Permission {
  /** Not always that of the call: registering a task definition needs `iam:PassRole`. */
  readonly action: string
  readonly resource: string
}

export const isRefused = (error: unknown, code: string): error is Refusal =>
  error instanceof Refusal && error.code === code
