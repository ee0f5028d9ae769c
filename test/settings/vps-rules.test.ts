import { describe, expect, it } from 'vitest'
import { commands, plainVps as plain, problemsOf } from './reading.ts'

type Inputs = Readonly<Record<string, string>>
const several = { ...plain, 'blue-port': '', 'green-port': '', url: '' }

describe('what a VPS demands', () => {
  it('all at once', () => {
    expect(
      problemsOf({ target: 'vps', app: 'shop', 'blue-port': '3010', registry: 'ghcr.io', runtime: 'pm2' }),
    ).toEqual([
      '`runtime`: `pm2` is not one of the choices. Accepted: `compose`.',
      '`ssh-host` is required. Accepted: the host, as `host` or `user@host:port`, or `local` for the machine that runs the job.',
      '`directory` is required. Accepted: the absolute path of the folder of the app on the host.',
      '`registry-username` is required with `registry`. Accepted: the user to log in as.',
      '`registry-password` is required with `registry`. Accepted: a password or token, from a secret.',
      '`green-port` is required with `blue-port`. Accepted: the port on 127.0.0.1 that the compose file of the color publishes.',
      '`url` or `proxy-url` is required: the switch is proven by asking nginx on the host. Accepted: the public URL, or the URL at which nginx answers on the host.',
    ])
  })

  it.each<[string, Inputs, readonly string[]]>([
    [
      'ports',
      { 'blue-port': '', 'green-port': '', url: '', 'proxy-url': 'http://127.0.0.1' },
      ['`blue-port` and `green-port` are required: nginx sends users to a port of each color.'],
    ],
    [
      'ports of the service that users reach',
      { 'blue-port': '', 'green-port': '' },
      ['`blue-port` and `green-port` are required with `url`: nginx sends users to a port of each color.'],
    ],
    ['two ports', { 'green-port': '3010' }, ['`green-port` is 3010, and so is `blue-port`.']],
    [
      'a port to listen on that is free',
      { router: '{ nginx-flag: { listen: 3020 } }' },
      ['`router.nginx-flag.listen` is 3020, and so is `green-port`.'],
    ],
    [
      'an absolute directory',
      { directory: '~/shop' },
      ['`directory`: `~/shop` is not absolute. Accepted: an absolute path, which may hold `{app}`.'],
    ],
    [
      'a state directory that nginx can read',
      { 'state-directory': '/var/lib/my state' },
      ['`state-directory` holds what cannot stand in the configuration of nginx.'],
    ],
    [
      'each host once',
      { 'ssh-host': 'a b:22', 'ssh-key': '', 'ssh-user': 'x' },
      ['`ssh-key` is required with `ssh-host`.'],
    ],
    [
      'a whole login, whichever part is missing',
      { 'registry-password': 'pass-word', 'registry-username': 'ann' },
      ['`registry` is required with `registry-username`.'],
    ],
    [
      'something to write to the env file',
      { 'env-file-path': '.env.{color}' },
      ['`env-file-content` is required with `env-file-path`, where it is written.'],
    ],
    [
      'an env file of each color',
      { 'env-file-path': '.env', 'env-file-content': 'A=1' },
      ['`env-file-path`: `.env` names the same thing for both colors: it needs `{color}`, or a map.'],
    ],
    [
      'a project that compose takes',
      { app: 'Shop.EU', 'compose-project': '{app}-{color}' },
      [
        '`compose-project`: `Shop.EU-blue` is not a project name: small letters, digits, `-` and `_`: did you mean `shop-eu-blue`?',
      ],
    ],
    [
      'colors that do not replace each other',
      { 'compose-project': 'shop', 'compose-service': 'web' },
      [
        '`compose-service` is `web` for both colors, as `compose-project` is the same: deploying one would replace the other.',
      ],
    ],
    [
      'a service that runs when users come',
      { services: 'web: { start: after-switch }' },
      ['`services.web.start` is `after-switch`, and users would be sent to it before it runs.'],
    ],
    [
      'no commands, and says what to use instead',
      { commands },
      [
        '`commands` belongs to target `command`, not to target `vps`. Accepted: hooks such as `before-deploy`, with `where: target` for a command on the host.',
      ],
    ],
    [
      'nothing of other targets',
      { cluster: 'x' },
      ['`cluster` belongs to target `ecs`, not to target `vps`.'],
    ],
    [
      'nothing of other targets in a service',
      { services: 'web: { kube-service: x, rule-arn: y }' },
      [
        '`services.web.kube-service` belongs to target `kubernetes`, not to target `vps`.',
        '`services.web.rule-arn` belongs to target `ecs`, not to target `vps`.',
      ],
    ],
    [
      'no other runtime yet',
      { runtime: '{ start: x, stop: y }' },
      ['`runtime`: a map is not available yet in this version.'],
    ],
    ['no other proxy yet', { proxy: 'caddy' }, ['`proxy`: `caddy` is not available yet in this version.']],
    [
      'no commands for the proxy yet',
      { proxy: '{ validate: x, reload: y }' },
      ['`proxy`: a map is not available yet'],
    ],
    ['no proxy in a container yet', { 'proxy-container': 'x' }, ['`proxy-container` is not available yet']],
    ['no files yet', { files: '{ a: b }' }, ['`files` is not available yet']],
    ['no other router yet', { router: '{ file: x, tokens: y }' }, ['`router.file` is not available yet']],
  ])('%s', (_, changes, problems) => {
    const found = problemsOf({ ...plain, ...changes })
    expect(found).toEqual(problems.map((problem) => expect.stringContaining(problem)))
    expect(found.every((text, index) => text.startsWith(problems[index] ?? 'nothing'))).toBe(true)
  })

  it('names a host once', () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----'
    const overSsh = { ...plain, 'ssh-user': 'deploy', 'ssh-key': key }
    expect(problemsOf({ ...overSsh, 'ssh-host': 'a, b, a:22' })).toEqual([
      '`ssh-host` names a:22 more than once. Accepted: each host once.',
    ])
    expect(problemsOf({ ...overSsh, 'ssh-host': 'a, a:2222' })).toEqual([])
    expect(problemsOf({ ...overSsh, 'ssh-host': 'a, local' })).toEqual([
      expect.stringMatching(/^`ssh-host` names `local` together with another host\./),
    ])
  })

  it('is a host that lasts', () => {
    const machine = (kind: string) => ({ GITHUB_SHA: 'a', RUNNER_ENVIRONMENT: kind })
    expect(problemsOf(plain, null, machine('github-hosted'))).toEqual([
      expect.stringMatching(
        /^`ssh-host` is `local`, and a GitHub-hosted runner is thrown away after the job\./,
      ),
    ])
    expect(problemsOf(plain, null, machine('self-hosted'))).toEqual([])
  })

  it('is less where nothing is started', () => {
    const given = { ...plain, mode: 'status', registry: 'ghcr.io', 'env-file-path': '.env.{color}' }
    expect(problemsOf(given)).toEqual([])
  })

  it('is proven where nginx listens, at `proxy-url` or at `url`', () => {
    const silent = { ...plain, url: '' }
    expect(problemsOf(silent)).toEqual([expect.stringMatching(/^`url` or `proxy-url` is required/)])
    expect(problemsOf({ ...silent, 'proxy-url': 'http://127.0.0.1' })).toEqual([])
    expect(problemsOf({ ...silent, router: '{ nginx-flag: { listen: 8100 } }' })).toEqual([])
  })
})

describe('what several services demand', () => {
  const web = '{ url: "https://shop.example.com", blue-port: 3010, green-port: 3020 }'
  const api = '{ blue-port: 3011, green-port: 3021 }'

  it('is met by ports where users come', () => {
    expect(problemsOf({ ...several, services: `{ web: ${web}, api: ${api}, worker: {} }` })).toEqual([])
  })

  it.each<[string, string, Inputs, readonly string[]]>([
    [
      'their own ports and URL',
      `{ web: ${web}, api: ${api} }`,
      { 'blue-port': '1', url: 'https://x' },
      [
        '`url` is for an app with one service, and `services` names 2.',
        '`blue-port` is for an app with one service, and `services` names 2. Accepted: `services.web.blue-port`, `services.api.blue-port`.',
      ],
    ],
    [
      'a port somewhere',
      '{ web: {}, api: {} }',
      { 'proxy-url': 'http://127.0.0.1' },
      [
        '`services` name no port: nginx sends users to a port of each color. Accepted: `blue-port` and `green-port` where users come.',
      ],
    ],
    [
      'ports with a URL',
      `{ web: ${web}, api: { url: "https://api.example.com" } }`,
      {},
      ['`services.api.blue-port` and `green-port` are required with `url`'],
    ],
    [
      'both ports',
      `{ web: ${web}, api: { green-port: 3021 } }`,
      {},
      ['`services.api.blue-port` is required with `green-port`.'],
    ],
    [
      'ports of their own',
      `{ web: ${web}, api: { blue-port: 3020, green-port: 3010 } }`,
      {},
      [
        '`services.api.blue-port` is 3020, and so is `services.web.green-port`.',
        '`services.api.green-port` is 3010, and so is `services.web.blue-port`.',
      ],
    ],
    [
      'a port to listen on for each',
      `{ web: ${web}, api: ${api} }`,
      { router: '{ nginx-flag: { listen: 8100 } }' },
      [
        '`router.nginx-flag.listen` is one port, and `web` and `api` need one each. Accepted: `{ web: PORT, api: PORT }`.',
      ],
    ],
    [
      'ports to listen on for those that have ports',
      `{ web: ${web}, api: ${api}, worker: {} }`,
      { router: '{ nginx-flag: { listen: { web: 8100, worker: 8101 } } }' },
      [
        '`router.nginx-flag.listen.worker` names no service with ports.',
        '`router.nginx-flag.listen.api` is missing.',
      ],
    ],
    [
      'compose services of their own',
      `{ web: ${web}, api: ${api} }`,
      { 'compose-service': 'app-{color}' },
      [
        '`compose-service` names one service of the compose file for `web` and `api`. Accepted: a name for each, such as `{service}-{color}`.',
      ],
    ],
    [
      'checks that can be asked',
      `{ web: ${web}, worker: { health: /up }, job: { health: /up, color-url: "http://{color}" } }`,
      {},
      ['`services.worker.health` cannot be asked: the service has no ports.'],
    ],
    [
      'a start that is known',
      `{ web: ${web}, worker: { start: after } }`,
      {},
      ['`services.worker.start`: `after` is not one of the choices'],
    ],
  ])('%s', (_, services, changes, problems) => {
    expect(problemsOf({ ...several, ...changes, services })).toEqual(
      problems.map((problem) => expect.stringContaining(problem)),
    )
  })

  it('belongs to this target', () => {
    const given = { target: 'command', app: 'shop', commands, 'color-url': 'http://{color}' }
    expect(
      problemsOf({ ...given, services: `web: ${web.replace(/url: [^,]+, /, 'start: after-switch, ')}` }),
    ).toEqual([
      '`services.web.start` belongs to target `vps`, `kubernetes` or `ecs`, not to target `command`.',
      '`services.web.blue-port` belongs to target `vps`, not to target `command`.',
      '`services.web.green-port` belongs to target `vps`, not to target `command`.',
    ])
  })
})
