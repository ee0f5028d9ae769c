/** A cluster of which only what is asked for by a test is there. */
import type { Clock } from '../../../src/clock.ts'
import type {
  ApiAnswer,
  ApiRequest,
  Cluster,
  WatchEvent,
} from '../../../src/targets/kubernetes/api/cluster.ts'
import type { Place } from '../../../src/targets/kubernetes/place.ts'
import { plainSettings } from './plain-settings.ts'

const unasked = (): never => {
  throw new Error('Nothing is there to be asked.')
}

export const clusterWith = (parts: Partial<Cluster>): Cluster => ({
  name: 'context prod, namespace shop',
  namespace: 'shop',
  requests: 0,
  ask: unasked,
  watch: unasked,
  forward: unasked,
  close: async () => {},
  ...parts,
})

/** Of a user who says no more than must be said. */
export const placeOf = (
  cluster: Cluster,
  { clock, signal = new AbortController().signal }: { readonly clock: Clock; readonly signal?: AbortSignal },
): Place => ({
  settings: plainSettings,
  cluster,
  surroundings: {
    app: plainSettings.app,
    leaseTtl: 60_000,
    deployTimeout: 60_000,
    signal,
    clock,
    output: () => {},
    secrets: [],
  },
})

export const answered = (body: unknown): ApiAnswer => ({ kind: 'answered', body, serverTime: 0 })

export const refused = (status: number, message: string): ApiAnswer => ({
  kind: 'refused',
  status,
  reason: '',
  message,
  serverTime: 0,
})

/** A watch as the API server has it open, fed by the test. */
export interface FakeWatch {
  readonly request: ApiRequest
  send(...events: readonly WatchEvent[]): void
  /** As a server does after some minutes. */
  end(): void
  break(error: Error): void
}

/** `watches`: those that were opened, in order. */
export function fakeWatches(): { readonly watches: readonly FakeWatch[]; readonly watch: Cluster['watch'] } {
  const watches: FakeWatch[] = []
  return {
    watches,
    watch: (request, signal) => {
      const stream = new TransformStream<WatchEvent, WatchEvent>(undefined, undefined, { highWaterMark: 100 })
      const writer = stream.writable.getWriter()
      const settle = (done: Promise<unknown>) => void done.catch(() => {})
      watches.push({
        request,
        send: (...events) => {
          for (const event of events) settle(writer.write(event))
        },
        end: () => settle(writer.close()),
        break: (error) => settle(writer.abort(error)),
      })
      signal.addEventListener('abort', () => settle(writer.close()))
      return stream.readable
    },
  }
}
