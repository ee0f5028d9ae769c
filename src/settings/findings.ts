/** What zod found, said for people. */
import type { z } from 'zod'
import { nearestName } from './forms/nearest.ts'
import { isList, isMap, type Raw } from './yaml.ts'

export interface Finding {
  readonly path: readonly string[]
  readonly why: string
  readonly subject: 'value' | 'setting'
  readonly raw: Raw | undefined
  readonly accepted: string | null
  readonly nearest: string | null
}

type Issue = z.core.$ZodIssue

export function findingsOf(issues: readonly Issue[], raw: Raw, accepted: string): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    const found = { path, raw: valueAt(raw, path), accepted, nearest: null }
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => unknownKey(found.path, key, issue.message))
      case 'invalid_union':
        return inUnion(issue, found)
      case 'invalid_key':
        return {
          ...found,
          why: issue.issues[0]?.message ?? issue.message,
          subject: 'setting' as const,
          accepted: null,
        }
      case 'invalid_type':
        return misfit(found, issue.message)
      case 'custom':
        return { ...found, why: issue.message, subject: 'value' as const, ...issue.params }
      default:
        return { ...found, why: issue.message, subject: 'value' as const }
    }
  })
}

/** Speaks for the branch that was meant: the one whose kind of value was given. */
function inUnion(issue: Extract<Issue, { code: 'invalid_union' }>, found: Omit<Finding, 'why' | 'subject'>) {
  const meant = issue.errors.find((branch) => !isForAnotherKind(branch))
  if (!meant || found.raw === undefined) return misfit(found, issue.message)
  return findingsOf(meant, found.raw, issue.message).map((inner) => ({
    ...inner,
    path: [...found.path, ...inner.path],
  }))
}

const isForAnotherKind = (branch: readonly Issue[]): boolean =>
  branch.some(
    (issue) =>
      issue.path.length === 0 &&
      (issue.code === 'invalid_type' ||
        (issue.code === 'invalid_union' && issue.errors.every(isForAnotherKind))),
  )

function misfit(found: Omit<Finding, 'why' | 'subject'>, accepted: string): Finding {
  return found.raw === undefined
    ? { ...found, accepted, why: 'is missing', subject: 'setting' }
    : { ...found, accepted, why: 'cannot stand here', subject: 'value' }
}

function unknownKey(path: readonly string[], key: string, keys: string): Finding {
  const known = keys.split(', ')
  const nearest = nearestName(key, known)
  const accepted = known.map((name) => `\`${name}\``).join(', ')
  return { path: [...path, key], why: 'is not known', subject: 'setting', raw: undefined, accepted, nearest }
}

function valueAt(raw: Raw, path: readonly string[]): Raw | undefined {
  return path.reduce<Raw | undefined>((value, key) => {
    if (isList(value)) return value[Number(key)]
    return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }, raw)
}
