import type { Service } from '@aws-sdk/client-ecs'
import { describe, expect, it } from 'vitest'
import { describeColor, type ObservedService } from '../../../../src/targets/ecs/runtime/observe.ts'

const v2 = { release: '7f3a', version: 'v2' }

const observed = (service: Service | undefined, changes: Partial<ObservedService> = {}): ObservedService => ({
  name: 'web',
  start: 'before-switch',
  service: service && { serviceName: 'web-green', ...service },
  mark: v2,
  draining: 0,
  ...changes,
})

const up = { desiredCount: 2, runningCount: 2, deployments: [{ status: 'PRIMARY', runningCount: 2 }] }
const down = { desiredCount: 0, runningCount: 0, deployments: [] }

describe('a color', () => {
  it.each<readonly [string, readonly ObservedService[], object]>([
    ['runs', [observed(up)], { presence: 'running', version: 'v2', detail: null, size: { web: 2 } }],
    [
      'runs with fewer tasks than it should',
      [observed({ ...up, runningCount: 1, deployments: [{ status: 'PRIMARY', runningCount: 1 }] })],
      { presence: 'running', detail: 'web-green has 1 of 2 tasks' },
    ],
    [
      'starts while the release before is still there',
      [observed({ ...up, deployments: [...up.deployments, { status: 'ACTIVE', runningCount: 1 }] })],
      { presence: 'starting' },
    ],
    [
      'starts while one of its services does',
      [observed(up), observed(down, { name: 'api' })],
      { presence: 'starting', detail: 'api not running' },
    ],
    ['is stopped', [observed(down)], { presence: 'stopped', version: 'v2', size: { web: 0 } }],
    ['is stopping while tasks end', [observed({ ...down, runningCount: 1 })], { presence: 'stopping' }],
    [
      'is stopping while targets finish what they do',
      [observed(down, { draining: 2 })],
      { presence: 'stopping' },
    ],
    ['is not there without its service', [observed(undefined)], { presence: 'absent', version: null }],
    [
      'is not there before anything of ours ran in it',
      [observed(down, { mark: null })],
      { presence: 'absent', version: null },
    ],
    [
      'runs what somebody else has deployed, in a version nobody knows',
      [observed(up, { mark: null })],
      { presence: 'running', version: null },
    ],
    [
      'has no one version while its services differ',
      [observed(up), observed(up, { name: 'api', mark: { ...v2, version: 'v1' } })],
      { version: null },
    ],
    [
      'is judged by what takes traffic',
      [observed(up), observed(down, { name: 'worker', start: 'after-switch' })],
      { presence: 'running', size: { web: 2, worker: 0 } },
    ],
  ])('%s', (_, services, state) => {
    expect(describeColor(services)).toMatchObject(state)
  })
})
