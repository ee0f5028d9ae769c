import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/settings/read.ts'
import { commands, enough, givenOf, problemsOf, settingsOf } from './reading.ts'

describe('problems', () => {
  it('are all told at once, with setting, value and what is accepted', () => {
    const { commands: _, ...rest } = enough
    const inputs = {
      ...rest,
      bake: '30',
      'dry-run': 'yes',
      'helth-path': '/x',
      cluster: 'prod',
      traffic: 'x',
      url: 'shop.example.com',
    }
    expect(problemsOf(inputs)).toEqual([
      '`bake`: `30` has no unit: did you mean `30s`? Accepted: a duration such as `500ms`, `90s`, `5m` or `1h30m`.',
      '`dry-run`: `yes` is neither `true` nor `false`: did you mean `true`? Accepted: `true` or `false`.',
      '`helth-path` is not a setting: did you mean `health-path`?',
      '`cluster` belongs to target `ecs`, not to target `command`.',
      '`traffic` is not available yet in this version.',
      '`url`: `shop.example.com` is not an http or https URL: did you mean `https://shop.example.com`? Accepted: an http or https URL.',
      '`commands.observe` is required in mode `deploy`. Accepted: a command whose last line of output is `blue`, `green` or `none`: the color that users reach.',
      '`commands.deploy` is required in mode `deploy`. Accepted: a command that starts the release on `$BLUE_GREEN_COLOR`.',
      '`commands.switch` is required in mode `deploy`. Accepted: a command that sends users to `$BLUE_GREEN_COLOR`.',
      '`commands.stop` is required in mode `deploy`. Accepted: a command that stops `$BLUE_GREEN_COLOR`.',
    ])
  })

  it('have their parts apart for other renderings', () => {
    expect(readSettings(givenOf({ ...enough, bake: '30' }))).toEqual({
      kind: 'problems',
      problems: [
        {
          setting: 'bake',
          value: '30',
          accepted: 'a duration such as `500ms`, `90s`, `5m` or `1h30m`',
          nearest: '30s',
          text: expect.any(String),
        },
      ],
    })
  })

  it('name the line of the file', () => {
    const file = `target: command
app: shop
services:
  web:
    health: { path: /x, status: [2xx, 200-299] }
    blue-port: 8080
commands:
  observe: cat live
  switch: [./a, { run: ./b, where: there }]
config: other.yml
`
    expect(problemsOf({ config: 'deploy.yml', 'color-url': 'http://{color}' }, file)).toEqual([
      '`services.web.health.status.0` (deploy.yml, line 5): `2xx` is not a status: did you mean `200-299`? Accepted: a status such as `200` or a range such as `200-299`.',
      '`services.web.blue-port` (deploy.yml, line 6) belongs to target `vps`, not to target `command`.',
      '`commands.switch.1.where` (deploy.yml, line 9): `there` is not one of the choices. Accepted: `runner` or `target`.',
      '`config` (deploy.yml, line 10) can only be given as an input of the step.',
      '`commands.deploy` is required in mode `deploy`. Accepted: a command that starts the release on `$BLUE_GREEN_COLOR`.',
      '`commands.stop` is required in mode `deploy`. Accepted: a command that stops `$BLUE_GREEN_COLOR`.',
    ])
  })

  it.each([
    ['app: "shop\nbake: 1s', 'is not YAML at line 2, column 9: Missing closing "quote'],
    ['app: a\napp: b', 'is not YAML at line 2, column 1: Map keys must be unique'],
    ['app: *other', 'is not YAML: Unresolved alias (the anchor must be set before the alias): other'],
    ['app: &a [*a]', 'is not YAML: An alias stands inside what it names'],
    [`${'['.repeat(20_000)}`, 'is not YAML'],
    ['- app', 'does not hold a map'],
  ])('of a file as a whole, with those of the inputs (%#)', (file, why) => {
    expect(problemsOf({ config: 'deploy.yml', bake: '30' }, file)).toEqual([
      expect.stringContaining(`\`config\`: \`deploy.yml\` ${why}`),
      expect.stringMatching(/^`bake`: `30` has no unit/),
    ])
  })

  it('of an input that should be YAML', () => {
    expect(problemsOf({ ...enough, commands: 'observe: "x' })).toEqual([
      '`commands` is not YAML at line 1, column 12: Missing closing "quote.',
    ])
  })

  it('of a file that was named and could not be read', () => {
    expect(problemsOf({ ...enough, config: 'gone.yml' })).toEqual([
      '`config`: `gone.yml` could not be read. Accepted: the path of a file in the workspace.',
    ])
  })

  it('refuse a document that grows by aliases', () => {
    const levels = [
      'a: &l0 [x, x, x, x, x, x, x, x]',
      ...Array.from(
        { length: 8 },
        (_, level) => `b${level}: &l${level + 1} [${Array(8).fill(`*l${level}`).join(', ')}]`,
      ),
    ]
    expect(problemsOf(enough, levels.join('\n'))).toEqual([expect.stringContaining('Excessive alias count')])
  })

  it('take a long value short and on one line', () => {
    const [problem] = problemsOf({ ...enough, url: `a\n${'b'.repeat(500)}` })
    expect(problem).toMatch(/^`url`: `a b{78}…` is not an http or https URL\./)
  })
})

describe('what is not built yet', () => {
  it.each(['stage', 'promote', 'abort'])('mode %s', (mode) => {
    expect(problemsOf({ ...enough, mode })).toEqual([
      `\`mode\`: \`${mode}\` is not available yet in this version. Accepted: \`deploy\`, \`rollback\`, \`status\`, \`cleanup\` or \`unlock\`.`,
    ])
  })

  it.each(['notify', 'traffic', 'github-deployment', 'staged-max-age', 'ledger'])('setting %s', (name) => {
    expect(problemsOf({ ...enough, [name]: 'x' })).toEqual([
      `\`${name}\` is not available yet in this version.`,
    ])
  })
})

describe('what settings demand of each other', () => {
  const without = (...names: readonly string[]) =>
    commands
      .split('\n')
      .filter((line) => !names.includes(line.split(':')[0] ?? ''))
      .join('\n')

  it.each([
    ['deploy', ['observe', 'deploy', 'switch', 'stop']],
    ['rollback', ['observe', 'deploy', 'switch', 'stop']],
    ['cleanup', ['observe', 'stop']],
    ['status', ['observe']],
    ['unlock', ['observe']],
  ])('mode %s needs the commands %j', (mode, names) => {
    const problems = problemsOf({ ...enough, mode, commands: 'diagnose: ./logs' })
    expect(problems.map((problem) => /^`commands\.(\w+)` is required/.exec(problem)?.[1])).toEqual(names)
  })

  it('old-color: remove needs `remove`', () => {
    expect(problemsOf({ ...enough, 'old-color': 'remove' })).toEqual([
      expect.stringMatching(/^`commands\.remove` is required for `old-color: remove`/),
    ])
    expect(problemsOf({ ...enough, 'old-color': 'remove', commands: `${commands}remove: ./rm` })).toEqual([])
  })

  it('a command with a problem of its own is not called missing', () => {
    const problems = problemsOf({
      ...enough,
      commands: `${without('deploy', 'stop')}\ndeploy: { run: ./d, timeout: 30 }`,
    })
    expect(problems).toEqual([
      expect.stringMatching(/^`commands\.deploy\.timeout`: `30` has no unit: did you mean `30s`/),
      expect.stringMatching(/^`commands\.stop` is required/),
    ])
  })

  it('something must be able to check the idle color', () => {
    const blind = { ...enough, 'color-url': '' }
    const services = '{ web: { color-url: "http://{color}" }, api: {} }'
    expect(problemsOf(blind)).toEqual([
      expect.stringMatching(/^`color-url` or `commands\.ready` is required/),
    ])
    expect(problemsOf({ ...blind, services })).toEqual([
      expect.stringMatching(/^`services\.api\.color-url` or `commands\.ready` is required/),
    ])
    expect(problemsOf({ ...blind, commands: `${commands}ready: ./ready` })).toEqual([])
    expect(problemsOf({ ...blind, 'skip-health-check': 'true' })).toEqual([])
    expect(problemsOf({ ...blind, mode: 'cleanup' })).toEqual([])
  })

  it('max-p99 needs enough samples', () => {
    expect(problemsOf({ ...enough, 'max-p99': 'x1.5' })).toEqual([
      '`max-p99` needs at least 500 samples, and `bake: 30s` × `sample-rate: 5/s` gives 150. Accepted: `bake: 1m40s` or `sample-rate: 17/s`.',
    ])
    expect(problemsOf({ ...enough, 'max-p99': 'x1.5', 'sample-rate': '0' })).toEqual([
      expect.stringContaining('Accepted: `sample-rate: 17/s`.'),
    ])
    expect(settingsOf({ ...enough, 'max-p99': 'x1.5', bake: '1m40s' }).intent.maxP99).toEqual({
      kind: 'factor',
      factor: 1.5,
    })
    expect(settingsOf({ ...enough, 'max-p99': '300ms', 'sample-rate': '17/s' }).intent.maxP99).toEqual({
      kind: 'time',
      time: 300,
    })
  })

  it('image and url are for one service', () => {
    const services = '{ web: {}, api: {} }'
    expect(problemsOf({ ...enough, services, url: 'http://shop', image: 'a:b' })).toEqual([
      '`image` is for an app with one service, and `services` names 2. Accepted: `services.web.image`, `services.api.image`.',
      '`url` is for an app with one service, and `services` names 2. Accepted: `services.web.url`, `services.api.url`.',
    ])
    expect(settingsOf({ ...enough, services: 'web: {}', url: 'http://shop' }).intent.services).toMatchObject([
      { url: 'http://shop' },
    ])
  })

  it('the ledger must outlive the machine', () => {
    expect(problemsOf(enough, null, { GITHUB_SHA: 'a', RUNNER_ENVIRONMENT: 'github-hosted' })).toEqual([
      expect.stringMatching(/^`ledger` would vanish with this machine.*self-hosted runner/),
    ])
    expect(problemsOf(enough, null, { GITHUB_SHA: 'a', RUNNER_ENVIRONMENT: 'self-hosted' })).toEqual([])
  })

  it('a version must be known to deploy', () => {
    expect(problemsOf(enough, null, {})).toEqual([
      expect.stringMatching(/^`version` is required where `GITHUB_SHA`/),
    ])
    expect(problemsOf({ ...enough, mode: 'rollback' }, null, {})).toEqual([])
  })
})

it('an underscore is not a hyphen', () => {
  expect(problemsOf({ ...enough, health_path: '/y' })).toEqual([
    '`health_path` is not a setting: did you mean `health-path`?',
  ])
})
