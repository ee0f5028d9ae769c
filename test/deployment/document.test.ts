import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  changeOperation,
  closeOperation,
  type Document,
  emptyDocument,
  formatDocument,
  parseDocument,
  withOperation,
  withRelease,
} from '../../src/deployment/document.ts'
import type { Operation } from '../../src/deployment/operation.ts'
import { aRelease } from './intents.ts'

const color = fc.constantFrom('blue' as const, 'green' as const)
const text = fc.string({ maxLength: 20 })
const release = fc.record({
  id: text,
  version: text,
  images: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/), fc.option(text)),
  configuration: text,
})

const operation: fc.Arbitrary<Operation> = fc.record({
  id: text,
  nonce: text,
  fence: fc.nat(),
  kind: fc.constantFrom('deploy', 'stage', 'promote', 'rollback'),
  from: fc.option(color),
  observed: fc.oneof(color, fc.constant('nobody' as const)),
  to: color,
  release,
  previous: fc.option(release),
  size: fc.option(fc.dictionary(fc.string(), fc.nat())),
  phase: fc.constantFrom('determine-color', 'deploy-inactive', 'health', 'switch', 'verify', 'cleanup'),
  traffic: fc.constantFrom('from', 'switching', 'to', 'reverting', 'back'),
  verified: fc.boolean(),
  drained: fc.boolean(),
  retiring: fc.boolean(),
  noRollback: fc.boolean(),
  liveWasSick: fc.boolean(),
  oldColor: fc.constantFrom('stop', 'keep', 'remove'),
  onFailure: fc.constantFrom('stop', 'keep'),
  hooks: fc.dictionary(
    fc.constantFrom('migrate', 'on-rollback'),
    fc.constantFrom('started', 'done', 'failed'),
  ),
  hosts: fc.constant({}),
  inverse: fc.array(text),
  startedAt: fc.nat(),
  by: text,
  state: fc.constantFrom('open', 'committed', 'undone', 'failed'),
})

const closing = fc.record({
  state: fc.constantFrom('committed' as const, 'undone' as const, 'failed' as const),
  at: fc.nat(),
  reason: fc.option(text),
})

const closeAll = (
  steps: readonly (readonly [
    Operation,
    { state: 'committed' | 'undone' | 'failed'; at: number; reason: string | null },
  ])[],
): Document =>
  steps.reduce<Document>(
    (document, [next, how]) =>
      closeOperation(withRelease(withOperation(document, next), next.to, next.release), how),
    emptyDocument,
  )

const documents = fc.array(fc.tuple(operation, closing), { maxLength: 30 }).map(closeAll)

describe('a document', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(documents, (document) => {
        expect(parseDocument(formatDocument(document))).toEqual({ kind: 'document', document })
      }),
    )
  })

  test('that was never written is empty', () => {
    expect(parseDocument(null)).toEqual({ kind: 'document', document: emptyDocument })
  })

  test.each([
    ['cut short', formatDocument(emptyDocument).slice(0, -5)],
    ['empty', ''],
    ['of another schema', JSON.stringify({ ...emptyDocument, schema: 2 })],
    ['without a history', JSON.stringify({ ...emptyDocument, history: undefined })],
  ])('that is %s is unreadable, and never taken for an empty one', (_, written) => {
    expect(parseDocument(written)).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(/./) })
  })

  test('any text at all is a document or unreadable', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.json()), (written) => {
        expect(parseDocument(written).kind).toBe('unreadable')
      }),
    )
  })

  test('keeps the newest twenty of its history, newest first', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(operation, closing), { maxLength: 30 }), (steps) => {
        const { history } = closeAll(steps)
        const newest = steps.toReversed().slice(0, 20)
        expect(history.map((entry) => entry.operation)).toEqual(newest.map(([{ id }]) => id))
      }),
    )
  })
})

const anOperation = (changes: Partial<Operation> = {}): Operation => ({
  id: 'o',
  nonce: 'n',
  fence: 1,
  kind: 'deploy',
  from: 'blue',
  observed: 'blue',
  to: 'green',
  release: aRelease('v2'),
  previous: aRelease('v1'),
  size: null,
  phase: 'verify',
  traffic: 'to',
  verified: true,
  drained: false,
  retiring: false,
  noRollback: false,
  liveWasSick: false,
  oldColor: 'stop',
  onFailure: 'stop',
  hooks: {},
  hosts: {},
  inverse: [],
  startedAt: 0,
  by: 'mona',
  state: 'open',
  ...changes,
})

const close = (document: Document, state: 'committed' | 'undone' | 'failed' = 'committed') =>
  closeOperation(document, { state, at: 1, reason: null })

describe('closing an operation', () => {
  test.each([
    ['committed', 'good'],
    ['undone', 'undone'],
    ['failed', 'failed'],
  ] as const)('that is %s marks its release %s', (state, mark) => {
    const closed = close(withOperation(emptyDocument, anOperation()), state)
    expect(closed.operation?.state).toBe(state)
    expect(closed.history).toMatchObject([{ mark, color: 'green', release: { version: 'v2' } }])
  })

  test('that rolled back marks what it left, and nothing older', () => {
    const deployed = ['v0', 'v1', 'v2'].reduce(
      (document, version) =>
        close(withOperation(document, anOperation({ id: version, release: aRelease(version) }))),
      emptyDocument,
    )
    const rollback = anOperation({ kind: 'rollback', release: aRelease('v1'), previous: aRelease('v2') })
    const { history } = close(withOperation(deployed, rollback))
    expect(history.map(({ release, mark }) => [release.version, mark])).toEqual([
      ['v1', 'good'],
      ['v2', 'rolled-back-from'],
      ['v1', 'good'],
      ['v0', 'good'],
    ])
  })

  test('that failed to roll back marks nothing else', () => {
    const deployed = close(withOperation(emptyDocument, anOperation()))
    const rollback = anOperation({ kind: 'rollback', release: aRelease('v1'), previous: aRelease('v2') })
    const { history } = close(withOperation(deployed, rollback), 'failed')
    expect(history.map(({ mark }) => mark)).toEqual(['failed', 'good'])
  })

  test.each([
    ['started', { version: 'v2', at: 1, by: 'mona' }],
    ['done', null],
  ] as const)('whose migration was %s remembers just that', (progress, expected) => {
    const before = { ...emptyDocument, unfinishedMigration: { version: 'v0', at: 0, by: 'mona' } }
    const operation = anOperation({ hooks: { migrate: progress } })
    expect(close(withOperation(before, operation)).unfinishedMigration).toEqual(expected)
  })

  test('without a migration leaves an unfinished one remembered', () => {
    const unfinishedMigration = { version: 'v0', at: 0, by: 'mona' }
    const before = withOperation({ ...emptyDocument, unfinishedMigration }, anOperation())
    expect(close(before).unfinishedMigration).toEqual(unfinishedMigration)
  })

  test('is no silent matter where there is none', () => {
    expect(() => close(emptyDocument)).toThrow()
    expect(() => changeOperation(emptyDocument, { verified: true })).toThrow()
  })
})
