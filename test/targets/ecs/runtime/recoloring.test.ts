import type { TaskDefinition } from '@aws-sdk/client-ecs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { recolored } from '../../../../src/targets/ecs/runtime/recoloring.ts'

const change = { from: 'blue', to: 'green' } as const

const blue: TaskDefinition = {
  family: 'shop-blue',
  taskRoleArn: 'arn:aws:iam::123456789012:role/shop',
  containerDefinitions: [
    {
      name: 'app',
      environment: [
        { name: 'COLOR', value: 'blue' },
        { name: 'LIMIT', value: '20' },
        { name: 'SKY', value: 'blue' },
      ],
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/shop-blue' } },
    },
    { name: 'proxy', image: 'envoy:2' },
  ],
}

it('keeps of a color what differs by its name alone, and takes all else from the other', () => {
  const green: TaskDefinition = {
    family: 'shop-green',
    taskRoleArn: 'arn:aws:iam::123456789012:role/old',
    containerDefinitions: [
      { name: 'proxy', image: 'envoy:1' },
      {
        name: 'app',
        environment: [
          { name: 'LIMIT', value: '10' },
          { name: 'COLOR', value: 'green' },
          { name: 'SKY', value: 'blue' },
          { name: 'GONE', value: 'green' },
        ],
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/shop-green' } },
      },
    ],
  }
  expect(recolored(blue, green, change)).toEqual({
    family: 'shop-green',
    taskRoleArn: 'arn:aws:iam::123456789012:role/shop',
    containerDefinitions: [
      {
        name: 'app',
        environment: [
          { name: 'COLOR', value: 'green' },
          { name: 'LIMIT', value: '20' },
          { name: 'SKY', value: 'blue' },
        ],
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/shop-green' } },
      },
      { name: 'proxy', image: 'envoy:2' },
    ],
  })
})

it('finds containers that are named by their color', () => {
  const named = (color: string) => ({ containerDefinitions: [{ name: `app-${color}`, hostname: color }] })
  expect(recolored(named('blue'), named('green'), change)).toEqual(named('green'))
})

const word = fc.constantFrom('blue', 'green', 'shop-blue', 'shop-green', 'purple', '')
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, word, fc.nat(9), fc.boolean(), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 3 }),
  map: fc.dictionary(fc.constantFrom('name', 'value', 'options'), tie('any'), { maxKeys: 3 }),
})).map

it('of one and the same changes nothing, and with nothing to keep neither', () => {
  fc.assert(
    fc.property(value, (definition) => {
      expect(recolored(definition as TaskDefinition, definition as TaskDefinition, change)).toEqual(
        definition,
      )
      expect(recolored(definition as TaskDefinition, undefined, change)).toEqual(definition)
    }),
  )
})

it('there and back again is where it began', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'shop-', 'purple')), (words) => {
      const of = (color: string): TaskDefinition => ({
        containerDefinitions: [
          { environment: words.map((text, index) => ({ name: String(index), value: `${text}${color}` })) },
        ],
      })
      const there = recolored(of('blue'), of('green'), change)
      expect(recolored(there, of('blue'), { from: 'green', to: 'blue' })).toEqual(of('blue'))
    }),
  )
})
