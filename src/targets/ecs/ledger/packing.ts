/**
 * The engine's document as values of parameters. A document with 20 entries of history has 11 KB for one service and 18 KB for
 * three; pressed, and as text again, 4 KB and 6 KB. An advanced parameter holds 8 KiB and is paid for by the month, so pieces
 * of 4 KiB are kept in standard ones: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'

/** Characters of a standard parameter's value. */
export const valueLimit = 4096

/** A generation is deleted with its pieces in one call, which takes ten names. */
export const mostPieces = 9

export interface Pieces {
  /** What goes into the head. */
  readonly first: string
  readonly others: readonly string[]
}

/** `room`: characters that the head has left. */
export function pack(document: string, room: number): Pieces {
  const text = brotliCompressSync(document).toString('base64')
  const first = text.slice(0, Math.max(0, room))
  const others: string[] = []
  for (let at = first.length; at < text.length; at += valueLimit) others.push(text.slice(at, at + valueLimit))
  return { first, others }
}

/** Throws where the pieces are not those of one document. */
export const unpack = ({ first, others }: Pieces): string =>
  brotliDecompressSync(Buffer.from([first, ...others].join(''), 'base64')).toString()
