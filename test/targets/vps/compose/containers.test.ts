import { describe, expect, test } from 'vitest'
import {
  type Container,
  describePresence,
  judgeReadiness,
  parseContainers,
} from '../../../../src/targets/vps/compose/containers.ts'

const container = (changes: Partial<Container> = {}): Container => ({
  id: 'abc',
  name: 'shop-blue-app-1',
  service: 'app',
  version: 'v1',
  status: 'running',
  exitCode: 0,
  error: '',
  outOfMemory: false,
  restarts: 0,
  restartPolicy: 'unless-stopped',
  health: null,
  probe: '',
  ...changes,
})

const app = { name: 'app', served: true }
const job = { name: 'job', served: false }
const exited = { status: 'exited', restartPolicy: 'no' }

describe('presence', () => {
  test.each<[string, readonly Container[], object]>([
    ['no container', [], { presence: 'absent', version: null }],
    ['containers of other services alone', [container({ service: 'redis' })], { presence: 'absent' }],
    ['one that runs', [container()], { presence: 'running', version: 'v1', detail: null }],
    ['one that ended', [container(exited)], { presence: 'stopped', version: 'v1' }],
    ['one that was only made', [container({ status: 'created' })], { presence: 'stopped' }],
    ['one that keeps ending', [container({ status: 'restarting' })], { presence: 'running' }],
    [
      'two of different versions',
      [container(), container({ version: 'v2' })],
      { presence: 'running', version: null },
    ],
    [
      'one whose health check fails',
      [container({ health: 'unhealthy', probe: 'no database' })],
      { presence: 'running', detail: 'shop-blue-app-1 is unhealthy (its health check said: no database)' },
    ],
  ])('%s', (_, containers, state) => {
    expect(describePresence(containers, [app])).toMatchObject(state)
  })

  test('names the services that do not run beside those that do', () => {
    expect(describePresence([container()], [app, { name: 'api', served: true }])).toMatchObject({
      presence: 'starting',
      detail: 'api not running',
    })
  })

  test('does not miss a job that has done its work, nor takes one for a running color', () => {
    const done = container({ ...exited, service: 'job' })
    expect(describePresence([container(), done], [app, job])).toMatchObject({ presence: 'running' })
    expect(describePresence([container(exited), done], [app, job])).toMatchObject({ presence: 'stopped' })
  })
})

describe('readiness', () => {
  test.each<[string, Partial<Container>, object]>([
    ['runs without a health check', {}, { kind: 'ready', restarts: 0 }],
    ['is healthy', { health: 'healthy', restarts: 2 }, { kind: 'ready', restarts: 2 }],
    ['is starting', { health: 'starting' }, { kind: 'waiting', reason: 'shop-blue-app-1 is starting' }],
    [
      'is unhealthy, which may pass',
      { health: 'unhealthy', probe: 'HTTP 500' },
      { kind: 'waiting', reason: 'shop-blue-app-1 is unhealthy (its health check said: HTTP 500)' },
    ],
    ['was only made', { status: 'created' }, { kind: 'waiting', reason: 'shop-blue-app-1 is created' }],
    [
      'has ended',
      { ...exited, exitCode: 3 },
      { kind: 'fatal', reason: 'shop-blue-app-1 has ended with exit code 3' },
    ],
    ['has ended well, and should answer requests', exited, { kind: 'fatal' }],
    [
      'had no memory left',
      { ...exited, exitCode: 137, outOfMemory: true },
      { kind: 'fatal', reason: 'shop-blue-app-1 has ended with exit code 137, out of memory' },
    ],
    ['is started again', { status: 'restarting', exitCode: 1, restarts: 1 }, { kind: 'waiting' }],
    [
      'keeps ending',
      { status: 'restarting', exitCode: 1, restarts: 3 },
      {
        kind: 'fatal',
        reason: 'shop-blue-app-1 was started 4 times and keeps ending, last with exit code 1',
      },
    ],
    ['is paused', { status: 'paused' }, { kind: 'fatal' }],
  ])('a container that %s', (_, changes, readiness) => {
    expect(judgeReadiness([container(changes)], [app])).toMatchObject(readiness)
  })

  test('waits for services that have no container yet', () => {
    expect(judgeReadiness([container()], [app, job])).toEqual({
      kind: 'waiting',
      reason: 'job has no container',
    })
  })

  test('takes a job that ended well for done while the app runs, and for an end of the color without it', () => {
    const done = container({ ...exited, service: 'job', name: 'job-1' })
    expect(judgeReadiness([container(), done], [app, job])).toMatchObject({ kind: 'ready' })
    expect(judgeReadiness([done], [job])).toMatchObject({ kind: 'fatal' })
    expect(judgeReadiness([container(), { ...done, exitCode: 1 }], [app, job])).toMatchObject({
      kind: 'fatal',
    })
  })

  test('judges the services it is asked for, and no other', () => {
    const broken = container({ ...exited, service: 'job', exitCode: 1 })
    expect(judgeReadiness([container(), broken], [app])).toMatchObject({ kind: 'ready' })
  })
})

test('reads what docker says', () => {
  const line =
    '{"id":"23ce","name":"/shop-green-app-1","service":"app","version":"","status":"running","exitCode":0,"error":"","outOfMemory":false,"restarts":0,"restartPolicy":"","health":"starting","probe":" up\\n"}'
  expect(parseContainers(`${line}\n\n`)).toEqual([
    container({
      id: '23ce',
      name: 'shop-green-app-1',
      version: null,
      restartPolicy: '',
      health: 'starting',
      probe: 'up',
    }),
  ])
})
