import { isRoot, runAsRoot } from '../../bed/vps/root.ts'
import { findProgram } from '../../programs.ts'

const programs = ['dockerd', 'docker', 'docker-registry', 'nginx', 'sshd', 'ssh-keygen', 'openssl', 'ip']
/** scripts/go-tools.sh */
const built = ['vps-app', 'compose-v2']

export interface Machine {
  has(program: string): boolean
  mayBeRoot(): Promise<boolean>
}

const thisMachine: Machine = {
  has: (program) => findProgram(program) !== null,
  mayBeRoot: async () =>
    isRoot ||
    runAsRoot('true').then(
      () => true,
      () => false,
    ),
}

/** What a machine would need to be a VPS, in a line; null: nothing. */
export async function lackingForVps({ has, mayBeRoot }: Machine = thisMachine): Promise<string | null> {
  const needs = [
    ...((await mayBeRoot()) ? [] : ['root, or sudo without a password']),
    ...[...programs, ...built].filter((name) => !has(name)),
  ]
  return needs.length === 0 ? null : `This demo starts a dockerd of its own, and lacks ${needs.join(', ')}.`
}
