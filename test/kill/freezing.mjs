/** Where the bundle stands, by name and count, and how it is frozen there. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

export const stage = basename(dirname(process.argv[1] ?? ''))
const { KILL_POINTS, KILL_TRAPPED } = process.env
const killAt = (process.env.KILL_AT ?? '').split(' ')

const counts = new Map()

/** What is done here for the first, the second time; tells of a moment of it whether to freeze then. */
export function arriveAt(name) {
  const number = (counts.get(name) ?? 0) + 1
  counts.set(name, number)
  const point = `${stage}/${name}-${number}`
  if (KILL_POINTS) appendFileSync(KILL_POINTS, `${point}\n`)
  return (moment) => killAt.includes(`${point}/${moment}`)
}

let frozen = false

const sleeper = new Int32Array(new SharedArrayBuffer(4))

/**
 * Until whoever waits for it has stopped this process and lets it go on: were it to stop itself, it might do so after it was told
 * to go on. Somebody else tells.
 */
export function freeze() {
  frozen = true
  while (!existsSync(`${KILL_TRAPPED}.seen`)) Atomics.wait(sleeper, 0, 0, 5)
}

export function freezeAndTell() {
  writeFileSync(KILL_TRAPPED, '')
  freeze()
}

/** What is written to the ledger after the bundle was frozen. */
export function keepDocument(text) {
  if (!frozen) return
  const { operation } = JSON.parse(text)
  writeFileSync(`${KILL_TRAPPED}.later`, JSON.stringify(operation))
}
