import type { ContainerDefinition, Service } from '@aws-sdk/client-ecs'
import { describe, expect, it } from 'vitest'
import {
  planRevision,
  type ServiceOrder,
  sizeOf,
  updateOf,
} from '../../../../src/targets/ecs/runtime/plan.ts'
import { ChangeFailed } from '../../../../src/targets/target.ts'

const order: ServiceOrder = {
  color: 'green',
  container: null,
  image: 'shop:2',
  mark: { release: 'r2', version: 'v2' },
}
const labelsOf = (release: string, version: string) => ({
  dockerLabels: { 'blue-green-action.release': release, 'blue-green-action.version': version },
})
const definition = (family: string, ...containerDefinitions: readonly ContainerDefinition[]) => ({
  taskDefinition: { family, revision: 7, containerDefinitions: [...containerDefinitions] },
})
const app = { name: 'app', image: 'shop:1', memory: 512 }

describe('a release is run', () => {
  it('with what the live color has, in the family of its own', () => {
    const own = definition('shop-green', { ...app, image: 'shop:0', memory: 128 })
    expect(planRevision(order, own, definition('shop-blue', app))).toEqual({
      container: 'app',
      register: {
        family: 'shop-green',
        containerDefinitions: [{ ...app, image: 'shop:2', ...labelsOf('r2', 'v2') }],
      },
    })
  })

  it('with what it has itself, where there is no other color', () => {
    expect(planRevision(order, definition('shop', app), null).register).toMatchObject({
      family: 'shop',
      containerDefinitions: [{ image: 'shop:2', memory: 512 }],
    })
  })

  it('again as it ran there, without a new revision', () => {
    const own = definition('shop', { ...app, image: 'shop:2', ...labelsOf('r2', 'v2') })
    const live = definition('shop', { ...app, memory: 1_024, ...labelsOf('r3', 'v3') })
    expect(planRevision(order, own, live)).toEqual({ container: 'app', register: null })
  })

  it('again as it ran there, by the digest that it is known by since', () => {
    const own = definition('shop', { ...app, image: 'shop:2', ...labelsOf('r2', 'v2') })
    const live = definition('shop', { ...app, memory: 1_024, ...labelsOf('r3', 'v3') })
    const { register } = planRevision({ ...order, image: 'shop@sha256:abc' }, own, live)
    expect(register?.containerDefinitions).toMatchObject([{ image: 'shop@sha256:abc', memory: 512 }])
  })

  it('not at all where nobody knows whose image it is', () => {
    const both = definition('shop', app, { name: 'proxy', image: 'envoy:1' })
    expect(() => planRevision(order, both, both)).toThrow(ChangeFailed)
    expect(() => planRevision(order, both, both)).toThrow(/`ecs-container`, of app, proxy/)
  })
})

describe('an ECS service', () => {
  const service: Service = { serviceName: 'shop-green', taskDefinition: 'shop:2', desiredCount: 0 }

  it('gets a task definition and a size, and keeps all else', () => {
    expect(updateOf({ cluster: 'prod', service, taskDefinition: 'shop:3', desiredCount: 2 })).toEqual({
      cluster: 'prod',
      service: 'shop-green',
      taskDefinition: 'shop:3',
      desiredCount: 2,
    })
  })

  it('is deployed anew where ECS has given up the same', () => {
    const failed = { ...service, deployments: [{ status: 'PRIMARY', rolloutState: 'FAILED' as const }] }
    const update = { cluster: 'prod', service: failed, desiredCount: 2 }
    expect(updateOf({ ...update, taskDefinition: 'shop:2' })).toMatchObject({ forceNewDeployment: true })
    expect(updateOf({ ...update, taskDefinition: 'shop:3' })).not.toHaveProperty('forceNewDeployment')
  })

  it.each([
    ['as many tasks as the live color has', {}, 4],
    ['as many as were ordered', { ordered: 3 }, 3],
    ['as many as the settings say', { desired: 2, ordered: 3 }, 2],
    ['no fewer than its autoscaler allows', { desired: 2, minimum: 5 }, 5],
    ['one, where nobody says anything', { live: undefined }, 1],
    ['one at least', { ordered: 0, live: { desiredCount: 0 } }, 1],
  ])('has %s', (_, changes, size) => {
    const sizes = {
      desired: null,
      ordered: undefined,
      own: service,
      live: { desiredCount: 4 },
      minimum: null,
    }
    expect(sizeOf({ ...sizes, ...changes })).toBe(size)
  })
})
