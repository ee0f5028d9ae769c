/** What is deployed to in a demo, and the users who never stop asking. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Color } from '../../src/targets/target.ts'
import { type LoadReport, startLoad } from '../bed/load.ts'
import type { Run } from './act.ts'

export const app = 'shop'
export const users = { keepAlive: 6, fresh: 6, think: { min: 20, max: 60 } }

export interface Shop extends AsyncDisposable {
  /** Of the demo alone; it goes with the shop. */
  readonly folder: string
  readonly url: string
  /** For every process that may run a command. */
  readonly env: Readonly<Record<string, string>>
  /** Makes the release of a run, and says what the step is given. */
  inputsOf(run: Run, ending: Ending): Promise<Readonly<Record<string, string>>>
  /** As somebody does it by hand. */
  flip(to: Color): Promise<void>
  /** What the router says of itself. */
  named(): Promise<string>
  /** What there is to tell in the end. `stages`: main and post steps that ran. */
  facts(stages: number): readonly string[]
}

/** Shell commands; empty where main is to live. */
export interface Ending {
  readonly beforeRename: string
  readonly afterRename: string
}

export type Served = Pick<LoadReport, 'sent' | 'lost'>

export interface Doors extends AsyncDisposable {
  /** So far; before anybody is routed there are no users. */
  served(): Served
  /** Nobody asks any more, and all are answered or lost. */
  close(): Promise<Served>
}

/** Users come as soon as the first of them would be served. */
export function openDoors(url: string): Doors {
  const closed = new AbortController()
  const opening = (async () => {
    while (!closed.signal.aborted && !(await isServed(url))) await sleep(10)
    return closed.signal.aborted ? null : startLoad({ url, ...users })
  })()
  let load: Awaited<typeof opening> = null
  void opening.then((opened) => {
    load = opened
  })
  const nobody: Served = { sent: 0, lost: [] }
  const close = async (): Promise<Served> => {
    closed.abort()
    return (await (await opening)?.stop()) ?? nobody
  }
  return {
    served: () => load?.report() ?? nobody,
    close,
    [Symbol.asyncDispose]: async () => void (await close()),
  }
}

export async function textAt(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  return (await response.text()).trim()
}

const isServed = (url: string): Promise<boolean> =>
  fetch(url, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )

/** What users are told now; several answers mean that it is not settled. */
export async function answersAt(url: string): Promise<string> {
  const answers = await Promise.all(Array.from({ length: 8 }, () => textAt(url)))
  return [...new Set(answers)].sort().join(' and ')
}
