import { TargetUnreachable } from '../../targets/target.ts'
import { locate } from '../operation.ts'
import { type Course, operationOf } from './course.ts'

/**
 * Throws when the router is not where the operation left it: somebody else moves traffic too. A router that cannot be read has
 * not moved, and throws TargetUnreachable.
 */
export async function assertTrafficStayed(course: Course): Promise<void> {
  const operation = operationOf(course)
  const traffic = await course.session.target.router.observe()
  if (traffic.kind === 'unknown') throw new TargetUnreachable(`The router cannot be read: ${traffic.detail}`)
  const expected = operation.traffic === 'to' ? 'to' : 'from'
  const position = locate(operation, traffic)
  if (position === expected) return
  throw new Error(
    `The router should name ${expected === 'to' ? operation.to : operation.observed}, and it is ${
      traffic.kind === 'color' ? traffic.color : traffic.kind
    }: somebody else moved traffic.`,
  )
}
