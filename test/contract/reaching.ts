import { type IncomingMessage, request } from 'node:http'
import type { Reach } from '../../src/targets/target.ts'

const patience = 5_000

/** The color that says it is the one, on a way that a target told. */
export async function whoAnswers(reach: Reach): Promise<string> {
  const signal = AbortSignal.timeout(patience)
  const stream = reach.kind === 'stream' ? await reach.dial(signal) : null
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = reach.kind === 'url' ? reach.headers : {}
    const connection = stream ? { createConnection: () => stream } : {}
    request(reach.url, { headers: { ...headers, connection: 'close' }, signal, ...connection })
      .on('response', resolve)
      .on('error', reject)
      .end()
  })
  response.resume()
  return String(response.headers['x-color'])
}
