import { lacksRoot } from '../bed/vps/root.ts'
import { lacks } from '../programs.ts'

/** For `describe.skipIf`: this machine cannot be a VPS. */
export const lacksVps = (): boolean =>
  lacks(
    'dockerd',
    'docker',
    'docker-registry',
    'nginx',
    'sshd',
    'ssh-keygen',
    'vps-app',
    'compose-v2',
    'compose-newest',
  ) || lacksRoot()
