import { describe, expect, test } from 'vitest'
import type { Entry } from '../bed/aws/control.ts'
import { changesOfServed, movesTooEarly, notedIn } from './aws-journal.ts'
import { ownershipFaults } from './owners.ts'

const by = (client: string): Entry['caller'] => ({ user: 'shop', client })

const entry = (change: Partial<Entry>): Entry => ({
  operation: 'UpdateService',
  service: 'shop-green',
  served: ['shop-blue'],
  caller: by('one-main'),
  fence: 1,
  desired: 1,
  after: null,
  ready: null,
  ...change,
})

const move = (change: Partial<Entry>): Entry =>
  entry({ operation: 'Move', service: null, desired: null, after: ['shop-green'], ready: [], ...change })

describe('the journal of a shop', () => {
  test('names who did what, in its order, and leaves out what AWS did by itself', () => {
    const entries = [
      entry({}),
      move({}),
      entry({ operation: 'StopTask', caller: null }),
      entry({ desired: 0, service: 'shop-blue', caller: by('one-post') }),
    ]
    expect(notedIn(entries).map(({ by, command, color }) => [by, command, color])).toEqual([
      ['one-main at AWS', 'deploy', 'green'],
      ['one-main at AWS', 'switch', 'green'],
      ['one-post at AWS', 'stop', 'blue'],
    ])
  })

  test('shows an owner that comes back', () => {
    const log = notedIn([entry({}), entry({ caller: by('two-main') }), entry({})])
    expect(ownershipFaults(log)).toEqual(['one-main at AWS ran deploy after two-main at AWS had come'])
  })

  test('shows an owner that comes late', () => {
    const log = notedIn([entry({ caller: by('two-main'), fence: 2 }), entry({})])
    expect(ownershipFaults(log)).toEqual(['fence 1 after 2'])
  })

  test('shows a live color that is changed, and one that loses a task', () => {
    const wrong = [
      entry({ service: 'shop-blue' }),
      entry({ service: 'shop-blue', operation: 'StopTask', caller: null }),
    ]
    expect(changesOfServed([entry({}), move({}), ...wrong])).toEqual(wrong.map((one) => JSON.stringify(one)))
  })

  test('shows users that are sent to what is not up, unless they are there already', () => {
    const fine = [move({ ready: ['shop-green'] }), move({ served: ['shop-green'] })]
    expect(movesTooEarly(fine)).toEqual([])
    expect(movesTooEarly([...fine, move({ ready: ['shop-blue'] })])).toHaveLength(1)
  })
})
