import { describe, expect, it } from 'vitest'
import { DialRefused } from '../../src/host/dialing.ts'
import { freePort } from '../bed/ports.ts'
import { ask, startWeb } from './dialed.ts'
import { connect, forever } from './place.ts'

describe('a stream dialed on this machine', () => {
  it('carries a request and its answer', async () => {
    const stream = await connect().dial(await startWeb(), forever)
    expect((await ask(stream, '/hello')).toString()).toBe('/hello ')
  })

  it('is refused where nobody listens, in a sentence', async () => {
    const port = await freePort()
    for (const host of ['127.0.0.1', 'localhost']) {
      const dialing = connect().dial({ host, port }, forever)
      await expect(dialing).rejects.toThrow(DialRefused)
      await expect(dialing).rejects.toThrow(`${host}:${port} on this machine refuses connections`)
    }
  })

  it('is refused where there is no such host', async () => {
    const dialing = connect().dial({ host: 'no.such.host.invalid', port: 80 }, forever)
    await expect(dialing).rejects.toThrow(
      /^no\.such\.host\.invalid:80 on this machine cannot be reached: .*(ENOTFOUND|EAI_AGAIN)/,
    )
  })

  it('rejects with the reason of the signal', async () => {
    const address = await startWeb()
    await expect(connect().dial(address, AbortSignal.abort('enough'))).rejects.toBe('enough')
    const abort = new AbortController()
    const dialing = connect().dial(address, abort.signal)
    abort.abort('enough')
    await expect(dialing).rejects.toBe('enough')
  })

  it('lives on when the signal is aborted after it was opened', async () => {
    const abort = new AbortController()
    const stream = await connect().dial(await startWeb(), abort.signal)
    abort.abort('enough')
    expect((await ask(stream, '/on')).toString()).toBe('/on ')
  })
})
