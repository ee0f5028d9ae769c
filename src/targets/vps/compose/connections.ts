/** Connections that something on the host has open to ports of a color, as the kernel counts them. */

/** Numbers of connections, one line for each port. https://docs.kernel.org/networking/proc_net_tcp.html */
export const connectionsText = (ports: readonly number[]): string =>
  `cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '
$4 == "01" { split($3, remote, ":"); open[remote[2]]++ }
END { ${ports.map((port) => `print open["${hex(port)}"] + 0`).join('; ')} }'`

const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')

export const sumOfLines = (text: string): number =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .reduce((sum, line) => sum + Number(line), 0)
