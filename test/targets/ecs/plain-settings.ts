import type { EcsService, EcsSettings } from '../../../src/targets/ecs/settings.ts'
import { listenerArn } from '../../settings/reading.ts'

export const plainService: EcsService = {
  name: 'shop',
  ecsService: { blue: 'shop-blue', green: 'shop-green' },
  container: null,
  routes: [],
  url: 'https://shop.example.com',
  start: 'before-switch',
}

/** Of a user who says no more than must be said. */
export const plainSettings: EcsSettings = {
  app: 'shop',
  region: null,
  cluster: 'default',
  routes: [{ kind: 'listener', arn: listenerArn }],
  testHeaders: {},
  attach: false,
  desiredCount: null,
  lockParameter: '/blue-green/shop',
  services: [plainService],
}
