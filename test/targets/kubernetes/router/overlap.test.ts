import { expect, it } from 'vitest'
import { serviceSchema } from '../../../../src/targets/kubernetes/objects.ts'
import { widened } from '../../../../src/targets/kubernetes/router/overlap.ts'
import { ChangeRefused } from '../../../../src/targets/target.ts'
import { fakeClock } from '../../../fake-clock.ts'
import { answered, clusterWith, placeOf } from '../fake-cluster.ts'
import { guardOf, on } from '../place.ts'
import { plainService } from '../plain-settings.ts'
import { podOf } from '../runtime/objects.ts'

type Labels = Readonly<Record<string, string>>

const podWith = (name: string, labels: Labels) => {
  const pod = podOf({ name })
  return { ...pod, metadata: { ...pod.metadata, labels } }
}

function widen(selector: Labels, pods: readonly ReturnType<typeof podWith>[]) {
  const asked: string[] = []
  const cluster = clusterWith({
    ask: async ({ path }) => {
      asked.push(decodeURIComponent(path))
      return answered({ metadata: {}, items: pods })
    },
  })
  const service = serviceSchema.parse({ metadata: { name: 'web' }, spec: { selector, ports: [] } })
  const part = {
    name: 'web',
    app: plainService,
    colorKey: { key: 'color', values: { blue: 'b', green: 'g' } },
    service,
    selector: { ...selector, color: 'g' },
    pods: [],
  }
  const order = { from: on('blue'), to: 'green', guard: guardOf(1) } as const
  return { asked, expected: widened(placeOf(cluster, { clock: fakeClock() }), part, order) }
}

const blue = podWith('blue', { app: 'shop', color: 'b' })
const green = podWith('green', { app: 'shop', color: 'g' })

it('the selector of both colors is the one without their key', async () => {
  const { expected, asked } = widen({ app: 'shop', color: 'b' }, [blue, green])
  expect(await expected).toMatchObject({ name: 'web', selector: { app: 'shop' } })
  expect((await expected).pods.map(({ metadata }) => metadata.name)).toEqual(['blue', 'green'])
  expect(asked).toEqual(['/api/v1/namespaces/shop/pods?labelSelector=app=shop'])
})

it.each([
  ['of another color', podWith('purple', { app: 'shop', color: 'p' })],
  ['of no color', podWith('job', { app: 'shop' })],
])('it is refused where it would select pods %s', async (_, stranger) => {
  const { expected } = widen({ app: 'shop', color: 'b' }, [blue, stranger, green])
  await expect(expected).rejects.toThrow(ChangeRefused)
  await expect(expected).rejects.toThrow(
    `The switch to green was not run: Service web cannot select both colors for \`kube-overlap\`, because without color it would select ${stranger.metadata.name} too. Traffic was not moved by us.`,
  )
})

it('it is refused where nothing of the selector would be left', async () => {
  const { expected, asked } = widen({ color: 'b' }, [])
  await expect(expected).rejects.toThrow('because its selector has nothing but color')
  expect(asked).toEqual([])
})
