import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DialRefused } from '../../src/host/dialing.ts'
import { TargetUnreachable } from '../../src/targets/target.ts'
import { startCutProxy } from '../bed/cut-proxy.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { freePort } from '../bed/ports.ts'
import { type Sshd, startSshd } from '../bed/sshd.ts'
import { ask, endOf, startServer, startWeb } from '../host/dialed.ts'
import { until } from '../host/place.ts'
import { lacks } from '../programs.ts'
import { connectTo, forever, said, settingsFor, trusting } from './place.ts'

describe.skipIf(lacks('sshd', 'ssh-keygen'))('a stream dialed on a host behind SSH', () => {
  let place: Folder
  let sshd: Sshd
  beforeAll(async () => {
    place = await temporaryFolder()
    sshd = await startSshd({ folder: join(place.path, 'sshd') })
  })
  afterAll(async () => {
    await sshd?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const throughProxy = async () => {
    const proxy = await startCutProxy(sshd.port)
    const settings = settingsFor(sshd, {
      host: { user: sshd.user, host: '127.0.0.1', port: proxy.port },
      trusted: trusting(sshd.knownHosts.replace(String(sshd.port), String(proxy.port))),
    })
    return { proxy, connection: connectTo(settings) }
  }

  it('carries whatever is sent', async () => {
    const address = await startWeb()
    const body = randomBytes(3_000_000)
    const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
    const answer = await ask(stream, '/upload', body)
    expect(answer.equals(Buffer.concat([Buffer.from('/upload '), body]))).toBe(true)
    await endOf(stream)
    expect(stream.destroyed).toBe(true)
  })

  it('lets one side end before the other', async () => {
    const address = await startServer((socket) => {
      socket.resume().once('end', () => socket.end('heard all'))
    })
    const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
    stream.end('all')
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('heard all')
  })

  it('ends when its server does, and what is written then is an error', async () => {
    const address = await startServer((socket) => socket.resetAndDestroy())
    const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
    await once(stream.resume(), 'close')
    const error = await new Promise((resolve) => stream.write('too late', resolve))
    expect(error).toBeInstanceOf(Error)
  })

  it('closes the connection of the host when it is destroyed', async () => {
    let ended = false
    const address = await startServer((socket) => socket.resume().once('close', () => (ended = true)))
    const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
    stream.write('half a requ')
    stream.destroy()
    await until('the server is left', () => ended)
  })

  it('is one of thirty at once over a connection whose server takes ten sessions', async () => {
    const address = await startWeb()
    const connection = connectTo(settingsFor(sshd))
    const streams = await Promise.all(Array.from({ length: 30 }, () => connection.dial(address, forever)))
    const scripts = Promise.all(
      Array.from({ length: 8 }, (_, number) => said(connection, `echo ${number}\n`)),
    )
    const answers = await Promise.all(streams.map((stream, number) => ask(stream, `/${number}`)))
    expect(answers.map(String)).toEqual(streams.map((_, number) => `/${number} `))
    expect(await scripts).toHaveLength(8)
    expect(sshd.log()).not.toContain('no more sessions')
  })

  it('is refused where nobody listens, in a sentence that names both machines', async () => {
    const port = await freePort()
    const connection = connectTo(settingsFor(sshd))
    const dialing = connection.dial({ host: '127.0.0.1', port }, forever)
    await expect(dialing).rejects.toThrow(DialRefused)
    await expect(dialing).rejects.toThrow(
      `127.0.0.1:${port} on ${sshd.user}@127.0.0.1:${sshd.port} refuses connections`,
    )
    await expect(connection.dial({ host: 'no.such.host.invalid', port: 80 }, forever)).rejects.toThrow(
      /^no\.such\.host\.invalid:80 on .* cannot be reached: /,
    )
  })

  it('rejects with the reason of the signal, and what opens later is closed', async () => {
    const left: string[] = []
    const address = await startServer((socket) => {
      left.push('opened')
      socket.resume().once('close', () => left.push('closed'))
    })
    const connection = connectTo(settingsFor(sshd))
    await said(connection, 'echo in\n')
    const abort = new AbortController()
    const dialing = connection.dial(address, abort.signal)
    // Sent by then, and not yet answered.
    setImmediate(() => abort.abort('enough'))
    await expect(dialing).rejects.toBe('enough')
    await until('it is closed', () => left.length === 2)
  })

  it('ends with an error at once when the way to the host breaks, and the next is dialed on a new one', async () => {
    const { proxy, connection } = await throughProxy()
    await using _ = proxy
    const silent = await startServer((socket) => socket.resume())
    const open: Duplex[] = []
    for (const _ of [1, 2]) open.push(await connection.dial(silent, forever))
    const ends = open.map(endOf)
    open[0]?.write('half a requ')
    open[1]?.end('all')
    proxy.cut()
    for (const error of await Promise.all(ends)) expect(error?.message).toMatch(/ECONNRESET|closed|broke/)
    expect((await ask(await connection.dial(await startWeb(), forever), '/again')).toString()).toBe('/again ')
    expect(proxy.connections).toBe(2)
  })

  it('ends with an error when the connection is closed, and none is opened after', async () => {
    const silent = await startServer((socket) => socket.resume())
    const connection = connectTo(settingsFor(sshd))
    const end = endOf(await connection.dial(silent, forever))
    await connection.close()
    expect((await end)?.message).toBe('the connection was closed')
    await expect(connection.dial(silent, forever)).rejects.toThrow(TargetUnreachable)
  })
})
