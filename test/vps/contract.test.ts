import { afterAll, beforeAll, describe } from 'vitest'
import { describeTarget } from '../contract/target-contract.ts'
import { lacksVps } from './lacks-vps.ts'
import { openVpsStands, type VpsStands } from './stand.ts'

describe.skipIf(lacksVps())('on a VPS', { timeout: 300_000 }, () => {
  let stands: VpsStands
  beforeAll(async () => {
    stands = await openVpsStands(100)
  })
  afterAll(() => stands?.[Symbol.asyncDispose]())

  describeTarget('the VPS target', () => stands.open())
})
