import type { ContainerDefinition, TaskDefinition } from '@aws-sdk/client-ecs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chooseContainer,
  imageOf,
  markOf,
  successorOf,
} from '../../../../src/targets/ecs/runtime/task-definition.ts'

const readOnly: TaskDefinition = {
  taskDefinitionArn: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/shop:7',
  revision: 7,
  status: 'ACTIVE',
  requiresAttributes: [{ name: 'com.amazonaws.ecs.capability.docker-remote-api.1.18' }],
  compatibilities: ['EC2', 'FARGATE'],
  registeredAt: new Date(0),
  registeredBy: 'arn:aws:iam::123456789012:user/ann',
}

const name = fc.stringMatching(/^[a-z]{1,4}$/)
const text = fc.string({ maxLength: 8 })
const pairs = fc.array(fc.record({ name: text, value: text }), { maxLength: 2 })

const container: fc.Arbitrary<ContainerDefinition> = fc.record(
  {
    name,
    image: text,
    cpu: fc.nat(1024),
    memory: fc.nat(4096),
    memoryReservation: fc.nat(4096),
    essential: fc.boolean(),
    portMappings: fc.array(fc.record({ containerPort: fc.nat(65_535), name: text }), { maxLength: 2 }),
    environment: pairs,
    secrets: fc.array(fc.record({ name: text, valueFrom: text }), { maxLength: 2 }),
    environmentFiles: fc.array(fc.record({ value: text, type: fc.constant('s3' as const) }), {
      maxLength: 1,
    }),
    command: fc.array(text, { maxLength: 2 }),
    dependsOn: fc.array(
      fc.record({ containerName: name, condition: fc.constantFrom('START' as const, 'HEALTHY' as const) }),
      { maxLength: 1 },
    ),
    healthCheck: fc.record({ command: fc.array(text, { maxLength: 2 }), retries: fc.nat(10) }),
    logConfiguration: fc.record({
      logDriver: fc.constant('awslogs' as const),
      options: fc.dictionary(name, text, { maxKeys: 2 }),
    }),
    stopTimeout: fc.nat(120),
    readonlyRootFilesystem: fc.boolean(),
    dockerLabels: fc.dictionary(name, text, { maxKeys: 2 }),
    repositoryCredentials: fc.record({ credentialsParameter: text }),
    restartPolicy: fc.record({ enabled: fc.boolean() }),
    versionConsistency: fc.constantFrom('enabled' as const, 'disabled' as const),
  },
  { requiredKeys: ['name', 'image'] },
)

const own: fc.Arbitrary<TaskDefinition> = fc.record(
  {
    family: name,
    containerDefinitions: fc.uniqueArray(container, {
      minLength: 1,
      maxLength: 3,
      selector: (one) => one.name,
    }),
    taskRoleArn: text,
    executionRoleArn: text,
    networkMode: fc.constant('awsvpc' as const),
    volumes: fc.array(fc.record({ name: text, host: fc.record({ sourcePath: text }) }), { maxLength: 2 }),
    placementConstraints: fc.array(fc.record({ type: fc.constant('memberOf' as const), expression: text }), {
      maxLength: 1,
    }),
    runtimePlatform: fc.record({ cpuArchitecture: fc.constantFrom('ARM64' as const, 'X86_64' as const) }),
    requiresCompatibilities: fc.constant(['FARGATE' as const]),
    cpu: text,
    memory: text,
    pidMode: fc.constant('task' as const),
    proxyConfiguration: fc.record({ containerName: name, type: fc.constant('APPMESH' as const) }),
    ephemeralStorage: fc.record({ sizeInGiB: fc.nat(200) }),
    enableFaultInjection: fc.boolean(),
  },
  { requiredKeys: ['family', 'containerDefinitions'] },
)

const mark = { release: '7f3a', version: 'v2' }
const labels = { 'blue-green-action.release': '7f3a', 'blue-green-action.version': 'v2' }

describe('the task definition of a new release', () => {
  it('is the one before it but for its image and our mark, whatever stands in it', () => {
    fc.assert(
      fc.property(own, fc.nat(2), (definition, index) => {
        const containers = definition.containerDefinitions ?? []
        const chosen = containers[index % containers.length]?.name ?? ''
        const taskDefinition = { ...definition, ...readOnly, later: { added: 'by AWS' } }
        const input = successorOf({ taskDefinition, tags: [] }, { container: chosen, image: 'shop:2', mark })
        expect(input).toEqual({
          ...definition,
          later: { added: 'by AWS' },
          containerDefinitions: containers.map((one) =>
            one.name === chosen
              ? { ...one, image: 'shop:2', dockerLabels: { ...one.dockerLabels, ...labels } }
              : one,
          ),
        })
        expect(markOf(input)).toEqual(mark)
      }),
    )
  })

  it('keeps its tags, but for those that AWS has given it', () => {
    const taskDefinition = { family: 'shop', containerDefinitions: [] }
    const tags = [
      { key: 'team', value: 'web' },
      { key: 'aws:cloudformation:stack-name', value: 'shop' },
    ]
    const input = successorOf({ taskDefinition, tags }, { container: 'app', image: 'shop:2', mark })
    expect(input.tags).toEqual([{ key: 'team', value: 'web' }])
  })

  it('has no mark where nobody left one', () => {
    expect(markOf({ containerDefinitions: [{ name: 'app', dockerLabels: { team: 'web' } }] })).toBeNull()
  })
})

describe('the container whose image is replaced', () => {
  const app = { name: 'app', image: 'shop:1' }
  const proxy = { name: 'proxy', image: 'envoy:1' }
  const init = { name: 'init', image: 'init:1', essential: false }

  it.each([
    ['the only one', [app], null, { kind: 'container', name: 'app' }],
    ['the only essential one', [init, app], null, { kind: 'container', name: 'app' }],
    ['the one that is named', [app, proxy], 'proxy', { kind: 'container', name: 'proxy' }],
    [
      'none that is not there',
      [app, proxy],
      'web',
      { kind: 'unclear', why: 'has no container `web`', names: ['app', 'proxy'] },
    ],
    [
      'none of several essential ones',
      [app, proxy, init],
      null,
      { kind: 'unclear', why: 'has 2 essential containers', names: ['app', 'proxy', 'init'] },
    ],
  ])('is %s', (_, containerDefinitions, named, chosen) => {
    expect(chooseContainer({ containerDefinitions }, named)).toEqual(chosen)
  })

  it('has an image', () => {
    const definition = { containerDefinitions: [app, proxy] }
    expect([imageOf(definition, 'app'), imageOf(definition, 'web')]).toEqual(['shop:1', null])
  })
})
