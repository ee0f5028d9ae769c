import { afterAll, beforeAll, describe } from 'vitest'
import { lacks } from '../programs.ts'
import { type CommandBed, openCommandBed } from './command-stand.ts'
import { describeTarget } from './target-contract.ts'

describe.skipIf(lacks('nginx', 'setsid', 'flock'))('before nginx', () => {
  let bed: CommandBed
  beforeAll(async () => {
    bed = await openCommandBed(100)
  })
  afterAll(() => bed[Symbol.asyncDispose]())

  describeTarget('the command target', () => bed.open())
})
