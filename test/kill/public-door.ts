/** What stands in front of a cluster: it says of whoever comes through it that they came from outside. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Door extends AsyncDisposable {
  readonly url: string
}

/** Each request has a connection of its own, as a proxy that balances would choose an instance for each. */
export async function openDoor(to: string): Promise<Door> {
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/', headers } = incoming
    const onward = request(
      new URL(url, to),
      { method, agent: false, headers: { ...headers, 'x-forwarded-for': '127.0.0.1' } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
