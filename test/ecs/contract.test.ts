import { afterAll, beforeAll, describe } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { describeTarget } from '../contract/target-contract.ts'
import { lacks } from '../programs.ts'
import { type EcsStands, openEcsStands } from './stand.ts'

describe.skipIf(lacks(...labPrograms))('in the AWS lab', { timeout: 120_000 }, () => {
  let stands: EcsStands
  beforeAll(async () => {
    stands = await openEcsStands()
  })
  afterAll(() => stands?.[Symbol.asyncDispose]())

  describeTarget('the ECS target', () => stands.open())
})
