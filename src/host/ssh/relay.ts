/** A TCP connection from the host where its server forwards none: a program there connects, and a session carries the bytes. */
import type { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { type Address, dialRefused, showAddress } from '../dialing.ts'
import { quote, script } from '../script.ts'
import { streamOf } from './channel-stream.ts'
import type { Started } from './run-script.ts'

/** What start-up files of a login shell say comes before it, and is not of the stream. */
const openMark = 'blue-green: here begins the stream\n'
const noneMark = 'blue-green: no program can connect\n'

/**
 * Runs with the connection as stdin and stdout; 3 and 5 are the session's. The end of one side is the end of both: the shell
 * cannot say on a connection that no more will be written, and read on. By dd, since the cat of busybox has the kernel send from
 * the connection into the pipe of sshd: as long as the connection is silent the pipe is locked, and sshd with it.
 */
const relay = `exec 6<&0 2>/dev/null
printf %s ${quote(openMark)} >&5
dd bs=65536 <&6 >&5 3<&- &
reader=$!
{ dd bs=65536 <&3; kill "$reader"; } 5>&- 6<&- &
writer=$!
exec >&- <&- 5>&- 6<&-
wait "$reader"
kill "$writer"
exit 0`

/** Each program tells on stderr why it could not connect. */
export const relayScript = (address: Address): string => {
  const { host, port } = address
  return script(`BG_RELAY=${quote(relay)} LC_ALL=C
export BG_RELAY LC_ALL
exec 5>&1
if command -v bash; then
  exec bash --norc -c 'exec 4<>"/dev/tcp/$1/$2" && exec sh -c "$BG_RELAY" <&4 >&4 4<&-' bash ${quote(host)} ${port}
elif command -v socat; then
  exec socat ${quote(`TCP:${showAddress(address)},nodelay`)} 'SYSTEM:eval \\"$BG_RELAY\\",nofork'
fi >/dev/null
case $(busybox nc --help 2>&1) in
  *'-e PROG'*) exec busybox nc ${quote(host)} ${port} -e sh -c "$BG_RELAY" ;;
esac
printf %s ${quote(noneMark)}`)
}

export type Relayed =
  | { readonly kind: 'open'; readonly stream: Duplex }
  /** Nothing on the host can connect. */
  | { readonly kind: 'no program' }

/** For a session in which nothing was run yet. Throws DialRefused. */
export async function openRelay({ channel, link, name }: Started, address: Address): Promise<Relayed> {
  channel.write(relayScript(address))
  const first = await beginning(channel)
  switch (first.kind) {
    case 'none':
      return { kind: 'no program' }
    case 'ended':
      if (!link.isOpen()) throw new Error(link.why())
      throw dialRefused(address, name, first.said)
    case 'open':
      channel.unshift(first.rest)
      return { kind: 'open', stream: link.tie(streamOf(channel, together(channel))) }
  }
}

type Beginning =
  | { readonly kind: 'open'; readonly rest: Buffer }
  | { readonly kind: 'none' }
  | { readonly kind: 'ended'; readonly said: string }

function beginning(channel: ClientChannel): Promise<Beginning> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0)
    let said = ''
    const hear = (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      const at = heard.indexOf(openMark)
      if (heard.includes(noneMark)) settle({ kind: 'none' })
      else if (at >= 0) settle({ kind: 'open', rest: heard.subarray(at + openMark.length) })
    }
    const end = () => settle({ kind: 'ended', said: said.trim().replaceAll('\n', '; ') })
    const settle = (result: Beginning) => {
      channel.pause()
      channel.removeListener('data', hear).removeListener('close', end)
      resolve(result)
    }
    channel.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-300)
    })
    channel
      .on('error', () => {})
      .on('data', hear)
      .on('close', end)
  })
}

/**
 * The end of its stdin ends the relay, but not one that waits for its server to take what was sent: the signal does, though not
 * for root, for whom OpenSSH signals nobody.
 */
const together = (channel: ClientChannel) => ({
  finish: () => {},
  destroy: () => {
    channel.signal('TERM')
    channel.close()
  },
})
