import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Generation,
  type Head,
  textOf,
  UnreadableGeneration,
} from '../../../../src/targets/ecs/ledger/generation.ts'
import {
  type Asked,
  headsIn,
  leaseViewOf,
  mayTake,
  namesOf,
  outdatedIn,
} from '../../../../src/targets/ecs/ledger/generations.ts'
import { owner } from '../../../contract/stand.ts'

const path = '/blue-green/shop'
const freed: Head = { cluster: 'prod', status: 'free', owner: null, ttl: 60_000, document: null }
const written: Head = { ...freed, document: { first: 'abc', versions: [] } }
const parameter = (name: string | number, head: Head | string = freed) => ({
  Name: `${path}/${name}`,
  Value: typeof head === 'string' ? head : textOf(head),
  Version: 1,
  LastModifiedDate: new Date(0),
})

describe('the generations of a lease', () => {
  it('are in order, whatever order they come in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2_000 }), { maxLength: 12 }), (fences) => {
        const heads = headsIn(
          path,
          fences.map((fence) => parameter(fence)),
        )
        expect(heads.fences).toEqual(fences.toSorted((one, other) => other - one))
        expect(heads.newest()?.fence ?? 0).toBe(Math.max(0, ...fences))
      }),
    )
  })

  it('are not what others keep beside them', () => {
    const others = ['notes', '0', '07', '-1', '1e3', '9/1', ''].map((name) => parameter(name, 'theirs'))
    const elsewhere = { ...parameter(3), Name: '/blue-green/shop-2/9' }
    expect(headsIn(path, [...others, elsewhere, parameter(2)]).fences).toEqual([2])
    expect(headsIn(path, others).newest()).toBeNull()
  })

  it.each<[string, readonly ReturnType<typeof parameter>[], number | null]>([
    ['none before anything is written', [parameter(1), parameter(2)], null],
    ['that of the newest', [parameter(1, written), parameter(2, written)], 2],
    [
      'that of an owner before, where later ones wrote nothing',
      [parameter(4), parameter(3), parameter(2, written)],
      2,
    ],
    ['whatever is older and damaged', [parameter(3, written), parameter(2, 'garbage')], 3],
  ])('have a document: %s', (_, parameters, fence) => {
    expect(headsIn(path, parameters).documented()?.fence ?? null).toBe(fence)
  })

  it.each([
    ['a newest one that is damaged', [parameter(2, 'garbage'), parameter(1, written)]],
    [
      'one that is damaged before the document is found',
      [parameter(3), parameter(2, '{}'), parameter(1, written)],
    ],
    ['one that is missing before the document is found', [parameter(3), parameter(1, written)]],
  ])('are not guessed from %s', (_, parameters) => {
    expect(() => headsIn(path, parameters).documented()).toThrow(UnreadableGeneration)
  })
})

describe('what is deleted', () => {
  const from = (newest: number, count: number) => Array.from({ length: count }, (_, index) => newest - index)

  it.each<[string, readonly number[], number | null, readonly number[]]>([
    ['nothing of nine', from(9, 9), 9, []],
    ['what is older than nine', from(11, 11), 11, [2, 1]],
    ['nothing that still has the document', from(14, 14), 3, [2, 1]],
    ['nothing where nothing was ever written', from(14, 14), null, []],
    ['nothing of nothing', [], null, []],
  ])('is %s', (_, fences, documented, outdated) => {
    expect(outdatedIn(fences, documented)).toEqual(outdated)
  })

  it('is a generation with all of its pieces, in one call of ten names', () => {
    expect(namesOf(path, 7)).toHaveLength(10)
    expect(namesOf(path, 7).slice(0, 2)).toEqual([`${path}/7`, `${path}/7/1`])
  })

  it('leaves nine, the newest, and the one with the document', () => {
    const number = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(number, number, (newest, some) => {
        const documented = Math.min(newest, some)
        const fences = from(newest, newest)
        const outdated = outdatedIn(fences, documented)
        const left = fences.filter((fence) => !outdated.includes(fence))
        expect(left).toEqual(from(newest, left.length))
        expect(left).toContain(documented)
        expect(left.length).toBeGreaterThanOrEqual(Math.min(newest, 9))
      }),
    )
  })
})

const generation = (changes: Partial<Generation> = {}): Generation => ({
  cluster: 'prod',
  fence: 7,
  version: 3,
  modified: 1_000_000,
  status: 'held',
  owner: owner('a'),
  ttl: 60_000,
  document: null,
  ...changes,
})

describe('a lease', () => {
  it.each<[string, Partial<Generation>, number, string]>([
    ['is held for its time', {}, 60_000, 'held'],
    ['is expired after it', {}, 60_001, 'expired'],
    ['stays parked', { status: 'parked' }, 1e9, 'parked'],
    ['stays free', { status: 'free', owner: null }, 1e9, 'free'],
  ])('%s', (_, changes, later, status) => {
    expect(leaseViewOf(generation(changes), 1_000_000 + later)).toMatchObject({ status, fence: 7 })
  })

  it('has a mark that changes with every write and every owner', () => {
    const marks = [generation(), generation({ version: 4 }), generation({ fence: 8 })].map(
      (one) => leaseViewOf(one, 0).mark,
    )
    expect(new Set(marks).size).toBe(3)
  })

  const asked: Asked = { nonce: 'b', claim: 'open', unchangedMark: null, now: 1_000_000 }
  it.each<[string, Partial<Generation>, Partial<Asked>, boolean]>([
    ['that lives is nobody else’s', {}, {}, false],
    ['that lives is not taken as one’s own by another', {}, { claim: 'own' }, false],
    ['that lives is its owner’s', {}, { claim: 'own', nonce: 'a' }, true],
    ['that lives is not taken twice by chance', {}, { nonce: 'a' }, false],
    ['that lives can be broken', {}, { claim: 'break' }, true],
    ['that expired is anybody’s', {}, { now: 1_060_001 }, true],
    ['that was seen unchanged is anybody’s', {}, { unchangedMark: '7.3' }, true],
    ['that has changed since is not', { version: 4 }, { unchangedMark: '7.3' }, false],
    ['that is parked is anybody’s', { status: 'parked' }, {}, true],
    ['that was given back is anybody’s', { status: 'free', owner: null }, {}, true],
  ])('%s', (_, changes, given, expected) => {
    expect(mayTake(generation(changes), { ...asked, ...given })).toBe(expected)
  })
})
