import { expect, it } from 'vitest'
import { nothing, remember } from '../../../../src/targets/ecs/runtime/memory.ts'

type Look = readonly [desired: number, serving: string]

/** Each letter is a target that is healthy, in two target groups. */
const restartsAfter = (...looks: readonly Look[]) =>
  looks.reduce(
    (memory, [desired, serving]) =>
      remember(memory, { desiredCount: desired, runningCount: serving.length }, [
        serving.split(''),
        serving.toUpperCase().split(''),
      ]),
    nothing,
  ).restarts

it.each<readonly [number, string, readonly Look[]]>([
  [
    0,
    'when nothing happens',
    [
      [2, 'ab'],
      [2, 'ab'],
    ],
  ],
  [
    0,
    'when an autoscaler asks for more',
    [
      [2, 'ab'],
      [3, 'ab'],
      [3, 'abc'],
    ],
  ],
  [
    0,
    'when it asks for fewer, and their targets go at once',
    [
      [3, 'abc'],
      [2, 'ab'],
      [2, 'ab'],
    ],
  ],
  [
    0,
    'when it asks for fewer, and their targets go later',
    [
      [3, 'abc'],
      [1, 'abc'],
      [1, 'ab'],
      [1, 'a'],
    ],
  ],
  [
    1,
    'when one is lost long after it was asked for more, and for fewer again',
    [
      [3, 'abc'],
      [5, 'abc'],
      [3, 'abc'],
      [3, 'abc'],
      [3, 'abd'],
    ],
  ],
  [
    1,
    'when one is replaced',
    [
      [2, 'ab'],
      [2, 'ac'],
    ],
  ],
  [
    1,
    'when one is lost besides those that are to go',
    [
      [3, 'abc'],
      [2, 'abc'],
      [2, 'a'],
    ],
  ],
  [
    1,
    'when one is lost after those have gone',
    [
      [3, 'abc'],
      [2, 'ab'],
      [2, 'ac'],
    ],
  ],
  [
    1,
    'when one is lost after it was asked for fewer and for as many again',
    [
      [2, 'ab'],
      [1, 'ab'],
      [2, 'ab'],
      [2, 'ac'],
    ],
  ],
])('counts %i, %s', (restarts, _, looks) => {
  expect(restartsAfter(...looks)).toBe(restarts)
})
