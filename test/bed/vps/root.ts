/** What only root may do: by sudo where an ordinary user runs the tests, as in CI. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { findProgram } from '../../programs.ts'

export const isRoot = process.getuid?.() === 0

/** File and arguments, for the functions of node:child_process. */
export function asRoot(command: readonly string[]): readonly [string, readonly string[]] {
  const [name = '', ...given] = command
  const path = findProgram(name) ?? name
  return isRoot ? [path, given] : ['sudo', ['-n', path, ...given]]
}

export async function runAsRoot(...command: readonly string[]): Promise<string> {
  const [file, given] = asRoot(command)
  return (await promisify(execFile)(file, given)).stdout
}

/** For `describe.skipIf`, as `lacks` in test/programs.ts: dockerd runs as root. */
export function lacksRoot(): boolean {
  if (isRoot || process.env.CI) return false
  try {
    execFileSync('sudo', ['-n', 'true'], { stdio: 'ignore' })
    return false
  } catch {
    console.warn('Skipped, as dockerd takes root, or sudo without a password')
    return true
  }
}
