/** Whether a policy allows what was asked of AWS. */
import { calls } from '../../src/aws/calls.ts'
import type { Call } from '../bed/aws/control.ts'

interface Policy {
  readonly Statement: readonly { readonly Action: string | readonly string[] }[]
}

/** Nobody can be denied to learn who he is: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
const needsNone = 'sts:GetCallerIdentity'

/** Each once, by the name that IAM knows it by. */
export function notPermitted(made: readonly Call[], { Statement }: Policy): readonly string[] {
  const allowed = new Set([needsNone, ...Statement.flatMap(({ Action }) => Action)])
  return [...new Set(made.map(({ operation }) => actionOf(operation)))].filter(
    (action) => !allowed.has(action),
  )
}

const actionOf = (operation: string): string =>
  Object.keys(calls).find((action) => action.endsWith(`:${operation}`)) ?? operation
