import type { PatchOperation } from '../guarding.ts'
import { pointer } from '../names.ts'
import type { Service } from '../objects.ts'

const path = pointer('spec', 'selector')

/** Tests the whole selector as it was read, and gives one key of it another value; undefined takes the key out. */
export function selecting(
  { spec: { selector = {} } }: Service,
  key: string,
  value: string | undefined,
): readonly PatchOperation[] {
  const test = { op: 'test', path, value: selector } as const
  if (selector[key] === value) return [test]
  const place = path + pointer(key)
  return [test, value === undefined ? { op: 'remove', path: place } : { op: 'add', path: place, value }]
}
