/**
 * The one table that closes an operation. Whoever holds the lease first asks it what to do with what is open; it is pure, and
 * exactly one row fits every situation.
 */
import type { Operation, Position } from './operation.ts'

export type Asker =
  /** A phase failed, or main saw before its next phase that the router is not where it should be. */
  | { readonly kind: 'main-failing' }
  /** `keepsOpen`: post may still be asked to go back. */
  | { readonly kind: 'main-cleanup'; readonly keepsOpen: boolean }
  /** `goesBack`: the job ended with a status for which the settings ask post to go back. */
  | { readonly kind: 'post'; readonly mine: boolean; readonly goesBack: boolean }
  | { readonly kind: 'next-run' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'cleanup' }
  | { readonly kind: 'unlock'; readonly force: boolean }

export interface Situation {
  readonly operation: Pick<Operation, 'state' | 'traffic' | 'verified' | 'retiring'> | null
  readonly position: Position
  /** There is a color to go back to, and it passes its checks. */
  readonly wayBack: boolean
  readonly asker: Asker
}

export type Closing =
  | { readonly kind: 'nothing' }
  /** Traffic never moved: keep the logs, `on-failure` for the new color; undone. */
  | { readonly kind: 'undo' }
  /** Move traffic back, prove it, `on-failure` for the new color; undone. */
  | { readonly kind: 'go-back' }
  /** Move and stop nothing; failed, loudly. */
  | { readonly kind: 'give-up'; readonly why: string; readonly movedBy: 'us' | 'others' }
  /** Every part to the new color if it passes its checks, else leave it; failed, loudly. */
  | { readonly kind: 'go-forward' }
  /** A verified switch that came apart: every part to the new color, prove it, ask again. */
  | { readonly kind: 'mend' }
  /** Somebody moved traffic back: leave both colors running; undone. */
  | { readonly kind: 'concede' }
  /** Leave it open and the lease to whoever comes. */
  | { readonly kind: 'park' }
  | { readonly kind: 'retire' }
  /** Committed; the old color is left as it is. */
  | { readonly kind: 'commit' }
  /** Ask the router again until the deadline; then touch nothing. */
  | { readonly kind: 'wait'; readonly closesAnyway: boolean }

interface Row {
  readonly name: string
  fits(situation: OpenSituation): boolean
  closing(situation: OpenSituation): Closing
}

interface OpenSituation extends Situation {
  readonly traffic: Operation['traffic']
  /** Only traffic at `to` can be verified, and only what is verified can be retiring. */
  readonly verified: boolean
  readonly retiring: boolean
}

const moved = ({ position }: Situation) => position === 'to' || position === 'mixed'
const unverified = ({ traffic, verified }: OpenSituation) =>
  traffic === 'switching' || (traffic === 'to' && !verified)
/** Verified, nothing retired yet, and the router where it should be: the askers differ. */
const settled = ({ verified, retiring, position }: OpenSituation) =>
  verified && !retiring && position === 'to'
const postGoesBack = ({ asker, wayBack }: Situation) => asker.kind === 'post' && asker.goesBack && wayBack

export const rows: readonly Row[] = [
  {
    name: 'traffic never moved',
    fits: (s) => (s.traffic === 'from' || s.traffic === 'switching') && s.position === 'from',
    closing: () => ({ kind: 'undo' }),
  },
  {
    name: 'somebody moved traffic to an unchecked color',
    fits: (s) => s.traffic === 'from' && moved(s),
    closing: () => ({
      kind: 'give-up',
      why: 'somebody else moved traffic to the new color',
      movedBy: 'others',
    }),
  },
  {
    name: 'not verified, with a way back',
    fits: (s) => unverified(s) && moved(s) && s.wayBack,
    closing: () => ({ kind: 'go-back' }),
  },
  {
    name: 'not verified, no way back, all at the new color',
    fits: (s) => unverified(s) && s.position === 'to' && !s.wayBack,
    closing: () => ({ kind: 'give-up', why: 'there is no color to go back to', movedBy: 'us' }),
  },
  {
    name: 'not verified, no way back, mixed',
    fits: (s) => unverified(s) && s.position === 'mixed' && !s.wayBack,
    closing: () => ({ kind: 'go-forward' }),
  },
  {
    name: 'on the way back',
    fits: (s) => s.traffic === 'reverting' && moved(s),
    closing: (s) =>
      s.wayBack
        ? { kind: 'go-back' }
        : { kind: 'give-up', why: 'the old color no longer passes its checks', movedBy: 'us' },
  },
  {
    name: 'back already',
    fits: (s) => (s.traffic === 'reverting' || s.traffic === 'back') && s.position === 'from',
    closing: () => ({ kind: 'go-back' }),
  },
  {
    name: 'went back, then somebody moved it',
    fits: (s) => s.traffic === 'back' && moved(s),
    closing: () => ({
      kind: 'give-up',
      why: 'traffic had been put back, and somebody moved it since',
      movedBy: 'others',
    }),
  },
  {
    name: 'verified: main leaves the old color warm',
    fits: (s) =>
      settled(s) &&
      (s.asker.kind === 'main-failing' || (s.asker.kind === 'main-cleanup' && s.asker.keepsOpen)),
    closing: () => ({ kind: 'park' }),
  },
  {
    name: 'verified: time to retire the old color',
    fits: (s) =>
      settled(s) &&
      ((s.asker.kind === 'main-cleanup' && !s.asker.keepsOpen) ||
        (s.asker.kind === 'post' && !postGoesBack(s)) ||
        s.asker.kind === 'cleanup'),
    closing: () => ({ kind: 'retire' }),
  },
  {
    name: 'verified: the job failed later',
    fits: (s) => settled(s) && postGoesBack(s),
    closing: () => ({ kind: 'go-back' }),
  },
  {
    name: 'verified: somebody else comes',
    fits: (s) => settled(s) && ['next-run', 'abort', 'unlock'].includes(s.asker.kind),
    closing: () => ({ kind: 'commit' }),
  },
  {
    name: 'retiring was begun',
    fits: (s) => s.verified && s.retiring && s.position === 'to',
    closing: () => ({ kind: 'retire' }),
  },
  {
    name: 'verified, then it came apart',
    fits: (s) => s.verified && s.position === 'mixed',
    closing: () => ({ kind: 'mend' }),
  },
  {
    name: 'somebody moved it back',
    fits: (s) => s.traffic === 'to' && s.position === 'from',
    closing: () => ({ kind: 'concede' }),
  },
  {
    name: 'the router cannot be read',
    fits: (s) => s.position === 'nobody' || s.position === 'unknown',
    closing: ({ asker }) => ({ kind: 'wait', closesAnyway: asker.kind === 'unlock' && asker.force }),
  },
]

export function decideClosing(situation: Situation): Closing {
  const { operation, asker } = situation
  if (operation === null || operation.state !== 'open') return { kind: 'nothing' }
  if (asker.kind === 'post' && !asker.mine) return { kind: 'nothing' }
  const open = openSituation(situation, operation)
  const row = rows.find((candidate) => candidate.fits(open))
  if (row === undefined) throw new Error(`No row closes ${JSON.stringify(open)}.`)
  return row.closing(open)
}

export function openSituation(
  situation: Situation,
  operation: NonNullable<Situation['operation']>,
): OpenSituation {
  const verified = operation.verified && operation.traffic === 'to'
  return { ...situation, traffic: operation.traffic, verified, retiring: verified && operation.retiring }
}

/** Whether the answer hangs on a way back at all: `from` is probed only then, since probing may have to start it. */
export function wayBackMatters(situation: Omit<Situation, 'wayBack'>): boolean {
  const kinds = [true, false].map((wayBack) => decideClosing({ ...situation, wayBack }).kind)
  return kinds[0] !== kinds[1]
}
