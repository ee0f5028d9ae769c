/** The namespaces of a cluster's one node, and what starts its parts inside them. */
import { join } from 'node:path'
import { conversation, firstLine, letGo, startAsRoot } from '../vps/hosts-talk.ts'
import { runAsRoot } from '../vps/root.ts'
import { removeCgroup } from './cgroups.ts'
import type { Machine, Options } from './node-machine.ts'

/** The kubelet sets them for the whole machine, unless they are set: it is shown files in which they are. */
const tunables = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
}

const showTunables = Object.entries(tunables)
  .map(([name, value]) => {
    const file = `/srv/${name.replaceAll('/', '.')}`
    return `echo ${value} >${file}; mount --bind ${file} /proc/sys/${name}`
  })
  .join('\n  ')

/**
 * The kubelet has its sockets in one folder, whatever its settings say.
 * A shell collects the dead, as an init would. The machine has a way to pods and Services as well, over the node: who asks from there
 * is a user. Services need a route within, too, before kube-proxy leads them elsewhere.
 */
const script = `set -e
[ -d /proc/sys/net/bridge ] || modprobe br_netfilter
exec 9</proc/self/ns/net
exec setpriv --pdeathsig KILL unshare --net --mount --uts --pid --fork --kill-child --mount-proc sh -ec '
  link=$1 machine=$2 node=$3 services=$4 pods=$5; shift 5
  ip link set lo up; ip link add node type veth peer name "$link" netns /proc/self/fd/9
  ip address add "$node/24" dev node; ip link set node up; ip route add "$services" dev node
  nsenter --net=/proc/self/fd/9 sh -ec "
    ip address add $machine/24 dev $link; ip link set $link up
    ip route add $services via $node; ip route add $pods via $node"
  exec 9<&-
  hostname node; mount --make-rshared /
  mkdir -p /var/lib/kubelet
  for folder in /srv /run /var/log /var/lib/kubelet; do mount -t tmpfs none $folder; done
  ${showTunables}
  "$@"; exit' sh "$@"`

export interface Node extends AsyncDisposable {
  readonly tell: ReturnType<typeof conversation<Machine>>['tell']
}

/** Resolves when pods may come. */
export async function startNode(options: Options): Promise<Node> {
  const { addresses, cgroup } = options.layout
  const { machine, node, services, pods } = addresses
  const program = [process.execPath, join(import.meta.dirname, 'node-machine.ts'), JSON.stringify(options)]
  const link = `bg-${node.split('.').slice(1, 3).join('-')}`
  const removeRemains = async () => {
    // The kernel takes its time with it.
    await runAsRoot('ip', 'link', 'delete', link).catch(() => {})
    await removeCgroup(cgroup)
  }
  // A cluster that was killed is gone but for these.
  await removeRemains()
  const child = startAsRoot(script, [link, machine, node, services, pods, ...program])
  await firstLine(child)
  const { tell, fail } = conversation<Machine>(child)
  child.process.once('exit', () => fail(new Error(`The cluster is gone:\n${child.said()}`)))
  return {
    tell,
    [Symbol.asyncDispose]: async () => {
      await letGo(child.process)
      await removeRemains()
    },
  }
}
