import { afterAll, beforeAll, describe } from 'vitest'
import { lacksRoot } from '../bed/vps/root.ts'
import { describeTarget } from '../contract/target-contract.ts'
import { lacks } from '../programs.ts'
import { openVpsStands, type VpsStands } from './stand.ts'

const needed = ['dockerd', 'docker', 'docker-registry', 'nginx', 'sshd', 'vps-app', 'compose-v2']

describe.skipIf(lacks(...needed) || lacksRoot())('on a VPS', { timeout: 120_000 }, () => {
  let stands: VpsStands
  beforeAll(async () => {
    stands = await openVpsStands(100)
  })
  afterAll(() => stands?.[Symbol.asyncDispose]())

  describeTarget('the VPS target', () => stands.open())
})
