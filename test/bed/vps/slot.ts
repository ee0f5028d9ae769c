/** What two beds on one machine must not share: ports, loopback addresses, and those of Docker's networks. */
import { once } from 'node:events'
import { createServer } from 'node:net'

export interface Slot extends AsyncDisposable {
  /** For 64 networks: 198.18.0.0/15 is for tests, and routed nowhere (https://www.rfc-editor.org/rfc/rfc2544). */
  readonly network: string
  /** The first half of 65,536 addresses of this machine: `127.64`. */
  readonly loopback: string
  /** A port that nobody listens on, below those that the kernel gives to outgoing connections. */
  port(): Promise<number>
}

const slots = 32
const portsEach = 600

export async function claimSlot(): Promise<Slot> {
  for (let number = 0; number < slots; number++) {
    // An abstract socket: the kernel lets go of it however this process ends.
    const claim = await listen({ path: `\0blue-green-bed-${number}` })
    if (claim === null) continue
    claim.unref()
    const ports = freePorts(number)
    return {
      network: `198.${18 + Math.floor(number / 64)}.${(number % 64) * 4}.0/22`,
      loopback: `127.${64 + number}`,
      port: async () => {
        const { value } = await ports.next()
        if (value === undefined) throw new Error('This bed has used up its ports.')
        return value
      },
      [Symbol.asyncDispose]: async () => {
        claim.close()
        await once(claim, 'close')
      },
    }
  }
  throw new Error(`${slots} beds are up on this machine already.`)
}

async function* freePorts(slot: number): AsyncGenerator<number, undefined> {
  const first = 10_000 + slot * portsEach
  for (let port = first; port < first + portsEach; port++) {
    // On all addresses: a bed may be on any of the loopback ones.
    const server = await listen({ port })
    if (server === null) continue
    server.close()
    await once(server, 'close')
    yield port
  }
}

async function listen(where: { readonly path: string } | { readonly port: number }) {
  const server = createServer()
  const listening = once(server, 'listening')
  server.listen(where)
  return listening.then(
    () => server,
    () => null,
  )
}
