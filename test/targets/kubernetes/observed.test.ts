import { describe, expect, test } from 'vitest'
import { isObserved, stampedDeployments } from '../../../src/targets/kubernetes/observed.ts'

const at = (generation: number, observedGeneration = generation) => ({
  metadata: { name: 'shop-blue', generation, managedFields: [], ownerReferences: [] },
  status: { observedGeneration },
})

describe('a Deployment that its controller has not looked at', () => {
  test.each([
    ['as it is', at(4), true],
    ['before it was changed', at(4, 3), false],
  ])('%s', (_, deployment, expected) => {
    expect(isObserved(deployment)).toBe(expected)
    expect(stampedDeployments().isObserved(deployment)).toBe(expected)
  })

  test('is what it was when nothing but our fence is new', () => {
    const stamped = stampedDeployments()
    stamped.learn(at(4), at(5, 4))
    expect(stamped.isObserved(at(5, 4))).toBe(true)
    expect(stamped.isObserved(at(5, 3))).toBe(false)
    stamped.learn(at(5, 4), at(6, 4))
    expect(stamped.isObserved(at(6, 4))).toBe(true)
  })

  test('is not, when others have changed it as well', () => {
    const stamped = stampedDeployments()
    stamped.learn(at(4), at(6, 4))
    expect(stamped.isObserved(at(6, 4))).toBe(false)
    stamped.learn(at(6, 4), at(7, 4))
    expect(stamped.isObserved(at(7, 4))).toBe(false)
    expect(stamped.isObserved(at(8, 6))).toBe(false)
  })
})
