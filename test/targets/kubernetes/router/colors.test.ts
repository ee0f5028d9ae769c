import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Labels,
  mismatches,
  type Reading,
  readSelector,
  type Scene,
} from '../../../../src/targets/kubernetes/router/colors.ts'
import { type Color, otherColor, type PerColor } from '../../../../src/targets/target.ts'

const scene = (given: Partial<Scene>): Scene => ({
  selector: { app: 'shop', color: 'blue' },
  templates: { blue: { app: 'shop', color: 'blue' }, green: { app: 'shop', color: 'green' } },
  selectorKey: null,
  selectorValue: { blue: 'blue', green: 'green' },
  ...given,
})

const word = (reading: Reading): string => {
  switch (reading.kind) {
    case 'color':
      return `${reading.color} by ${reading.key}`
    case 'both':
      return `both by ${reading.key}`
    case 'neither':
      return `${reading.key}=${reading.value}`
    case 'unclear':
      return reading.keys.map(({ key }) => key).join(' or ')
    case 'uncolored':
      return 'uncolored'
  }
}

const read = (given: Partial<Scene>) => word(readSelector(scene(given)))

const layouts: readonly [string, PerColor<string>][] = [
  ['version', { blue: 'blue', green: 'green' }],
  ['version', { blue: 'v1', green: 'v2' }],
  ['slot', { blue: 'blue', green: 'green' }],
  ['environment', { blue: 'staging', green: 'production' }],
  ['track', { blue: 'app-blue', green: 'app-green' }],
  ['app', { blue: 'blue-shop', green: 'green-shop' }],
  ['app.kubernetes.io/instance', { blue: 'shop-blue', green: 'shop-green' }],
]

describe.each(layouts)('a selector that tells colors by %s: %j', (key, values) => {
  const templates = {
    blue: { name: 'shop', tier: 'web', [key]: values.blue },
    green: { tier: 'web', name: 'shop', [key]: values.green },
  }
  it.each(['blue', 'green'] as const)('names %s', (color) => {
    const selector = { name: 'shop', [key]: values[color] }
    expect(read({ selector, templates })).toBe(`${color} by ${key}`)
    expect(read({ selector, templates, selectorKey: key })).toBe(`${color} by ${key}`)
  })
  it('names neither, or both', () => {
    expect(read({ selector: { name: 'shop', [key]: 'purple' }, templates })).toBe(`${key}=purple`)
    expect(read({ selector: { name: 'shop' }, templates })).toBe(`both by ${key}`)
  })
})

describe('with one Deployment alone', () => {
  it.each<[string, Labels, PerColor<string>, string]>([
    ['by the plain color', { color: 'blue' }, { blue: 'blue', green: 'green' }, 'blue by color'],
    ['by the settings', { version: 'v1' }, { blue: 'v1', green: 'v2' }, 'blue by version'],
    ['by the name in the value', { track: 'app-blue' }, { blue: 'blue', green: 'green' }, 'blue by track'],
    ['not by a value that says nothing', { version: 'v1' }, { blue: 'blue', green: 'green' }, 'uncolored'],
    [
      'not by a word that has the color in it',
      { a: 'bluebird' },
      { blue: 'blue', green: 'green' },
      'uncolored',
    ],
    [
      'by the exact one of two',
      { app: 'shop-blue-web', color: 'blue' },
      { blue: 'blue', green: 'green' },
      'blue by color',
    ],
    ['not by two', { app: 'shop-blue', track: 'x-blue' }, { blue: 'blue', green: 'green' }, 'app or track'],
  ])('it is told %s', (_, labels, selectorValue, expected) => {
    const blue = { name: 'shop', ...labels }
    expect(read({ selector: blue, templates: { blue, green: null }, selectorValue })).toBe(expected)
  })

  it('a selector may name the color that is not there', () => {
    const templates = { blue: { app: 'shop', color: 'blue' }, green: null }
    expect(read({ selector: { app: 'shop', color: 'green' }, templates })).toBe('green by color')
    expect(read({ templates: { blue: null, green: null } })).toBe('blue by color')
  })

  it('an app with the name of a color is not told by it', () => {
    const templates = { blue: { app: 'green-energy', color: 'blue' }, green: null }
    expect(read({ selector: { app: 'green-energy', color: 'blue' }, templates })).toBe('blue by color')
    expect(read({ selector: { app: 'green-energy' }, templates })).toBe('uncolored')
  })

  it('the key of the settings is believed', () => {
    const blue = { app: 'shop', version: 'v1' }
    const selectorValue = { blue: 'v1', green: 'v2' }
    const reading = readSelector(
      scene({ selector: blue, templates: { blue, green: null }, selectorKey: 'version', selectorValue }),
    )
    expect(reading).toMatchObject({ kind: 'color', color: 'blue', values: selectorValue })
  })
})

it('more than one key that differs is nobody’s guess', () => {
  const templates = {
    blue: { app: 'shop', color: 'blue', release: '1.2' },
    green: { app: 'shop', color: 'green', release: '1.3' },
  }
  const selector = templates.blue
  expect(read({ selector, templates })).toBe('color or release')
  expect(read({ selector, templates, selectorKey: 'color' })).toBe('blue by color')
  expect(mismatches(selector, 'color', templates.green)).toEqual(['release=1.2'])
  // A selector that does not ask for the release need not know it.
  expect(read({ selector: { app: 'shop', color: 'blue' }, templates })).toBe('blue by color')
  expect(read({ selector: { app: 'shop' }, templates })).toBe('both by color')
})

it('a Service that selects something else names no color', () => {
  expect(read({ selector: { app: 'other' } })).toBe('uncolored')
  expect(read({ selector: {} })).toBe('uncolored')
})

it('whatever the labels are, a color is told only where its own pods are selected by it and the other’s are not', () => {
  const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'blue', 'green'))
  const value = fc.option(labels, { freq: 4 })
  fc.assert(
    fc.property(labels, value, value, (selector, blue, green) => {
      const reading = readSelector(scene({ selector, templates: { blue, green } }))
      if (reading.kind !== 'color') return
      const { key, values, color } = reading
      expect(values.blue).not.toBe(values.green)
      expect(selector[key]).toBe(values[color])
      const templates = { blue, green }
      for (const one of ['blue', 'green'] as const satisfies Color[]) {
        const label = templates[one]?.[key]
        if (label === undefined) continue
        expect(label).toBe(values[one])
        expect(label).not.toBe(values[otherColor(one)])
      }
    }),
    { numRuns: 2_000 },
  )
})
