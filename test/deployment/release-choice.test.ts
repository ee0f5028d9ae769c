import { describe, expect, test } from 'vitest'
import { type Document, emptyDocument, type HistoryEntry } from '../../src/deployment/document.ts'
import { chooseRelease } from '../../src/deployment/release-choice.ts'
import type { Color } from '../../src/targets/target.ts'
import { aRelease } from './intents.ts'

type Past = Pick<HistoryEntry, 'kind' | 'color' | 'mark'> & { version: string; switched?: boolean }

const past = (
  kind: Past['kind'],
  version: string,
  color: Color,
  mark: Past['mark'],
  switched = true,
): HistoryEntry => ({
  operation: `${kind} ${version}`,
  kind,
  release: aRelease(version),
  color,
  mark,
  switched,
  at: 0,
  by: 'mona',
  reason: null,
})

/** `history`: newest first. */
const document = (blue: string, green: string, history: readonly HistoryEntry[]): Document => ({
  ...emptyDocument,
  colors: { blue: aRelease(blue), green: aRelease(green) },
  history: [...history],
})

const deployed = (version: string, color: Color) => past('deploy', version, color, 'good')

describe('the newest good release that is not live', () => {
  test.each([
    [
      'of two deployments',
      document('v1', 'v2', [deployed('v2', 'green'), deployed('v1', 'blue')]),
      'green',
      'v1',
    ],
    [
      'also when a later one never went live',
      document('v3', 'v2', [
        past('deploy', 'v3', 'blue', 'undone', false),
        deployed('v2', 'green'),
        deployed('v1', 'blue'),
      ]),
      'green',
      'v1',
    ],
    [
      'never one that failed or was left',
      document('v3', 'v4', [
        deployed('v4', 'green'),
        past('deploy', 'v3', 'blue', 'failed'),
        past('deploy', 'v2', 'green', 'rolled-back-from'),
        deployed('v1', 'blue'),
      ]),
      'green',
      'v1',
    ],
    [
      'after a person moved traffic off the result of a rollback: that result',
      document('v1', 'v2', [
        past('rollback', 'v1', 'blue', 'good'),
        past('deploy', 'v2', 'green', 'rolled-back-from'),
        deployed('v1', 'blue'),
      ]),
      'green',
      'v1',
    ],
  ] as const)('%s', (_, its, live, version) => {
    expect(chooseRelease(its, live, null)).toMatchObject({ kind: 'release', entry: { release: { version } } })
  })
})

describe('nothing is undone twice', () => {
  test.each([
    [
      'after a rollback',
      document('v1', 'v2', [
        past('rollback', 'v1', 'blue', 'good'),
        past('deploy', 'v2', 'green', 'rolled-back-from'),
        deployed('v1', 'blue'),
        deployed('v0', 'green'),
      ]),
      'blue',
    ],
    [
      'after a deployment that took itself back',
      document('v3', 'v2', [
        past('deploy', 'v3', 'blue', 'undone'),
        deployed('v2', 'green'),
        deployed('v1', 'blue'),
      ]),
      'green',
    ],
    [
      'after a rollback and a deployment that never went live',
      document('v1', 'v3', [
        past('deploy', 'v3', 'green', 'undone', false),
        past('rollback', 'v1', 'blue', 'good'),
        past('deploy', 'v2', 'green', 'rolled-back-from'),
        deployed('v1', 'blue'),
        deployed('v0', 'green'),
      ]),
      'blue',
    ],
    [
      'after a way back and a deployment that never went live',
      document('v4', 'v2', [
        past('deploy', 'v4', 'blue', 'undone', false),
        past('deploy', 'v3', 'blue', 'undone'),
        deployed('v2', 'green'),
        deployed('v1', 'blue'),
      ]),
      'green',
    ],
  ] as const)('%s', (_, its, live) => {
    expect(chooseRelease(its, live, null).kind).toBe('unchanged')
  })
})

describe('a version that is named', () => {
  const its = document('v1', 'v2', [
    past('deploy', 'v2', 'green', 'rolled-back-from'),
    past('deploy', 'v3', 'green', 'undone'),
    deployed('v1', 'blue'),
  ])
  test.each([
    ['is taken although it was left', 'v2', 'release'],
    ['is taken although it failed', 'v3', 'release'],
    ['changes nothing when it is live', 'v1', 'unchanged'],
    ['is refused when it is not known', 'v9', 'refused'],
  ] as const)('%s', (_, version, kind) => {
    expect(chooseRelease(its, 'blue', version).kind).toBe(kind)
  })

  test('the refusal says what is known', () => {
    expect(chooseRelease(its, 'blue', 'v9')).toMatchObject({ why: expect.stringContaining('v2, v3, v1') })
  })
})

test('without another good release there is nothing to go to', () => {
  expect(chooseRelease(emptyDocument, null, null).kind).toBe('refused')
  expect(chooseRelease(document('v1', 'v2', [deployed('v1', 'blue')]), 'blue', null).kind).toBe('refused')
})
