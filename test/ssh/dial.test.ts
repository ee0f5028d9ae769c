import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The shell that waits for the next script. */
const isSpare = (name: string, index: number) => name === 'sh' && index === 0

import { DialRefused } from '../../src/host/dialing.ts'
import { AccessRefused, TargetUnreachable } from '../../src/targets/target.ts'
import { startCutProxy } from '../bed/cut-proxy.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { freePort } from '../bed/ports.ts'
import { type Sshd, startSshd } from '../bed/sshd.ts'
import { ask, endOf, startServer, startTlsWeb, startWeb } from '../host/dialed.ts'
import { folder, newFolder, until } from '../host/place.ts'
import { findProgram, lacks } from '../programs.ts'
import { connectTo, forever, said, settingsFor, trusting } from './place.ts'

const programs = ['bash', 'socat', 'busybox'].filter((program) => !lacks(program))

/** A server that forwards nothing, on a host that has sh, dd and this. */
function forwardsNothing(path: string, program: string | null): string {
  const bin = newFolder(path, 'bin')
  for (const name of ['sh', 'dd', ...(program ? [program] : [])])
    symlinkSync(findProgram(name) ?? name, join(bin, name))
  return `AllowTcpForwarding no\nSetEnv PATH=${bin}`
}

const refusalsIn = (log: string) => log.split('refused local port forward').length - 1

describe.skipIf(lacks('sshd', 'ssh-keygen')).each(['its server', ...programs])(
  'a stream dialed on a host, by %s',
  (way) => {
    const relayed = way !== 'its server'
    let place: Folder
    let sshd: Sshd
    beforeAll(async () => {
      place = await temporaryFolder()
      const config = relayed ? forwardsNothing(place.path, way) : ''
      sshd = await startSshd({ folder: join(place.path, 'sshd'), config })
    })
    afterAll(async () => {
      await sshd?.[Symbol.asyncDispose]()
      await place?.[Symbol.asyncDispose]()
    })

    it('carries whatever is sent', async () => {
      const address = await startWeb()
      const body = randomBytes(3_000_000)
      const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
      const answer = await ask(stream, '/upload', body)
      expect(answer.equals(Buffer.concat([Buffer.from('/upload '), body]))).toBe(true)
      await endOf(stream)
      expect(stream.destroyed).toBe(true)
      await until('nothing is left', () => sshd.running().length === 0)
    })

    it('carries TLS', async () => {
      const stream = await connectTo(settingsFor(sshd)).dial(await startTlsWeb(), forever)
      const socket = connectTls({ socket: stream, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      expect((await ask(socket, '/secret')).toString()).toBe('/secret ')
      stream.destroy()
    })

    it('is one of ten at once, and keeps no script waiting', async () => {
      const address = await startWeb()
      const connection = connectTo(settingsFor(sshd))
      const before = sshd.log()
      const paths = Array.from({ length: 10 }, (_, number) => `/${number}`)
      const silent = await startServer((socket) => socket.resume())
      const held = await Promise.all([1, 2, 3].map(() => connection.dial(silent, forever)))
      const answers = paths.map(async (path) => ask(await connection.dial(address, forever), path))
      const scripts = paths.map((path) => said(connection, `echo ${path}\n`))
      expect((await Promise.all(answers)).map(String)).toEqual(paths.map((path) => `${path} `))
      expect(await Promise.all(scripts)).toEqual(paths.map((path) => `${path}\n`))
      expect(held.some((stream) => stream.destroyed)).toBe(false)
      // Those that came before the first answer all asked.
      expect(refusalsIn(sshd.log()) - refusalsIn(before)).toBe(relayed ? 3 : 0)
    })

    it('ends when its server breaks off', async () => {
      const address = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
      const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
      stream.write('half a requ')
      await once(stream.resume(), 'close')
      expect(stream.destroyed).toBe(true)
    })

    it('leaves a server, and nothing behind on the host, when it is destroyed half way', async () => {
      const left = Promise.withResolvers<void>()
      const address = await startServer((socket) => socket.resume().once('close', left.resolve))
      const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
      stream.write('half a requ')
      stream.destroy()
      await left.promise
      await until('nothing is left', () => sshd.running().length === 0)
    })

    // For root, OpenSSH signals nobody.
    it.skipIf(relayed && process.getuid?.() === 0)(
      'leaves nothing behind on the host when its server takes no more',
      async () => {
        const address = await startServer((socket) => socket.pause())
        const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
        stream.write(Buffer.alloc(20_000_000))
        await sleep(300)
        stream.destroy()
        await until('nothing is left', () => sshd.running().length === 0)
      },
    )

    it('is refused where nobody listens, in a sentence that names both machines', async () => {
      const port = await freePort()
      const connection = connectTo(settingsFor(sshd))
      const dialing = connection.dial({ host: '127.0.0.1', port }, forever)
      await expect(dialing).rejects.toThrow(DialRefused)
      await expect(dialing).rejects.toThrow(
        `127.0.0.1:${port} on ${sshd.user}@127.0.0.1:${sshd.port} refuses connections`,
      )
      await expect(connection.dial({ host: 'no.such.host.invalid', port: 80 }, forever)).rejects.toThrow(
        /^no\.such\.host\.invalid:80 on .* cannot be reached: .*(known|resolv|bad address)/i,
      )
    })

    it('rejects with the reason of the signal, and what opens later is closed', async () => {
      let open = 0
      const address = await startServer((socket) => {
        open += 1
        socket.resume().once('close', () => {
          open -= 1
        })
      })
      const connection = connectTo(settingsFor(sshd))
      const first = await connection.dial(address, forever)
      const abort = new AbortController()
      const dialing = connection.dial(address, abort.signal)
      // It is asked for by then, and not yet there.
      setImmediate(() => abort.abort('enough'))
      await expect(dialing).rejects.toBe('enough')
      await said(connection, 'echo after it\n')
      await until('the first alone is open', () => open === 1)
      first.destroy()
      await until('nothing is left', () => open === 0 && sshd.running().every(isSpare))
    })

    it('ends with an error at once when the way to the host breaks, and the next is dialed on a new one', async () => {
      await using proxy = await startCutProxy(sshd.port)
      const connection = connectTo(
        settingsFor(sshd, {
          host: { user: sshd.user, host: '127.0.0.1', port: proxy.port },
          trusted: trusting(sshd.knownHosts.replace(String(sshd.port), String(proxy.port))),
        }),
      )
      const silent = await startServer((socket) => socket.resume())
      const open: Duplex[] = []
      for (const _ of [1, 2]) open.push(await connection.dial(silent, forever))
      const ends = open.map(endOf)
      open[0]?.write('half a requ')
      open[1]?.end('all')
      proxy.cut()
      for (const error of await Promise.all(ends)) expect(error?.message).toMatch(/ECONNRESET|closed|broke/)
      expect((await ask(await connection.dial(await startWeb(), forever), '/again')).toString()).toBe(
        '/again ',
      )
      expect(proxy.connections).toBe(2)
    })

    it('ends with an error when the server of the way freezes', async () => {
      const silent = await startServer((socket) => socket.resume())
      const stream = await connectTo(settingsFor(sshd), 200).dial(silent, forever)
      sshd.freeze()
      try {
        expect((await endOf(stream))?.message).toBe('Keepalive timeout')
      } finally {
        sshd.thaw()
      }
    })

    it('ends with an error when the connection is closed, and none is opened after', async () => {
      const silent = await startServer((socket) => socket.resume())
      const connection = connectTo(settingsFor(sshd))
      const end = endOf(await connection.dial(silent, forever))
      await connection.close()
      expect((await end)?.message).toBe('the connection was closed')
      await expect(connection.dial(silent, forever)).rejects.toThrow(TargetUnreachable)
    })
  },
)

describe.skipIf(lacks('sshd', 'ssh-keygen'))('a stream dialed on a host', () => {
  const withServer = async (config: string, use: (sshd: Sshd) => Promise<void>) => {
    await using sshd = await startSshd({ folder: join(folder(), 'sshd'), config })
    await use(sshd)
  }

  it('by its server, lets one side end before the other', () =>
    withServer('', async (sshd) => {
      const address = await startServer((socket) => {
        socket.resume().once('end', () => socket.end('heard all'))
      })
      const stream = await connectTo(settingsFor(sshd)).dial(address, forever)
      stream.end('all')
      expect(Buffer.concat(await stream.toArray()).toString()).toBe('heard all')
    }))

  it('by its server, is one of thirty at once, though ten sessions are all it takes', () =>
    withServer('MaxSessions 10', async (sshd) => {
      const address = await startWeb()
      const connection = connectTo(settingsFor(sshd))
      const streams = await Promise.all(Array.from({ length: 30 }, () => connection.dial(address, forever)))
      expect(await said(connection, 'echo beside\n')).toBe('beside\n')
      const answers = await Promise.all(streams.map((stream, number) => ask(stream, `/${number}`)))
      expect(answers.map(String)).toEqual(streams.map((_, number) => `/${number} `))
      expect(sshd.log()).not.toContain('no more sessions')
    }))

  it('asks once whether its server forwards anything', () =>
    withServer('AllowTcpForwarding no', async (sshd) => {
      const address = await startWeb()
      const connection = connectTo(settingsFor(sshd))
      for (const path of ['/1', '/2', '/3']) {
        expect((await ask(await connection.dial(address, forever), path)).toString()).toBe(`${path} `)
      }
      expect(refusalsIn(sshd.log())).toBe(1)
    }))

  it('keeps what start-up files of a login shell say out of what is read', () =>
    withServer(
      `AllowTcpForwarding no\nForceCommand echo 'Welcome!'; eval "$SSH_ORIGINAL_COMMAND"`,
      async (sshd) => {
        const stream = await connectTo(settingsFor(sshd)).dial(await startWeb(), forever)
        expect((await ask(stream, '/in')).toString()).toBe('/in ')
      },
    ))

  it('says what to do where there is no way at all', () =>
    withServer(forwardsNothing(folder(), null), async (sshd) => {
      const dialing = connectTo(settingsFor(sshd)).dial({ host: '127.0.0.1', port: 1 }, forever)
      await expect(dialing).rejects.toThrow(AccessRefused)
      await expect(dialing).rejects.toThrow(/AllowTcpForwarding local.*install bash/)
    }))
})
