import { afterAll, beforeAll } from 'vitest'
import { type CommandBed, openCommandBed } from './command-stand.ts'
import { describeTarget } from './target-contract.ts'

let bed: CommandBed
beforeAll(async () => {
  bed = await openCommandBed(100)
})
afterAll(() => bed[Symbol.asyncDispose]())

describeTarget('the command target', () => bed.open())
