/** All objects that a query leaves, kept as they are now: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
import { z } from 'zod'
import type { WatchEvent } from '../api/cluster.ts'
import { refusalText } from '../api/refusal.ts'
import { listPath, type Query, type Resource } from '../names.ts'
import { listOf, type Metadata } from '../objects.ts'
import type { Place } from '../place.ts'

export interface Following<Item> {
  /** As they are now, as far as was heard. */
  readonly items: readonly Item[]
  /** Why nothing is heard at the moment; null: all is well. */
  readonly silence: string | null
  /** Resolves when it was heard for the first time, or that nothing is to be heard. */
  readonly begun: Promise<void>
  /** What a change answered is known before the watch tells of it. */
  learn(item: Item): void
}

interface Named {
  readonly metadata: Metadata
}

export interface Followed<Shape extends z.ZodType<Named>> {
  readonly resource: Resource
  readonly query: Query
  readonly shape: Shape
  /** Known already, as an answer had it: the watch goes on from there. */
  readonly known?: { readonly item: z.output<Shape>; readonly version: string } | undefined
}

/** A watch that broke, or again told nothing before it ended, is tried again after this time, in milliseconds. */
const pauseAfterSilence = 1_000

/** Ends with the signal. */
export function follow<Shape extends z.ZodType<Named>>(
  { cluster, surroundings: { clock } }: Pick<Place, 'cluster' | 'surroundings'>,
  { resource, query, shape, known }: Followed<Shape>,
  signal: AbortSignal,
): Following<z.output<Shape>> {
  type Item = z.output<Shape>
  const items = new Map<string, Item>()
  const first = Promise.withResolvers<void>()
  let silence: string | null = null
  let version: string | null = null

  const keep = (item: Item) => {
    const there = items.get(item.metadata.name)
    if (there === undefined || !isNewer(there.metadata, item.metadata)) items.set(item.metadata.name, item)
  }
  const list = async () => {
    const request = { method: 'GET', path: listPath(cluster.namespace, resource, query) } as const
    const answer = await cluster.ask(request)
    if (answer.kind === 'refused')
      throw new Error(`The ${resource} cannot be listed: ${refusalText(request, answer)}`)
    const { items: found, metadata } = listOf(shape).parse(answer.body)
    const names = new Set(found.map((item) => item.metadata.name))
    for (const name of items.keys()) if (!names.has(name)) items.delete(name)
    for (const item of found) keep(item)
    version = metadata.resourceVersion ?? null
  }
  const hear = ({ type, object }: WatchEvent) => {
    if (type === 'ERROR') throw errorOf(object)
    const { metadata } = marked.parse(object)
    version = metadata.resourceVersion
    if (type === 'BOOKMARK') return
    const item = shape.parse(object)
    if (type === 'DELETED') items.delete(item.metadata.name)
    else keep(item)
  }
  const heard = (why: string | null) => {
    silence = why
    first.resolve()
  }
  const pause = () => clock.sleep(pauseAfterSilence, signal).catch(() => {})
  const run = async () => {
    let fruitless = 0
    while (!signal.aborted) {
      if (fruitless > 1) await pause()
      fruitless += 1
      try {
        if (version === null) await list()
        heard(null)
        const from: Query = {
          ...query,
          watch: 'true',
          allowWatchBookmarks: 'true',
          ...(version && { resourceVersion: version }),
        }
        const path = listPath(cluster.namespace, resource, from)
        for await (const event of cluster.watch({ method: 'GET', path }, signal)) {
          hear(event)
          fruitless = 0
        }
      } catch (error) {
        version = null
        if (error instanceof Ended || signal.aborted) continue
        heard(error instanceof Error ? error.message : String(error))
        fruitless = 0
        await pause()
      }
    }
    first.resolve()
  }

  if (known !== undefined) {
    keep(known.item)
    version = known.version
    first.resolve()
  }
  void run()
  return {
    get items() {
      return [...items.values()]
    },
    get silence() {
      return silence
    },
    begun: first.promise,
    learn: keep,
  }
}

/** The server has no news from where we were: all is listed anew. */
class Ended extends Error {}

const statusShape = z.object({ code: z.number().catch(0), message: z.string().catch('') })

function errorOf(object: unknown): Error {
  const { code, message } = statusShape.parse(object)
  return code === 410 ? new Ended() : new Error(`The watch was refused: ${code} ${message}`)
}

const marked = z.object({ metadata: z.object({ resourceVersion: z.string() }) })

/**
 * Resource versions are not to be compared, they say; the generation may be, which is what a change of ours moves.
 * A watch that lags must not take it back.
 */
const isNewer = (there: Metadata, than: Metadata): boolean =>
  there.uid === than.uid && (there.generation ?? 0) > (than.generation ?? 0)
