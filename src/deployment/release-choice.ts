/** Which release a rollback goes to. */
import type { Color } from '../targets/target.ts'
import type { Document, HistoryEntry } from './document.ts'

export type ReleaseChoice =
  | { readonly kind: 'release'; readonly entry: HistoryEntry }
  /** Pressed twice, or the last deployment took itself back: there is nothing to undo. */
  | { readonly kind: 'unchanged'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

/**
 * The newest release marked good that is not live; a release that was undone, failed or rolled back from is chosen only when
 * `version` names it.
 */
export function chooseRelease(document: Document, live: Color | null, version: string | null): ReleaseChoice {
  const liveRelease = live === null ? null : document.colors[live]
  if (version !== null) return chooseNamed(document, liveRelease?.id ?? null, version)
  const newest = document.history.find(({ switched }) => switched)
  if (newest?.kind === 'rollback' && newest.mark === 'good' && newest.color === live) {
    return {
      kind: 'unchanged',
      why: `${newest.release.version} is live since the last rollback, and nothing was deployed since`,
    }
  }
  if (newest?.mark === 'undone' && newest.color !== live) {
    return {
      kind: 'unchanged',
      why: `${newest.release.version} was taken back already, and nothing was deployed since`,
    }
  }
  const entry = document.history.find(
    ({ mark, release }) => mark === 'good' && release.id !== liveRelease?.id,
  )
  if (entry !== undefined) return { kind: 'release', entry }
  return { kind: 'refused', why: 'The history holds no other release that was good.' }
}

function chooseNamed(document: Document, liveId: string | null, version: string): ReleaseChoice {
  const entry = document.history.find(({ release }) => release.version === version)
  if (entry === undefined) {
    const known = [...new Set(document.history.map(({ release }) => release.version))].join(', ') || 'none'
    return {
      kind: 'refused',
      why: `The history holds no release with version ${version}; it knows: ${known}.`,
    }
  }
  if (entry.release.id === liveId) return { kind: 'unchanged', why: `${version} is live already` }
  return { kind: 'release', entry }
}
