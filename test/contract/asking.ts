import type { Color } from '../../src/targets/target.ts'

/** What the app in a stand says of itself; status null: nobody answers. */
export async function ask(url: string) {
  const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => null)
  await response?.body?.cancel()
  return {
    status: response?.status ?? null,
    color: response?.headers.get('x-color') as Color,
    version: response?.headers.get('x-version') ?? null,
  }
}
