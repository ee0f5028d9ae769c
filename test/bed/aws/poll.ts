import { setTimeout as sleep } from 'node:timers/promises'

/** What `find` finds at last. */
export async function poll<Found>(find: () => Promise<Found | null>): Promise<Found> {
  for (let turn = 0; turn < 600; turn++) {
    const found = await find()
    if (found !== null) return found
    await sleep(50)
  }
  throw new Error('It has not come about in half a minute.')
}
