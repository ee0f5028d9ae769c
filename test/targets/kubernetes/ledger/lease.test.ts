import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  documentAnnotation,
  leaseViewOf,
  mayTake,
  microTime,
  newLease,
  ownerAnnotation,
  readLease,
  statusAnnotation,
  takingPatch,
  UnreadableLease,
} from '../../../../src/targets/kubernetes/ledger/lease.ts'
import type { Claim, Owner } from '../../../../src/targets/target.ts'

const start = Date.UTC(2026, 0, 1)

const owner = (nonce: string): Owner => ({
  nonce,
  run: '1',
  attempt: '1',
  job: `it's "a" job`,
  step: 'é',
  url: 'https://example.com/?a=b&c',
  actor: '::error::}',
})

interface Changed {
  readonly metadata?: object
  readonly annotations?: object
  readonly spec?: object
}

/** As the API server answers. */
const leaseOf = ({ metadata, annotations, spec }: Changed = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    name: 'blue-green-shop',
    resourceVersion: '7',
    annotations: {
      [statusAnnotation]: 'held',
      [ownerAnnotation]: JSON.stringify(owner('n-1')),
      ...annotations,
    },
    ...metadata,
  },
  spec: {
    leaseTransitions: 3,
    holderIdentity: 'n-1',
    leaseDurationSeconds: 60,
    renewTime: '2026-01-01T00:00:00.000000Z',
    ...spec,
  },
})

const anyOwner: fc.Arbitrary<Owner> = fc.record({
  nonce: fc.string({ minLength: 1 }),
  run: fc.string(),
  attempt: fc.string(),
  job: fc.string({ unit: 'grapheme' }),
  step: fc.string({ unit: 'binary' }),
  url: fc.webUrl(),
  actor: fc.string(),
})

describe('a Lease', () => {
  it('is read as it was made', () => {
    fc.assert(
      fc.property(
        anyOwner,
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        fc.integer({ min: 1, max: 86_400 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        (someone, fence, seconds, after) => {
          const time = start + after
          const taking = { fence, owner: someone, ttl: seconds * 1_000, time }
          const made = newLease('blue-green-shop', taking) as { metadata: object }
          const stored = { ...made, metadata: { ...made.metadata, resourceVersion: '1' } }
          expect(readLease(stored)).toEqual({
            status: 'held',
            fence,
            owner: someone,
            ttl: seconds * 1_000,
            renewed: time,
            mark: '1',
            document: null,
          })
        },
      ),
    )
  })

  it('keeps any document, and an empty one is one', () => {
    for (const document of ['', '\n', '{"a":1}']) {
      expect(readLease(leaseOf({ annotations: { [documentAnnotation]: document } })).document).toBe(document)
    }
  })

  it('that is free names nobody, whoever held it last', () => {
    const freed = leaseOf({
      annotations: { [statusAnnotation]: 'free' },
      spec: { holderIdentity: undefined },
    })
    expect(readLease(freed)).toMatchObject({ status: 'free', owner: null, fence: 3 })
  })

  it.each<[string, unknown]>([
    ['of somebody else', { metadata: { resourceVersion: '7' }, spec: { holderIdentity: 'node' } }],
    ['without a status', leaseOf({ annotations: { [statusAnnotation]: undefined } })],
    ['with a status that there is not', leaseOf({ annotations: { [statusAnnotation]: 'Held' } })],
    ['without annotations', leaseOf({ metadata: { annotations: undefined } })],
    ['without a fence', leaseOf({ spec: { leaseTransitions: undefined } })],
    ['with a fence of text', leaseOf({ spec: { leaseTransitions: '3' } })],
    ['without a time', leaseOf({ spec: { renewTime: undefined } })],
    ['with a time that is none', leaseOf({ spec: { renewTime: 'today' } })],
    ['without a duration', leaseOf({ spec: { leaseDurationSeconds: undefined } })],
    ['without a holder', leaseOf({ spec: { holderIdentity: undefined } })],
    ['with two holders', leaseOf({ spec: { holderIdentity: 'n-2' } })],
    ['with a broken owner', leaseOf({ annotations: { [ownerAnnotation]: '{' } })],
    ['with an owner who is not whole', leaseOf({ annotations: { [ownerAnnotation]: '{"nonce":"n-1"}' } })],
    ['that is text', 'free'],
    ['that is null', null],
  ])('%s is not taken for a free one', (_, object) => {
    expect(() => readLease(object)).toThrow(UnreadableLease)
  })

  it('says what is wrong with it', () => {
    expect(() => readLease(leaseOf({ spec: { leaseTransitions: '3' } }))).toThrow(/^spec\.leaseTransitions: /)
  })
})

describe('silence', () => {
  const record = readLease(leaseOf())
  const statusAt = (time: number) => leaseViewOf(record, start + time).status

  it('of more than the lease time is the end of a lease that is held', () => {
    expect([statusAt(-5_000), statusAt(60_000), statusAt(60_001)]).toEqual(['held', 'held', 'expired'])
  })

  it('does not matter for one that is parked or free', () => {
    for (const status of ['parked', 'free'] as const) {
      expect(leaseViewOf({ ...record, status }, start + 3_600_000).status).toBe(status)
    }
  })
})

describe('a lease that is held', () => {
  const record = readLease(leaseOf())
  it.each<[string, { nonce?: string; claim: Claim; unchangedMark?: string; after?: number }, boolean]>([
    ['is not for anyone', { claim: 'open' }, false],
    ['is not for anyone who claims to own it', { claim: 'own' }, false],
    ['is not for its owner unless he says so', { claim: 'open', nonce: 'n-1' }, false],
    ['is for its owner', { claim: 'own', nonce: 'n-1' }, true],
    ['is for who breaks it', { claim: 'break' }, true],
    ['is for who saw it silent', { claim: 'open', unchangedMark: '7' }, true],
    ['is not for who saw another one silent', { claim: 'open', unchangedMark: '6' }, false],
    ['is for anyone after its time', { claim: 'open', after: 60_001 }, true],
  ])('%s', (_, { nonce = 'n-2', claim, unchangedMark = null, after = 0 }, taken) => {
    expect(mayTake(record, { nonce, claim, unchangedMark, serverTime: start + after })).toBe(taken)
  })

  it.each(['parked', 'free'] as const)('and now is %s is for anyone', (status) => {
    const asked = { nonce: 'n-2', claim: 'open', unchangedMark: null, serverTime: start } as const
    expect(mayTake({ ...record, status }, asked)).toBe(true)
  })

  it('is taken only as it was seen', () => {
    const patch = takingPatch(record, { fence: 4, owner: owner('n-2'), ttl: 1_500, time: start })
    expect(patch[0]).toEqual({ op: 'test', path: '/metadata/resourceVersion', value: '7' })
    expect(patch).toContainEqual({ op: 'add', path: '/spec/leaseDurationSeconds', value: 2 })
  })
})

it('times have six digits behind the second', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (time) => {
      expect(microTime(time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(Date.parse(microTime(time))).toBe(Math.floor(time))
    }),
  )
})
