/** A condition on what is measured elsewhere: how it is asked, and what its answers prove. */
import type { GateIntent } from '../targets/intent.ts'
import type { Problem } from '../targets/target.ts'

export type During = GateIntent['during']

export interface Gate {
  /** For people: `cloudwatch-alarm shop-errors`. */
  readonly name: string
  readonly during: During
  /** What a person types to ask it. */
  readonly question: string
  /** Before anything is touched. What keeps it from being asked is a problem. */
  inspect(): Promise<GateInspection>
  /** Throws where it cannot be asked, which says nothing about the release. */
  look(): Promise<GateLook>
}

/** `said`: in its own word, such as `OK`. */
export type GateLook =
  | { readonly kind: 'passes'; readonly said: string }
  | { readonly kind: 'fails'; readonly said: string; readonly reason: string }
  /** Neither of both. */
  | { readonly kind: 'unknown'; readonly said: string; readonly reason: string }
  | { readonly kind: 'missing' }

export interface GateInspection {
  /** null: it cannot be asked, and a problem says why. */
  readonly look: GateLook | null
  readonly problems: readonly Problem[]
  /** What it judges at a time; null: not known. */
  readonly window: GateWindow | null
}

/** So many times so many milliseconds. */
export interface GateWindow {
  readonly count: number
  readonly period: number
}

/** What was heard of a gate in one run. */
export interface GateRecord {
  /** The last answer before its time came; null: none. */
  readonly before: GateLook | null
  /** What it said in its time, without repetitions. */
  readonly said: readonly string[]
  /** The last answer in its time; null: none yet. */
  readonly last: GateLook | null
  /** It passed in its time. */
  readonly passed: boolean
  readonly failed: Extract<GateLook, { kind: 'fails' }> | null
  /** Why it cannot be asked now; null: its last question was answered. */
  readonly silence: string | null
}

export const unheard: GateRecord = {
  before: null,
  said: [],
  last: null,
  passed: false,
  failed: null,
  silence: null,
}

export const hearBefore = (record: GateRecord, look: GateLook): GateRecord => ({ ...record, before: look })

/** What failed before the switch was not brought about by it: such a gate counts again once it has passed. */
export function hear(record: GateRecord, look: GateLook, during: During): GateRecord {
  const word = wordOf(look)
  const heard: GateRecord = {
    ...record,
    said: record.said.at(-1) === word ? record.said : [...record.said, word],
    last: look,
    silence: null,
  }
  if (look.kind === 'passes') return { ...heard, passed: true }
  if (look.kind !== 'fails') return heard
  const counts = during === 'health' || record.passed || record.before?.kind !== 'fails'
  return counts ? { ...heard, failed: record.failed ?? look } : heard
}

export const hearNothing = (record: GateRecord, why: string): GateRecord => ({ ...record, silence: why })

export const wordOf = (look: GateLook): string => (look.kind === 'missing' ? 'not there' : look.said)

export interface GateEvidence {
  readonly gate: string
  readonly during: During
  /** In its own word; null: it was not asked, or did not answer. */
  readonly before: string | null
  readonly said: readonly string[]
  readonly verdict: 'held' | 'failed' | 'not measured'
  /** Why it did not hold; null where it did. */
  readonly reason: string | null
}

export function evidenceOf(
  { name, during }: Pick<Gate, 'name' | 'during'>,
  record: GateRecord,
): GateEvidence {
  const reason = record.failed?.reason ?? doubtOf(record)
  return {
    gate: name,
    during,
    before: record.before && wordOf(record.before),
    said: record.said,
    verdict: record.failed !== null ? 'failed' : reason === null ? 'held' : 'not measured',
    reason,
  }
}

/** Why nothing is proven by a gate that did not fail; null: it held. */
function doubtOf({ before, last, passed, silence }: GateRecord): string | null {
  if (silence !== null) return `it could not be asked: ${silence}`
  if (passed) return null
  if (last === null) return 'it gave no answer'
  if (last.kind === 'missing') return 'it is no longer there'
  if (last.kind === 'fails' && before?.kind === 'fails')
    return `it was ${before.said} before the switch already: ${last.reason}`
  return last.kind === 'passes' ? null : `it was ${last.said}: ${last.reason}`
}

/** In a sentence. */
export function sayingOf({ name }: Pick<Gate, 'name'>, { last, silence }: GateRecord): string {
  if (silence !== null) return sentence(`${name} could not be asked: ${silence}`)
  if (last === null) return `${name} gave no answer.`
  const reason = last.kind === 'fails' || last.kind === 'unknown' ? `: ${last.reason}` : ''
  return sentence(`${name} is ${wordOf(last)}${reason}`)
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** Ends a phase. `next`: what a person may look at. */
export class GateFailed extends Error {
  override readonly name = 'GateFailed'
  readonly next: readonly string[]

  constructor(message: string, next: readonly string[]) {
    super(message)
    this.next = next
  }
}
