import { expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openTarget } from '../../src/registry.ts'
import { plainVps, settingsOf } from './reading.ts'

it('several hosts are refused before any of them is touched', async () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----'
  const hosts = { 'ssh-host': 'one.invalid, two.invalid', 'ssh-user': 'deploy', 'ssh-key': key }
  const target = openTarget(
    settingsOf({ ...plainVps, ...hosts }),
    {
      app: 'shop',
      leaseTtl: 60_000,
      deployTimeout: 60_000,
      signal: new AbortController().signal,
      clock: systemClock,
      output: () => {},
      secrets: [],
    },
    {},
  )
  expect(await target.preflight()).toEqual([
    {
      setting: 'ssh-host',
      what: expect.stringMatching(/^It names 2 hosts, and one operation over several is not available yet/),
      fix: expect.stringContaining('Name one host'),
    },
  ])
  await target.close()
})
