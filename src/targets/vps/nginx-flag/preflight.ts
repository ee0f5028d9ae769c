/** What is wrong between nginx on the host and the settings, found before anything is touched. */
import type { Problem } from '../../target.ts'
import { type FlagPlace, observeTraffic } from './router.ts'

export async function findFlagProblems(place: FlagPlace): Promise<readonly Problem[]> {
  const traffic = await observeTraffic(place)
  if (traffic.kind !== 'unknown' && traffic.kind !== 'mixed') return []
  return [{ setting: 'router', what: `${traffic.detail}.`, fix: traffic.repair.join('\n') }]
}
