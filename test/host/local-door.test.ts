import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Address, dialFromHere } from '../../src/host/dialing.ts'
import { localConnection } from '../../src/host/local-connection.ts'
import { openLocalDoor } from '../../src/host/local-door.ts'
import { ask, endOf, startServer, startWeb } from './dialed.ts'
import { forever, until } from './place.ts'

const here = localConnection({})

/** To a port of this machine, which stands for one behind a target. */
async function openDoor(
  { host, port }: Address,
  { signal = forever, dial = here.dial }: { signal?: AbortSignal; dial?: typeof here.dial } = {},
) {
  const refused: string[] = []
  const reach = {
    kind: 'stream',
    url: `http://${host}:${port}`,
    dial: (until: AbortSignal) => dial({ host, port }, until),
  } as const
  const door = await openLocalDoor(reach, { signal, onRefused: (why) => refused.push(why) })
  onTestFinished(() => door.close())
  const address: Address = { host: '127.0.0.1', port: Number(new URL(door.url).port) }
  return { ...door, address, refused, enter: () => dialFromHere(address, forever) }
}

const listens = ({ address }: { address: Address }): Promise<boolean> =>
  dialFromHere(address, forever).then(
    (stream) => {
      stream.destroy()
      return true
    },
    () => false,
  )

describe('a local door', () => {
  it('leads to what the target dials, as often as it is used', async () => {
    const door = await openDoor(await startWeb())
    expect(door.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const answers = await Promise.all(
      ['/a', '/b', '/c'].map(async (path) => (await fetch(`${door.url}${path}`)).text()),
    )
    expect(answers).toEqual(['/a ', '/b ', '/c '])
  })

  it('carries much in both directions', async () => {
    const door = await openDoor(await startWeb())
    const body = randomBytes(5_000_000)
    const answer = await ask(await door.enter(), '/upload', body)
    expect(answer.equals(Buffer.concat([Buffer.from('/upload '), body]))).toBe(true)
  })

  it('hears the answer after all is said', async () => {
    const server = await startServer((socket) => {
      socket.resume().on('end', () => socket.end('heard'))
    })
    const door = await openDoor(server)
    const client = connect({ ...door.address, allowHalfOpen: true }).end('the whole of it')
    expect(Buffer.concat(await client.toArray()).toString()).toBe('heard')
  })

  it('ends only the connection that could not be led on, and says why', async () => {
    let broken = true
    const door = await openDoor(await startWeb(), {
      dial: async (address, signal) => {
        if (broken) throw new Error('nobody is in')
        return here.dial(address, signal)
      },
    })
    await endOf(await door.enter())
    expect(door.refused).toEqual(['nobody is in'])
    broken = false
    expect(await (await fetch(`${door.url}/now`)).text()).toBe('/now ')
  })

  it('breaks off for the client where the target breaks off', async () => {
    const server = await startServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const door = await openDoor(server)
    const client = await door.enter()
    client.write('hello')
    await endOf(client)
    expect(client.destroyed).toBe(true)
  })

  it('tells the target when the client has gone', async () => {
    const served: Socket[] = []
    const door = await openDoor(await startServer((socket) => served.push(socket.resume())))
    const client = await door.enter()
    await until('it is led on', () => served.length === 1)
    client.destroy()
    await until('the target is left', () => served[0]?.closed === true)
  })

  it.each(['closed', 'interrupted'] as const)('%s, it leaves nothing open', async (how) => {
    const controller = new AbortController()
    const served: Socket[] = []
    const server = await startServer((socket) => served.push(socket.resume()))
    const door = await openDoor(server, { signal: controller.signal })
    const client = await door.enter()
    await until('it is led on', () => served.length === 1)
    if (how === 'interrupted') controller.abort(new Error('interrupted'))
    await door.close()
    await endOf(client)
    expect(await listens(door)).toBe(false)
    await until('the target is left', () => served[0]?.closed === true)
    expect(door.refused).toEqual([])
  })

  it('does not wait for a target that does not answer, and throws away what comes late', async () => {
    let letIn = (_: Duplex) => {}
    const door = await openDoor(await startWeb(), {
      dial: () => new Promise((resolve) => (letIn = resolve)),
    })
    const client = await door.enter()
    await sleep(50)
    await door.close()
    await endOf(client)
    const late = await dialFromHere(await startWeb(), forever)
    letIn(late)
    if (!late.closed) await once(late, 'close')
    expect(await listens(door)).toBe(false)
  })

  it('is not opened for a run that is over', async () => {
    const opening = openDoor(await startWeb(), { signal: AbortSignal.abort(new Error('interrupted')) })
    await expect(opening).rejects.toThrow('interrupted')
  })
})
