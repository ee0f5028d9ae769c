import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { ApiAnswer } from '../../../../src/targets/kubernetes/api/cluster.ts'
import { kubernetesRouter } from '../../../../src/targets/kubernetes/router/router.ts'
import { fakeClock } from '../../../fake-clock.ts'
import { answered, clusterWith, placeOf, refused } from '../fake-cluster.ts'
import { on } from '../place.ts'
import { deploymentOf, serviceOf } from '../preflight/objects.ts'

const shop = serviceOf('shop', { app: 'shop', color: 'blue' })
const both = answered({ metadata: {}, items: [deploymentOf('shop-blue'), deploymentOf('shop-green')] })

/** `later`: which of the two is answered last. */
function observing(service: ApiAnswer, deployments: ApiAnswer, later: 'services' | 'deployments') {
  const asked: string[] = []
  const cluster = clusterWith({
    ask: async ({ path }) => {
      const kind = path.includes('/services/') ? 'services' : 'deployments'
      asked.push(kind)
      if (kind === later) for (let turn = 0; turn < 5; turn += 1) await nextTurn()
      return kind === 'services' ? service : deployments
    },
  })
  return { router: kubernetesRouter(placeOf(cluster, { clock: fakeClock() })), asked }
}

describe.each(['services', 'deployments'] as const)(
  'a look at the Services, of which the %s come last',
  (later) => {
    it('says first that they may not be read', async () => {
      const { router } = observing(refused(403, 'no services'), refused(403, 'no deployments'), later)
      expect(await router.observe()).toMatchObject({
        kind: 'unknown',
        detail: expect.stringMatching(/^Service shop cannot be read .*no services/),
      })
    })

    it('says that the Deployments may not be read', async () => {
      const { router } = observing(answered(shop), refused(403, 'no deployments'), later)
      expect(await router.observe()).toMatchObject({
        kind: 'unknown',
        detail: expect.stringMatching(/^The deployments cannot be listed .*no deployments/),
      })
    })

    it('asks for the Deployments once, and not again for what it knows', async () => {
      const { router, asked } = observing(answered(shop), both, later)
      expect(await router.observe()).toEqual(on('blue'))
      expect(asked.toSorted()).toEqual(['deployments', 'services'])
      expect(await router.observe()).toEqual(on('blue'))
      expect(asked.toSorted()).toEqual(['deployments', 'services', 'services'])
    })
  },
)
