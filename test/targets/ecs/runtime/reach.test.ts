import type { Service } from '@aws-sdk/client-ecs'
import { expect, it } from 'vitest'
import type { Place } from '../../../../src/targets/ecs/place.ts'
import { type ColorUrls, ecsRuntime, type RuntimeParts } from '../../../../src/targets/ecs/runtime/runtime.ts'
import { plainService, plainSettings } from '../plain-settings.ts'

const green = (url: string) => ({ blue: `${url}/blue`, green: `${url}/green` })

function reach(service: string, colorUrls: ColorUrls, worker: Partial<Service> = {}) {
  const ecsService = { blue: 'worker-blue', green: 'worker-green' }
  const services = [plainService, { ...plainService, name: 'worker', ecsService }]
  const loadBalancers = [{ targetGroupArn: 'arn', containerName: 'app', containerPort: 80 }]
  const known = new Map<string, Service>([
    [plainService.ecsService.green, { desiredCount: 1, loadBalancers }],
    ['worker-green', { desiredCount: 1, loadBalancers: [], ...worker }],
  ])
  const place = { settings: { ...plainSettings, services } } as unknown as Place
  const parts = { colorUrls, reader: { known: async () => known } } as unknown as RuntimeParts
  return ecsRuntime(place, parts).reach('green', service)
}

const shared = { [plainService.name]: green('https://shop'), worker: green('https://shop') }

it.each<readonly [string, string, ColorUrls, readonly string[]]>([
  ['a service behind a load balancer', plainService.name, shared, ['https://shop/green']],
  ['no worker, at the address of another service', 'worker', shared, []],
  [
    'a worker at an address of its own',
    'worker',
    { ...shared, worker: green('https://worker') },
    ['https://worker/green'],
  ],
  ['nobody without an address', 'worker', {}, []],
])('asks %s', async (_, service, colorUrls, urls) => {
  expect((await reach(service, colorUrls)).map(({ url }) => url)).toEqual(urls)
})

it('says that nothing is behind the address of a color without tasks', async () => {
  const own = { worker: green('https://worker') }
  await expect(reach('worker', own, { desiredCount: 0 })).rejects.toThrow(
    'worker-green is scaled to 0: there is nothing behind https://worker/green',
  )
})
