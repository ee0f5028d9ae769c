import { describe, expect, test } from 'vitest'
import { chooseColor } from '../../src/deployment/color-choice.ts'
import type { Presence, Traffic } from '../../src/targets/target.ts'
import { mixed, named, unknown } from './place.ts'

const nobody: Traffic = { kind: 'nobody' }

const choose = (traffic: Traffic, wanted: 'auto' | 'blue' | 'green', live: Presence = 'running') => {
  const state = (presence: Presence) => ({ presence, version: null, detail: null })
  const colors = {
    blue: state(traffic.kind === 'color' && traffic.color === 'blue' ? live : 'absent'),
    green: state(traffic.kind === 'color' && traffic.color === 'green' ? live : 'absent'),
  }
  return chooseColor({ traffic, colors, wanted })
}

describe('a release goes to the color that is not live', () => {
  test.each([
    ['nobody is served: blue', nobody, 'auto', 'running', { from: null, observed: 'nobody', to: 'blue' }],
    [
      'nobody is served, green asked for',
      nobody,
      'green',
      'running',
      { from: null, observed: 'nobody', to: 'green' },
    ],
    ['blue is live', named('blue'), 'auto', 'running', { from: 'blue', observed: 'blue', to: 'green' }],
    ['green is live', named('green'), 'auto', 'running', { from: 'green', observed: 'green', to: 'blue' }],
    [
      'the other one asked for',
      named('green'),
      'blue',
      'running',
      { from: 'green', observed: 'green', to: 'blue' },
    ],
    [
      'the router names a color that runs nowhere',
      named('blue'),
      'auto',
      'absent',
      { from: null, observed: 'blue', to: 'green' },
    ],
    [
      'a live color that stands still is no first deployment',
      named('blue'),
      'auto',
      'stopped',
      { from: 'blue', observed: 'blue', to: 'green' },
    ],
    [
      'a live color that cannot be seen is none either',
      named('blue'),
      'auto',
      'unknown',
      { from: 'blue', observed: 'blue', to: 'green' },
    ],
  ] as const)('%s', (_, traffic, wanted, live, choice) => {
    expect(choose(traffic, wanted, live)).toEqual({ kind: 'chosen', choice })
  })
})

describe('what the router does not say plainly is refused', () => {
  test.each([
    ['mixed', mixed, 'auto', 'one of two hosts', ['put both right']],
    ['unknown', unknown, 'auto', 'no answer', ['look at the router']],
    [
      'the live color asked for',
      named('blue'),
      'blue',
      '`target-color: blue` names the live color',
      ['Leave `target-color` out, or name the other color.'],
    ],
  ] as const)('%s', (_, traffic, wanted, why, repair) => {
    expect(choose(traffic, wanted)).toEqual({ kind: 'refused', why: expect.stringContaining(why), repair })
  })
})
