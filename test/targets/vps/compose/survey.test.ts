import { describe, expect, test } from 'vitest'
import { judgeResources } from '../../../../src/targets/vps/compose/resources.ts'
import { judgeSurvey } from '../../../../src/targets/vps/compose/survey.ts'
import { plainSettings as settings } from '../plain-settings.ts'

const well: Readonly<Record<string, readonly [number, string]>> = {
  sudo: [0, 'no'],
  docker: [0, '27.1.0'],
  compose: [0, '2.29.7'],
  'compose-v1': [127, 'sh: 1: docker-compose: not found'],
  made: [0, ''],
  directory: [0, ''],
  blue: [0, '{"services":{"shop":{"image":"shop:1"}}}'],
  green: [0, '{"services":{"shop":{"image":"shop:1","pull_policy":"never"}}}'],
}

const judge = (changes: Readonly<Record<string, readonly [number, string]>> = {}) =>
  judgeSurvey(
    Object.entries({ ...well, ...changes })
      .map(([name, [code, said]]) => `\n== ${name} ${code}\n${said}\n`)
      .join(''),
    settings,
    'host1',
  )

describe('the look at docker and the compose files', () => {
  test('finds both colors', () => {
    expect(judge()).toMatchObject({
      kind: 'usable',
      host: {
        sudo: false,
        layout: {
          blue: { project: 'shop-blue', services: [{ name: 'shop', local: false }] },
          green: { project: 'shop-green', services: [{ name: 'shop', local: true }] },
        },
      },
    })
    expect(judge({ sudo: [0, 'yes'] })).toMatchObject({ host: { sudo: true } })
  })

  test.each<[string, Record<string, readonly [number, string]>, string, RegExp]>([
    ['no docker', { docker: [127, 'sh: 1: docker: not found'] }, 'ssh-host', /host1 has no docker/],
    [
      'a user without rights',
      { docker: [1, 'permission denied while trying to connect to the Docker daemon socket'] },
      'sudo',
      /may not use docker/,
    ],
    [
      'a daemon that is down',
      { docker: [1, 'Cannot connect to the Docker daemon'] },
      'ssh-host',
      /Cannot connect/,
    ],
    [
      'docker without compose',
      { compose: [1, "'compose' is not a docker command"] },
      'runtime',
      /without compose/,
    ],
    [
      'compose 1 alone',
      { compose: [1, ''], 'compose-v1': [0, '1.29.2'] },
      'runtime',
      /compose 1.29.2 alone; version 2/,
    ],
    ['no folder', { directory: [2, "sh: 1: cd: can't cd to /srv/shop"] }, 'directory', /can't cd/],
    ['no compose file', { blue: [14, 'open /srv/shop/x: no such file'] }, 'compose-file', /no such file/],
    ['another service', { green: [0, '{"services":{"a":{},"b":{}}}'] }, 'compose-service', /it has a, b/],
  ])('%s is a problem with a way out', (_, changes, setting, what) => {
    expect(judge(changes)).toEqual({
      kind: 'unusable',
      problems: [{ setting, what: expect.stringMatching(what), fix: expect.stringMatching(/./) }],
    })
  })

  test('refuses one container for both colors', () => {
    const made = ['blue', 'green'].map((color) => `one shop /srv/shop/docker-compose.${color}.yml`).join('\n')
    expect(judge({ made: [0, made] })).toMatchObject({
      kind: 'unusable',
      problems: [{ what: expect.stringMatching(/Both colors would be shop of the compose project one/) }],
    })
  })
})

describe('the look at the resources', () => {
  const question = {
    settings,
    host: {
      sudo: false,
      layout: {
        blue: { project: 'shop-blue', services: [] },
        green: { project: 'shop-green', services: [] },
      },
    },
    idle: 'green',
    live: 'blue',
    images: [],
  } as const
  const problems = (text: string) => judgeResources(text, question, 'host1').map(({ what }) => what)
  const fine = 'disk 9000000\nmemory 900000\nused 200000\nwarm 0\n'

  test('has nothing to say where there is room', () => {
    expect(problems(fine)).toEqual([])
    expect(problems('disk \nmemory \nused \n')).toEqual([])
  })

  test('names what lacks', () => {
    expect(problems(fine.replace('disk 9000000', 'disk 4096'))).toEqual([
      'host1 has 4 MiB of disk left for images; 512 MiB are needed.',
    ])
    expect(problems(fine.replace('memory 900000', 'memory 102400'))).toEqual([
      'host1 has 100 MiB of memory left, and the live color uses 195 MiB: a second one would take it down.',
    ])
    expect(problems(`${fine}port 3020 nginx-1\n`)).toEqual([
      'Port 3020 of green is taken on host1, by the container nginx-1.',
    ])
    expect(problems(`${fine}port 3020 \n`)).toEqual(['Port 3020 of green is taken on host1.'])
  })

  test('counts the memory of an idle color that runs already once', () => {
    expect(problems('disk 9000000\nmemory 100000\nused 200000\nwarm 190000')).toEqual([])
  })

  test('tells an image that is not there from a registry that does not answer', () => {
    expect(problems(`${fine}image ghcr.io/a/b:1 no such manifest: ghcr.io/a/b:1\n`)).toEqual([
      'ghcr.io has no ghcr.io/a/b:1, or does not let us see it.',
    ])
    expect(problems(`${fine}image ghcr.io/a/b:1 denied: requested access\n`)).toEqual([
      'ghcr.io does not let us at ghcr.io/a/b:1: denied: requested access',
    ])
    expect(problems(`${fine}image ghcr.io/a/b:1 dial tcp: no such host\n`)).toEqual([])
  })
})
