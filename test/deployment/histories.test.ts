/**
 * HISTORIES: how many histories of each sort (default 300). SEED and HISTORY_PATH: replay what a failure has printed.
 */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { type History, quietHistory, wildHistory } from './history.ts'
import { play } from './play.ts'

const { HISTORIES, SEED, HISTORY_PATH } = process.env

const parameters: fc.Parameters<[History]> = {
  numRuns: Number(HISTORIES ?? 300),
  endOnFailure: false,
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  ...(HISTORY_PATH === undefined ? {} : { path: HISTORY_PATH }),
}

const limit = 3_600_000

describe('whatever happens', () => {
  test('and nobody interferes, users are on what last passed its checks', { timeout: limit }, () =>
    fc.assert(fc.asyncProperty(quietHistory, play), parameters),
  )

  test(
    'and people interfere, nothing live is stopped and nothing unchecked goes live',
    { timeout: limit },
    () => fc.assert(fc.asyncProperty(wildHistory, play), parameters),
  )
})
