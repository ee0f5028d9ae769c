import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { secretSettings, settingNames } from '../../src/settings/catalog/catalog.ts'
import { readSettings } from '../../src/settings/read.ts'
import { commands, enough, givenOf, problemsOf, settingsOf } from './reading.ts'

describe('what is read', () => {
  it('has every default', () => {
    const settings = settingsOf(enough)
    const { intent, githubToken, jobStatus, secrets, warnings } = settings
    expect(intent).toMatchObject({
      app: 'shop',
      mode: 'deploy',
      dryRun: false,
      version: 'c0ffee',
      targetColor: 'auto',
      health: { successes: 3, interval: 2000, timeout: 300_000, requestTimeout: 5000, skip: false },
      bake: 30_000,
      sampleRate: 5,
      maxErrorRate: 0.05,
      maxP99: null,
      deployTimeout: 600_000,
      drain: 30_000,
      rollbackTimeout: 120_000,
      oldColor: 'stop',
      onFailure: 'stop',
      goesBackOn: ['failure'],
      lockWait: 120_000,
      leaseTtl: 60_000,
      diagnostics: 'summary',
      configuration: expect.stringMatching(/^[0-9a-f]{12}$/),
    })
    expect(intent.services).toMatchObject([
      {
        name: 'shop',
        image: null,
        url: null,
        colorUrl: { blue: 'http://blue.local', green: 'http://green.local' },
      },
    ])
    if (settings.target !== 'command') throw new Error(settings.target)
    const { command } = settings
    expect(command.stateDirectory).toBe('/var/lib/blue-green/shop')
    expect(command.commands.deploy).toEqual([{ run: './deploy', where: 'target', timeout: 600_000, env: {} }])
    expect(command.commands.remove).toEqual([])
    expect({ githubToken, jobStatus, secrets, warnings }).toEqual({
      githubToken: null,
      jobStatus: null,
      secrets: [],
      warnings: [],
    })
  })

  it('takes the file, and inputs over it', () => {
    const file = `target: command
app: shop
version: 1.10
bake: 1m
drain: 1m
commands: { observe: cat live, deploy: ./deploy, switch: ./switch, stop: ./stop, ready: ./ready }
`
    const { intent } = settingsOf({ config: 'deploy.yml', bake: '2m', drain: '' }, file)
    expect(intent).toMatchObject({ version: '1.10', bake: 120_000, drain: 60_000 })
  })

  it('leaves shell text alone that happens to be YAML', () => {
    const shells = ['{ echo a; }', '[ -f /tmp/x ]', 'echo "a: b"', 'set -x\necho: no', "# c\ntest 'a'"]
    for (const shell of shells) {
      expect(settingsOf({ ...enough, migrate: shell }).intent.hooks.migrate.map(({ run }) => run)).toEqual([
        shell,
      ])
    }
  })

  it.each([
    ['run: ./a\ntimeout: 1m', ['./a']],
    ['- ./a\n- run: ./b', ['./a', './b']],
    ['[{ run: ./a }, { run: ./b }]', ['./a', './b']],
  ])('reads a hook in an input as YAML: %j', (text, runs) => {
    expect(settingsOf({ ...enough, migrate: text }).intent.hooks.migrate.map(({ run }) => run)).toEqual(runs)
  })

  it('gives each service its own or the common value', () => {
    const file = `services:
  web: { url: https://shop.example.com, health: /ready, image: "shop:1" }
  api: { color-url: { blue: http://b, green: http://g }, verify: /up }
`
    const given = {
      ...enough,
      'color-url': 'http://{color}.{app}.{service}',
      'version-check': '{ path: /v, body }',
    }
    const { services } = settingsOf(given, file).intent
    expect(services).toMatchObject([
      {
        name: 'web',
        image: 'shop:1',
        url: 'https://shop.example.com',
        colorUrl: { blue: 'http://blue.shop.web', green: 'http://green.shop.web' },
        health: { path: '/ready' },
        verify: { path: '/ready' },
        versionCheck: { path: '/v' },
      },
      {
        name: 'api',
        url: null,
        colorUrl: { blue: 'http://b', green: 'http://g' },
        health: { path: '/health' },
        verify: { path: '/up' },
      },
    ])
  })

  it.each([
    ['true', ['failure']],
    ['failure-or-cancelled', ['failure', 'cancelled']],
    ['false', []],
  ])('rollback-on-job-failure: %s', (text, statuses) => {
    expect(settingsOf({ ...enough, 'rollback-on-job-failure': text }).intent.goesBackOn).toEqual(statuses)
  })

  it('knows how the job stands, and warns of what is no status', () => {
    expect(settingsOf({ ...enough, 'job-status': 'cancelled' })).toMatchObject({
      jobStatus: 'cancelled',
      warnings: [],
    })
    expect(settingsOf({ ...enough, 'job-status': 'fine' })).toMatchObject({
      jobStatus: null,
      warnings: [expect.stringMatching(/`fine` .* counts as failed, and traffic goes back/)],
    })
  })

  it('shows log tails in the log of a public repository alone', () => {
    const diagnosticsIn = (visibility: string) =>
      settingsOf(enough, null, { GITHUB_SHA: 'a', GITHUB_REPOSITORY_VISIBILITY: visibility }).intent
        .diagnostics
    expect([diagnosticsIn('public'), diagnosticsIn('private')]).toEqual(['log', 'summary'])
  })

  it('masks the token', () => {
    expect(settingsOf({ ...enough, 'github-token': 'ghs_1234' })).toMatchObject({
      githubToken: 'ghs_1234',
      secrets: ['ghs_1234'],
    })
  })
})

describe('the configuration revision', () => {
  const revisionOf = (inputs: Readonly<Record<string, string>>) =>
    settingsOf({ ...enough, ...inputs }).intent.configuration
  const deployedBy = (deploy: string) =>
    revisionOf({ commands: `${commands.replace('deploy: ./deploy', deploy)}` })

  it('changes with what runs a release', () => {
    const revisions = [
      revisionOf({}),
      deployedBy('deploy: ./deploy --fast'),
      deployedBy('deploy: { run: ./deploy, env: { A: "1", B: "2" } }'),
      revisionOf({ services: '{ web: {}, api: {} }' }),
    ]
    expect(new Set(revisions).size).toBe(revisions.length)
  })

  it('stays when the same is written in another way, or only checks change', () => {
    expect(deployedBy('deploy: { run: ./deploy }')).toBe(revisionOf({}))
    expect(deployedBy('deploy: { run: ./deploy, env: { B: "2", A: "1" } }')).toBe(
      deployedBy('deploy: { run: ./deploy, env: { A: "1", B: "2" } }'),
    )
    expect(revisionOf({ 'health-path': '/up', bake: '1s', version: '2', image: 'a:b' })).toBe(revisionOf({}))
  })
})

describe('a setting in a mode it is not for', () => {
  it('is ignored', () => {
    const { intent } = settingsOf({
      ...enough,
      mode: 'status',
      version: '1',
      image: 'a:b',
      reason: 'x',
      bake: '1s',
      services: '{ web: { image: "c:d" } }',
    })
    expect(intent).toMatchObject({ version: null, reason: null, bake: 30_000, services: [{ image: null }] })
  })

  it('must be well written all the same', () => {
    expect(problemsOf({ ...enough, mode: 'status', bake: '30' })).toEqual([
      expect.stringMatching(/^`bake`: `30` has no unit/),
    ])
  })

  it('has its own default for the version', () => {
    expect(settingsOf({ ...enough, mode: 'rollback' }).intent.version).toBeNull()
    expect(settingsOf({ ...enough, mode: 'rollback', version: '1', reason: 'slow' }).intent).toMatchObject({
      version: '1',
      reason: 'slow',
    })
  })
})

it('never throws, whatever is given', () => {
  const name = fc.constantFrom(...settingNames, 'nonsense', '__proto__', 'constructor')
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('&a [*a]', '*a', '{', 'command', 'vps', 'local', '- ', 'a: b', '[[[]]]', '{ web: {} }'),
  )
  const given = fc.record({
    inputs: fc.dictionary(name, text),
    config: fc.option(
      fc.oneof(
        text,
        fc.dictionary(name, fc.jsonValue()).map((value) => JSON.stringify(value)),
      ),
    ),
  })
  fc.assert(
    fc.property(given, ({ inputs, config }) => {
      const reading = readSettings(givenOf(inputs, config))
      const texts = reading.kind === 'problems' ? reading.problems.map(({ text }) => text) : []
      expect(texts.filter((line) => line.includes('\n'))).toEqual([])
    }),
    { numRuns: 300 },
  )
})

it('never shows a secret, whatever else is wrong', () => {
  const secret = fc.stringMatching(/^[a-z]{5}[0-9]{5,20}$/)
  fc.assert(
    fc.property(
      secret,
      fc.constantFrom(...secretSettings),
      fc.constantFrom(...settingNames),
      (value, name, other) => {
        const inputs = { [other]: `x${value}`, [name]: `first ${value}\n${value}` }
        const reading = readSettings(givenOf(inputs, `nonsense-${value}: ${value}\nother: "`))
        expect(reading.kind).toBe('problems')
        expect(JSON.stringify(reading)).not.toContain(value)
      },
    ),
  )
})
