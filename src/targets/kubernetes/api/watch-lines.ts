/** The lines of a watch, each an event. */
import { StringDecoder } from 'node:string_decoder'
import { z } from 'zod'
import type { WatchEvent } from './cluster.ts'

/** Characters: etcd takes objects of up to 1.5 MiB. */
const lineLimit = 8 * 2 ** 20

const eventShape = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
})

/** A last line that was cut is left out: the watch broke there. */
export async function* eventsIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lineLimit) throw new Error(`an event is longer than ${lineLimit / 2 ** 20} MiB`)
    for (const line of lines) if (line.trim() !== '') yield eventOf(line)
  }
}

function eventOf(line: string): WatchEvent {
  const { type, object } = eventShape.parse(JSON.parse(line))
  return { type, object }
}

/** Seconds: a watch that hears nothing must end, or a server that is gone would look like one with no news. */
const silence = 30

/** What a watch needs in its query, and the time in milliseconds after which it must have ended. */
export function watchPath(path: string): { readonly path: string; readonly time: number } {
  const url = new URL(path, 'http://localhost')
  url.searchParams.set('watch', 'true')
  if (!url.searchParams.has('timeoutSeconds')) url.searchParams.set('timeoutSeconds', `${silence}`)
  return {
    path: `${url.pathname}${url.search}`,
    time: Number(url.searchParams.get('timeoutSeconds')) * 1_000,
  }
}
