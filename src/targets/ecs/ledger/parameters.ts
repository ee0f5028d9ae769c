/** The parameters under one path of the parameter store. */
import { type Aws, isRefused } from '../../../aws/aws.ts'
import type { Parameter } from './generation.ts'

export interface Parameters {
  /** Those right under the path. */
  list(): Promise<readonly Parameter[]>
  /** By name, or by name and version: `NAME:3`. What is missing is left out. */
  get(names: readonly string[]): Promise<ReadonlyMap<string, Parameter>>
  /** 'taken': there is one of that name. */
  create(name: string, value: string): Promise<'done' | 'taken'>
  /** The version that it has now. */
  overwrite(name: string, value: string): Promise<number>
  remove(names: readonly string[]): Promise<void>
}

const standard = { Type: 'String', Tier: 'Standard' } as const

export function parametersUnder(aws: Aws, path: string): Parameters {
  return {
    list: async () => {
      const found: Parameter[] = []
      let next: string | undefined
      do {
        const page = await aws.ask('ssm:GetParametersByPath', { Path: path, NextToken: next })
        found.push(...(page.Parameters ?? []))
        next = page.NextToken
      } while (next)
      return found
    },
    get: async (names) => {
      const { Parameters = [] } = await aws.ask('ssm:GetParameters', { Names: [...names] })
      return new Map(Parameters.map((parameter) => [parameter.Name ?? '', parameter]))
    },
    create: async (name, value) => {
      try {
        await aws.ask('ssm:PutParameter', { Name: name, Value: value, Overwrite: false, ...standard })
        return 'done'
      } catch (error) {
        if (isRefused(error, 'ParameterAlreadyExists')) return 'taken'
        throw error
      }
    },
    overwrite: async (name, value) => {
      const { Version = 0 } = await aws.ask('ssm:PutParameter', {
        Name: name,
        Value: value,
        Overwrite: true,
        ...standard,
      })
      return Version
    },
    remove: async (names) => {
      await aws.ask('ssm:DeleteParameters', { Names: [...names] })
    },
  }
}
