import { lacks } from '../../programs.ts'
import { lacksRoot } from '../vps/root.ts'

/** For `describe.skipIf`: this machine cannot hold a cluster. */
export const lacksKubernetes = (): boolean =>
  lacks(
    'kubernetes',
    'vps-app',
    'containerd',
    'ctr',
    'runc',
    'iptables',
    'ip',
    '/usr/lib/cni/bridge',
    'docker-registry',
    'openssl',
  ) || lacksRoot()
