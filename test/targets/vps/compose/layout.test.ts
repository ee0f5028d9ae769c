import { describe, expect, test } from 'vitest'
import { layOut, type Made, sharedServices } from '../../../../src/targets/vps/compose/layout.ts'
import type { ComposeSettings, VpsService } from '../../../../src/targets/vps/settings.ts'

const service = (name: string, changes: Partial<VpsService> = {}): VpsService => ({
  name,
  ports: { blue: 3010, green: 3020 },
  composeService: null,
  composeProfile: null,
  url: null,
  start: 'before-switch',
  ...changes,
})

const compose: ComposeSettings = {
  files: { blue: ['docker-compose.blue.yml'], green: ['docker-compose.green.yml'] },
  project: null,
}

interface Given {
  readonly services?: readonly VpsService[]
  readonly file: readonly string[]
  readonly made?: readonly Made[]
  readonly app?: string
  readonly settings?: ComposeSettings
}

const find = (color: 'blue' | 'green', given: Given) =>
  layOut({
    app: given.app ?? 'shop',
    color,
    services: given.services ?? [service('shop')],
    compose: given.settings ?? compose,
    file: { services: Object.fromEntries(given.file.map((name) => [name, { image: `${name}:1` }])) },
    made: given.made ?? [],
    path: '/srv/shop/docker-compose.yml',
  })

const nameOf = (color: 'blue' | 'green', given: Given) => {
  const answer = find(color, given)
  return answer.kind === 'layout' ? answer.layout.services.map(({ name }) => name).join(' ') : answer.why
}

describe('the compose service of a color', () => {
  test.each<[string, string, string, string]>([
    // file, services of the app, blue, green
    ['web', 'shop', 'web', 'web'],
    ['shop', 'shop', 'shop', 'shop'],
    ['app-blue app-green', 'app', 'app-blue', 'app-green'],
    ['app_blue app_green', 'app', 'app_blue', 'app_green'],
    ['blue-app green-app', 'app', 'blue-app', 'green-app'],
    ['blue green', 'shop', 'blue', 'green'],
    ['app app-green', 'app', 'app', 'app-green'],
    ['web-blue web-green redis', 'shop', 'web-blue', 'web-green'],
    ['frontend backend redis', 'frontend backend', 'frontend backend', 'frontend backend'],
    [
      'frontend-blue frontend-green backend',
      'frontend backend',
      'frontend-blue backend',
      'frontend-green backend',
    ],
  ])('in a file with %s, for the app %s: %s and %s', (file, names, blue, green) => {
    const given = { file: file.split(' '), services: names.split(' ').map((name) => service(name)) }
    expect([nameOf('blue', given), nameOf('green', given)]).toEqual([blue, green])
  })

  test('is refused with what was looked for and what is there', () => {
    expect(find('blue', { file: ['redis', 'web', 'worker'] })).toEqual({
      kind: 'refused',
      setting: 'compose-service',
      why: '/srv/shop/docker-compose.yml has no service "shop-blue", "shop_blue", "blue-shop", "blue_shop", "blue", "shop" for blue; it has redis, web, worker',
      fix: 'Name it: `compose-service: { blue: … }`.',
    })
    expect(find('green', { file: [], services: [service('a'), service('b')] })).toMatchObject({
      why: expect.stringMatching(/it has none$/),
      fix: expect.stringContaining('services.a'),
    })
  })

  test('is the one that was named, and no other', () => {
    const named = service('shop', { composeService: { blue: 'real1', green: 'real2' } })
    expect(nameOf('green', { file: ['real1', 'real2', 'shop'], services: [named] })).toBe('real2')
    expect(nameOf('green', { file: ['shop'], services: [named] })).toMatch(/no service "real2"/)
  })
})

describe('the compose project of a color', () => {
  const projectOf = (given: Given) => {
    const answer = find('blue', given)
    return answer.kind === 'layout' ? answer.layout.project : answer.why
  }

  test('is the one that was named', () => {
    const settings = { ...compose, project: { blue: 'one', green: 'two' } }
    expect(projectOf({ file: ['shop'], settings })).toBe('one')
  })

  test('is what the containers carry that were made from the same file', () => {
    const made = [
      { project: 'other', service: 'shop', files: '/srv/other/docker-compose.yml' },
      { project: 'by-hand', service: 'shop', files: '/srv/shop/docker-compose.yml,/srv/shop/more.yml' },
    ]
    expect(projectOf({ file: ['shop'], made })).toBe('by-hand')
    expect(projectOf({ file: ['web'], made })).toBe('shop-blue')
  })

  test('is made of the app and the color, as compose takes names', () => {
    expect(projectOf({ file: ['web'], app: 'My.Shop' })).toBe('my-shop-blue')
    expect(projectOf({ file: ['web'], app: '-9' })).toBe('9-blue')
  })
})

test('says which compose services both colors would share', () => {
  const layout = (project: string, ...names: readonly string[]) => ({
    project,
    services: names.map((name) => ({
      app: name,
      name,
      builds: false,
      local: false,
      profile: null,
      served: true,
    })),
  })
  expect(sharedServices({ blue: layout('p', 'a', 'b'), green: layout('p', 'b') })).toEqual(['b'])
  expect(sharedServices({ blue: layout('p', 'a'), green: layout('p', 'a-green') })).toEqual([])
  expect(sharedServices({ blue: layout('p', 'a'), green: layout('q', 'a') })).toEqual([])
})
