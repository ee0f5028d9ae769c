/** A person at the keys of AWS's own command. */
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Shop } from '../bed/aws/shop.ts'
import { findProgram } from '../programs.ts'

export async function typed({ environment }: Pick<Shop, 'environment'>, text: string): Promise<void> {
  const program = findProgram('aws')
  if (program === null) throw new Error('There is no aws: sh scripts/test.sh installs it.')
  const env = { ...process.env, ...environment, PATH: `${dirname(program)}:${process.env.PATH}` }
  await promisify(execFile)('sh', ['-euc', text], { env })
}
