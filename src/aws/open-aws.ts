/** The clients of the SDK, with the credentials and the region of the environment. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../clock.ts'
import type { Aws, Terms } from './aws.ts'
import { type Clients, calls, clientsWith } from './calls.ts'
import { failureOf, TimeOver } from './failure.ts'

const connectionTime = 5_000
const requestTime = 10_000
/** With the pauses between them some 15 s where AWS throttles, and less where it does not answer. */
const attempts = 5

export interface AwsOptions {
  /** null: that of the environment. */
  readonly region: string | null
  readonly environment: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly signal: AbortSignal
}

export function openAws({ region, environment, clock, signal }: AwsOptions): Aws {
  adopt(environment)
  const clients = clientsWith({
    ...(region === null ? {} : { region }),
    retryMode: 'adaptive',
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: connectionTime,
      requestTimeout: requestTime,
      throwOnRequestTimeout: true,
      // Runners of one's own often reach AWS through a proxy alone, and the SDK looks for none.
      httpAgent: { proxyEnv: environment },
      httpsAgent: { proxyEnv: environment },
    },
  })
  const wire = listenOn(clients, clock)
  return {
    get requests() {
      return wire.requests
    },
    now: wire.now,
    region: async () => {
      try {
        return await clients.ecs.config.region()
      } catch (error) {
        throw failureOf(error, { action: 'ecs:DescribeServices', kind: 'read' })
      }
    },
    expiration: async () => {
      // All others are asked for anew by the SDK.
      if (!environment.AWS_ACCESS_KEY_ID) return null
      try {
        const ends = (await clients.ecs.config.credentials()).expiration?.getTime()
        // The environment may hold what is no date.
        return ends === undefined || Number.isNaN(ends) ? null : ends
      } catch (error) {
        throw failureOf(error, { action: 'sts:GetCallerIdentity', kind: 'read' })
      }
    },
    ask: async (action, input, terms) => {
      signal.throwIfAborted()
      const { kind, send } = calls[action] as Sender
      try {
        const sent = wire.on(terms, () => send(clients, input, { abortSignal: signal }))
        // A pause of the SDK between two attempts does not end with the signal.
        return (await ended(sent, signal)) as never
      } catch (error) {
        signal.throwIfAborted()
        throw failureOf(error, { action, kind })
      }
    },
    close: () => {
      for (const client of Object.values(clients)) client.destroy()
    },
  }
}

/** Any of the calls: `ask` pairs each with its own input and output. */
interface Sender {
  readonly kind: 'read' | 'change'
  send(clients: Clients, input: unknown, options: { readonly abortSignal: AbortSignal }): Promise<unknown>
}

/** The SDK looks for credentials in the environment of the process alone, and post keeps that of main in its record. */
function adopt(environment: NodeJS.ProcessEnv): void {
  if (environment === process.env) return
  for (const [name, value] of Object.entries(environment)) {
    if (/^(?:AWS_|HOME$)/.test(name)) process.env[name] = value
  }
}

function ended<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

type Handle = (request: unknown) => Promise<{ readonly response: unknown }>

/** What the stacks of all clients have in common, though their types have not. */
interface Wired {
  readonly middlewareStack: {
    add(
      middleware: (next: Handle) => Handle,
      options: { readonly step: 'deserialize'; readonly priority: 'low'; readonly name: string },
    ): void
  }
}

/** Closest to the wire, where each attempt passes and every answer still has its headers. */
function listenOn(clients: Clients, clock: Clock) {
  let requests = 0
  let heard = { time: clock.now(), at: clock.monotonic() }
  const underWay = new AsyncLocalStorage<{ readonly until: number; sent: boolean }>()
  for (const { middlewareStack } of Object.values(clients) as readonly Wired[]) {
    middlewareStack.add(
      (next) => async (args) => {
        const ask = underWay.getStore()
        // The process may have stood still since it was asked to, and the SDK takes its time to repeat.
        if (ask !== undefined && clock.monotonic() >= ask.until) throw new TimeOver(ask)
        if (ask !== undefined) ask.sent = true
        requests += 1
        const result = await next(args)
        const time = dateOf(result.response)
        if (!Number.isNaN(time)) heard = { time, at: clock.monotonic() }
        return result
      },
      { step: 'deserialize', priority: 'low', name: 'blueGreenWire' },
    )
  }
  return {
    get requests() {
      return requests
    },
    now: (): number => heard.time + clock.monotonic() - heard.at,
    on: <Result>(terms: Terms | undefined, work: () => Promise<Result>): Promise<Result> =>
      underWay.run({ until: terms?.until ?? Number.POSITIVE_INFINITY, sent: false }, work),
  }
}

const dateOf = (response: unknown): number =>
  Date.parse((response as { readonly headers?: Readonly<Record<string, string>> }).headers?.date ?? '')
