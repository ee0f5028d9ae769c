import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from '../../programs.ts'

export interface Kubectl {
  /** Resolves with what it prints, rejects with what it says. */
  run(command: readonly string[], input?: string): Promise<string>
}

export const kubectlProgram = (): string => findProgram('kubectl') ?? 'kubectl'

/** It leaves what it remembers in the folder. */
export const kubectlFor = (kubeconfig: string, folder: string): Kubectl => ({
  run: (command, input = '') =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, 'kubectl') }
      const child = execFile(kubectlProgram(), command, { env, maxBuffer: 2 ** 26 }, (error, stdout) => {
        if (error) reject(error)
        else resolve(stdout)
      })
      child.stdin?.end(input)
    }),
})
