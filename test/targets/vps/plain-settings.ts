import type { VpsService, VpsSettings } from '../../../src/targets/vps/settings.ts'

export const plainService: VpsService = {
  name: 'shop',
  ports: { blue: 3010, green: 3020 },
  composeService: null,
  composeProfile: null,
  url: 'https://shop.example.com',
  start: 'before-switch',
}

/** Of a user who says no more than must be said. */
export const plainSettings: VpsSettings = {
  app: 'shop',
  directory: '/srv/shop',
  stateDirectory: '/var/lib/blue-green/shop',
  sudo: 'auto',
  compose: {
    files: { blue: ['docker-compose.blue.yml'], green: ['docker-compose.green.yml'] },
    project: null,
  },
  envFile: null,
  registry: null,
  router: { listen: null, proxyUrl: null },
  services: [plainService],
}
