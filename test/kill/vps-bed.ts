import type { Bed, BedOptions } from './bed.ts'
export async function startVpsBed(_: BedOptions): Promise<Bed> {
  throw new Error('not yet')
}
