import { setTimeout as sleep } from 'node:timers/promises'

/** What `find` finds at last. */
export async function poll<Found>(find: () => Promise<Found | null>): Promise<Found> {
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    const found = await find()
    if (found !== null) return found
    await sleep(50)
  }
  throw new Error('It has not come about in half a minute.')
}
