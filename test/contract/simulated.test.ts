import { openSimulated } from './simulated-stand.ts'
import { describeTarget } from './target-contract.ts'

describeTarget('the simulated target', openSimulated)
