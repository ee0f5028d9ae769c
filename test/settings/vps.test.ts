import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/settings/read.ts'
import type { VpsSettings } from '../../src/targets/vps/settings.ts'
import { plainSettings } from '../targets/vps/plain-settings.ts'
import { givenOf, plainVps as plain, settingsOf } from './reading.ts'

type Inputs = Readonly<Record<string, string>>

const withoutPorts = { ...plain, 'blue-port': '', 'green-port': '', url: '', 'proxy-url': 'http://127.0.0.1' }

function vpsOf(...given: Parameters<typeof settingsOf>): VpsSettings {
  const settings = settingsOf(...given)
  if (settings.target !== 'vps') throw new Error(`Read as target ${settings.target}.`)
  return settings.vps
}

describe('a VPS', () => {
  it('needs little, and has every default', () => {
    expect(vpsOf(plain)).toEqual(plainSettings)
  })

  it('takes all of its settings', () => {
    const file = `target: vps
app: shop.eu
directory: /srv/{app}/
state-directory: /opt/state/{app}/
ssh-host: [deploy@one, deploy@two:2200]
ssh-key: |
  -----BEGIN OPENSSH PRIVATE KEY-----
  AAAA
  -----END OPENSSH PRIVATE KEY-----
sudo: never
runtime: compose
proxy: nginx
compose-file: [compose.yml, "compose.{color}.yml"]
compose-project: { blue: shop, green: shop-green }
compose-service: "{service}-{color}"
compose-profile: "{color}"
env-file-content: "A=1"
env-file-path: /srv/env/{app}.{color}
registry: https://index.docker.io/v1/
registry-username: ann
registry-password: pass-word
proxy-url: http://127.0.0.1:8080
router: { nginx-flag: { listen: { web: 8100, api: 8101 } } }
services:
  web: { blue-port: 3010, green-port: 3020, url: "https://shop.example.com", image: "shop:1" }
  api: { blue-port: 3011, green-port: 3021, compose-service: { blue: api, green: api-green } }
  worker: { start: after-switch, compose-profile: "{service}-{color}" }
`
    const given = [{ config: 'shop.yml' }, file] as const
    expect(vpsOf(...given)).toEqual({
      app: 'shop.eu',
      directory: '/srv/shop.eu',
      stateDirectory: '/opt/state/shop.eu',
      sudo: 'never',
      compose: {
        files: { blue: ['compose.yml', 'compose.blue.yml'], green: ['compose.yml', 'compose.green.yml'] },
        project: { blue: 'shop', green: 'shop-green' },
      },
      envFile: {
        content: 'A=1',
        path: { blue: '/srv/env/shop.eu.blue', green: '/srv/env/shop.eu.green' },
      },
      registry: { host: 'docker.io', username: 'ann', password: 'pass-word' },
      router: { listen: { web: 8100, api: 8101 }, proxyUrl: 'http://127.0.0.1:8080' },
      services: [
        {
          name: 'web',
          ports: { blue: 3010, green: 3020 },
          composeService: { blue: 'web-blue', green: 'web-green' },
          composeProfile: { blue: 'blue', green: 'green' },
          url: 'https://shop.example.com',
          start: 'before-switch',
        },
        {
          name: 'api',
          ports: { blue: 3011, green: 3021 },
          composeService: { blue: 'api', green: 'api-green' },
          composeProfile: { blue: 'blue', green: 'green' },
          url: null,
          start: 'before-switch',
        },
        {
          name: 'worker',
          ports: { blue: null, green: null },
          composeService: { blue: 'worker-blue', green: 'worker-green' },
          composeProfile: { blue: 'worker-blue', green: 'worker-green' },
          url: null,
          start: 'after-switch',
        },
      ],
    })
    const { hosts, intent } = settingsOf(...given)
    expect(hosts).toMatchObject([
      { host: { user: 'deploy', host: 'one', port: 22 } },
      { host: { user: 'deploy', host: 'two', port: 2200 } },
    ])
    expect(intent.services.map(({ name, image, start }) => [name, image, start])).toEqual([
      ['web', 'shop:1', 'before-switch'],
      ['api', null, 'before-switch'],
      ['worker', null, 'after-switch'],
    ])
  })

  it('takes one port to listen on for the only service that has ports', () => {
    const services = '{ web: { blue-port: 1, green-port: 2 }, worker: {} }'
    const router = '{ nginx-flag: { listen: 8100 } }'
    expect(vpsOf({ ...withoutPorts, services, router }).router.listen).toEqual({ web: 8100 })
  })

  it('gives the only service what is said for all, by whatever name', () => {
    expect(vpsOf({ ...plain, services: 'web: { green-port: 3030 }' }).services).toMatchObject([
      { name: 'web', ports: { blue: 3010, green: 3030 }, url: 'https://shop.example.com' },
    ])
  })

  it('may be asked for its state in full, the public URL included', () => {
    expect(vpsOf({ ...plain, mode: 'status' }).services).toMatchObject([{ url: plain.url }])
  })

  it('runs hooks on the host', () => {
    const { hooks } = settingsOf({ ...plain, migrate: '{ run: ./migrate, where: target }' }).intent
    expect(hooks.migrate).toMatchObject([{ run: './migrate', where: 'target' }])
  })
})

describe('the configuration revision of a VPS', () => {
  const revisionOf = (changes: Inputs) => settingsOf({ ...plain, ...changes }).intent.configuration
  const ports = '{ url: "https://shop.example.com", blue-port: 3010, green-port: 3020 }'
  const login = { registry: 'ghcr.io', 'registry-username': 'ann', 'registry-password': 'pass-word' }

  it('changes with what is sent to run a release', () => {
    const revisions = [
      {},
      { directory: '/srv/other' },
      { 'compose-file': 'compose.yml' },
      { 'compose-project': 'shop-{color}' },
      { 'compose-service': 'web' },
      { 'compose-profile': '{color}' },
      { 'env-file-content': 'A=1' },
      { 'env-file-content': 'A=2' },
      { 'env-file-content': 'A=1', 'env-file-path': 'env/{color}' },
      { 'blue-port': '3030' },
      { ...withoutPorts, services: `{ shop: ${ports}, worker: { start: after-switch } }` },
      { ...withoutPorts, services: `{ shop: ${ports}, worker: {} }` },
    ].map((changes) => revisionOf(changes))
    expect(new Set(revisions).size).toBe(revisions.length)
  })

  it('stays when only the way to fetch, route or check it changes', () => {
    const changes = [
      login,
      { 'proxy-url': 'http://127.0.0.1' },
      { version: '2', image: 'a:b' },
      { bake: '1s' },
    ]
    expect(changes.map((one) => revisionOf(one))).toEqual(changes.map(() => revisionOf({})))
    expect(revisionOf({ 'compose-file': '{ blue: a, green: b }' })).toBe(
      revisionOf({ 'compose-file': '{ green: b, blue: a }' }),
    )
  })
})

it('is read only with services that nginx can send users to', () => {
  const ports = fc.constantFrom(
    {},
    { 'blue-port': '3010', 'green-port': '3020' },
    { 'blue-port': '3011', 'green-port': '3021' },
    { 'blue-port': '3010', 'green-port': '3011' },
    { 'green-port': '3030' },
  )
  const rest = fc.record(
    {
      url: fc.constant('https://shop.example.com'),
      start: fc.constantFrom('before-switch', 'after-switch'),
      'compose-service': fc.constantFrom('web', '{service}', 'app-{color}'),
    },
    { requiredKeys: [] },
  )
  const service = fc.tuple(ports, rest).map(([some, others]) => ({ ...some, ...others }))
  const names = fc.constantFrom('web', 'api', 'worker', 'constructor')
  const listen = fc.oneof(
    fc.constant(null),
    fc.constant('8100'),
    fc.dictionary(names, fc.constantFrom('8100', '8101')),
  )
  let taken = 0
  fc.assert(
    fc.property(fc.dictionary(names, service, { minKeys: 1 }), listen, (services, listen) => {
      const router = { 'nginx-flag': listen === null ? {} : { listen } }
      const reading = readSettings(
        givenOf({ ...withoutPorts, config: 'x.yml' }, JSON.stringify({ services, router })),
      )
      if (reading.kind === 'problems' || reading.settings.target !== 'vps') return
      taken += 1
      const { vps } = reading.settings
      const routed = vps.services.filter(({ ports }) => ports.blue !== null && ports.green !== null)
      const used = [
        ...vps.services.flatMap(({ ports }) => [ports.blue, ports.green]).filter((port) => port !== null),
        ...Object.values(vps.router.listen ?? {}),
      ]
      expect(routed).not.toEqual([])
      expect(routed.filter(({ start }) => start === 'after-switch')).toEqual([])
      expect(vps.services.filter((one) => one.url !== null && !routed.includes(one))).toEqual([])
      expect(new Set(used).size).toBe(used.length)
      if (vps.router.listen) {
        const listening = Object.keys(vps.router.listen).toSorted()
        expect(listening).toEqual(routed.map(({ name }) => name).toSorted())
      }
    }),
    { numRuns: 1000 },
  )
  expect(taken).toBeGreaterThan(0)
})
