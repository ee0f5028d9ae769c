import type { Service } from '@aws-sdk/client-ecs'
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2'
import { expect, test } from 'vitest'
import type { Place } from '../../../../src/targets/ecs/place.ts'
import { type Switching, switchRoutes } from '../../../../src/targets/ecs/router/switching.ts'
import { ChangeFailed, type Guard } from '../../../../src/targets/target.ts'
import { fakeClock } from '../../../fake-clock.ts'
import { plainService, plainSettings } from '../plain-settings.ts'
import { alone, web } from './actions.ts'

/** A listener on blue, which AWS shows as it was for so many answers after it was changed. */
function listenerWith({ outdated }: { readonly outdated: number }) {
  const clock = fakeClock()
  let [actions, shown] = [[alone(web.blue)], [alone(web.blue)]]
  let left = 0
  const aws = {
    expiration: async () => null,
    ask: async (action: string, input: { readonly DefaultActions?: Action[] }) => {
      if (action === 'elasticloadbalancing:ModifyListener') {
        shown = actions
        actions = input.DefaultActions ?? []
        left = outdated
        return {}
      }
      left -= 1
      return {
        Listeners: [
          { ListenerArn: plainSettings.routes[0]?.arn, DefaultActions: left < 0 ? actions : shown },
        ],
      }
    },
  }
  const service = (color: 'blue' | 'green'): readonly [string, Service] => [
    plainService.ecsService[color],
    { loadBalancers: [{ targetGroupArn: web[color], containerName: 'app', containerPort: 80 }] },
  ]
  const known = new Map([service('blue'), service('green')])
  const { signal } = new AbortController()
  const place = { settings: plainSettings, aws, surroundings: { clock, signal } } as unknown as Place
  const switching = {
    place,
    reader: { known: async () => known, read: async () => known },
    demand: async () => ({ until: Number.POSITIVE_INFINITY }),
    publicColors: [],
    undoTime: 0,
  } as unknown as Switching
  const guard: Guard = { lease: { fence: 1, nonce: 'ours' }, color: 'any' }
  const from = { kind: 'color', color: 'blue' } as const
  return { clock, toGreen: () => switchRoutes(switching, { from, to: 'green', guard }) }
}

test('a switch is confirmed as soon as AWS shows it', async () => {
  const { clock, toGreen } = listenerWith({ outdated: 3 })
  const switched = toGreen()
  await clock.advance(2_000)
  expect((await switched).detail).toContain('read back from AWS after 1500 ms')
})

test('a switch that AWS never shows has failed', async () => {
  const { clock, toGreen } = listenerWith({ outdated: 1_000 })
  const switched = expect(toGreen()).rejects.toThrow(ChangeFailed)
  await clock.advance(20_000)
  await switched
  expect(clock.monotonic()).toBe(20_000)
})
