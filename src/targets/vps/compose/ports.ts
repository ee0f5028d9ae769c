/** The ports of a color, and who is at them as the kernel says: https://docs.kernel.org/networking/proc_net_tcp.html */
import type { Color } from '../../target.ts'
import type { VpsSettings } from '../settings.ts'

export const portsOf = ({ services }: VpsSettings, color: Color): readonly number[] =>
  services.flatMap(({ ports }) => ports[color] ?? [])

const sockets = 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null'
const [established, listening] = ['01', '0A']

/** Numbers of connections that something on the host has open to these ports, one line for each. */
export const connectionsText = (ports: readonly number[]): string =>
  `${sockets} | awk '
$4 == "${established}" { split($3, remote, ":"); open[remote[2]]++ }
END { ${ports.map((port) => `print open["${hex(port)}"] + 0`).join('; ')} }'`

export const sumOfLines = (text: string): number =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .reduce((sum, line) => sum + Number(line), 0)

/** Exit code 0: somebody listens there. */
export const listenedText = (port: number): string =>
  `${sockets} |
  awk '$4 == "${listening}" { split($2, here, ":"); if (here[2] == "${hex(port)}") found = 1 } END { exit !found }'`

const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
