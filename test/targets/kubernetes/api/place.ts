import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Kubectl } from '../../../../src/targets/kubernetes/api/kubectl.ts'

export const forever = new AbortController().signal

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return path
}

/** A program that is called kubectl and does what the script of sh says. */
export function fakeKubectl(script: string, at = folder()): Kubectl {
  const program = join(at, 'kubectl')
  writeFileSync(program, `#!/bin/sh\n${script}\n`)
  chmodSync(program, 0o755)
  return { program, words: ['--context=prod'], environment: process.env }
}

/** A process that ended and that nobody has reaped yet is not running. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
