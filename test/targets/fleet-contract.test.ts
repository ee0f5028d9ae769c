import { describeTarget } from '../contract/target-contract.ts'
import { openFleet } from './fleet-stand.ts'

describeTarget('a fleet of three hosts', openFleet)
