import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Head,
  readGeneration,
  roomIn,
  textOf,
  UnreadableGeneration,
} from '../../../../src/targets/ecs/ledger/generation.ts'
import { pack, unpack, valueLimit } from '../../../../src/targets/ecs/ledger/packing.ts'
import { owner } from '../../../contract/stand.ts'

const held: Head = { cluster: 'prod', status: 'held', owner: owner('a'), ttl: 60_000, document: null }
const modified = new Date('2026-01-01T00:00:00.250Z')
const parameterOf = (Value: string) => ({ Name: '/lock/7', Value, Version: 3, LastModifiedDate: modified })

const words = fc.string({ unit: 'grapheme', maxLength: 40 })
const someOwner = fc.record({
  nonce: words,
  run: words,
  attempt: words,
  job: words,
  step: words,
  url: words,
  actor: words,
})

describe('a generation', () => {
  it('is read as it was written, whoever its owner is', () => {
    fc.assert(
      fc.property(someOwner, fc.constantFrom('held', 'parked'), (someone, status) => {
        const head: Head = { ...held, status, owner: someone, document: { first: 'abc', versions: [1, 12] } }
        expect(readGeneration(7, parameterOf(textOf(head)))).toEqual({
          ...head,
          fence: 7,
          version: 3,
          modified: modified.getTime(),
        })
      }),
    )
  })

  it('is ASCII, and holds nothing that the parameter store would fill in', () => {
    const value = textOf({ ...held, owner: { ...owner('a'), job: '{{ssm:secret}} {{{', actor: 'Zoë 🚀' } })
    expect(value).toMatch(/^[ -~]+$/)
    expect(value).not.toContain('{{')
    expect(readGeneration(1, parameterOf(value)).owner).toMatchObject({
      job: '{{ssm:secret}} {{{',
      actor: 'Zoë 🚀',
    })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'garbage'],
    ['half of it', textOf(held).slice(0, 40)],
    ['another status', textOf(held).replace('held', 'lent')],
    ['nobody who holds it', textOf({ ...held, owner: null })],
    ['somebody who gave it back', textOf({ ...held, status: 'free' })],
  ])('is not read from %s', (_, value) => {
    expect(() => readGeneration(7, parameterOf(value))).toThrow(UnreadableGeneration)
  })
})

describe('a document', () => {
  it('is one again, whatever its size and the room beside the lease', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.integer({ min: -5, max: 200 }),
        (text, room) => {
          const pieces = pack(text, room)
          expect(pieces.first.length).toBeLessThanOrEqual(Math.max(0, room))
          expect(unpack(pieces)).toBe(text)
        },
      ),
    )
  })

  it('fills its pieces, each of which a standard parameter takes', () => {
    const noise = Array.from({ length: 4_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 0).join()
    const head = { ...held, status: 'parked' as const }
    const { first, others } = pack(noise, roomIn(held))
    expect(others.length).toBeGreaterThan(2)
    const versions = others.map(() => 1_234)
    for (const value of [textOf({ ...head, document: { first, versions } }), ...others])
      expect(value.length).toBeLessThanOrEqual(valueLimit)
    expect(others.slice(0, -1).every(({ length }) => length === valueLimit)).toBe(true)
  })

  it('is not made of what belongs to others', () => {
    const { first, others } = pack('one document '.repeat(9), 20)
    expect(() => unpack({ first: first.toLowerCase(), others })).toThrow()
  })
})
