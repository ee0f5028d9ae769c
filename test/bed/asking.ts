import type { Color } from '../../src/targets/target.ts'

/** What an app says of itself to whoever opens a connection now; status null: nobody answers. */
export async function ask(url: string) {
  const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => null)
  await response?.body?.cancel()
  return {
    status: response?.status ?? null,
    color: response?.headers.get('x-color') as Color,
    version: response?.headers.get('x-version') ?? null,
  }
}

export async function colorAt(url: string): Promise<Color | 'nobody'> {
  const { status, color } = await ask(url)
  return status === 200 ? color : 'nobody'
}
