/** A channel as a stream like any other: ssh2's own emits no errors, and never is done with what is written to a closed one. */
import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'

interface Ending {
  /** No more will be written. */
  finish(): void
  destroy(): void
}

const eachSide = (channel: ClientChannel): Ending => ({
  finish: () => channel.end(),
  destroy: () => channel.close(),
})

export function streamOf(channel: ClientChannel, ending = eachSide(channel)): Duplex {
  let closed = false
  let written = () => {}
  const stream = new Duplex({
    // As a socket has it: who is told that no more comes, ends as well.
    allowHalfOpen: false,
    read: () => {
      channel.resume()
    },
    write: (chunk: Buffer, _encoding, done) => {
      written = () => done()
      // As TCP has it: what is still on its way to a side that has ended is no error, and its answer can be read.
      if (closed) written()
      else channel.write(chunk, written)
    },
    final: (done) => {
      ending.finish()
      done()
    },
    destroy: (error, done) => {
      ending.destroy()
      channel.resume()
      done(error)
    },
  })
  channel.on('data', (chunk: Buffer) => {
    if (!stream.destroyed && !stream.push(chunk)) channel.pause()
  })
  channel.on('end', () => {
    if (!stream.destroyed) stream.push(null)
  })
  channel.on('close', () => {
    closed = true
    if (stream.writableLength > 0) written()
  })
  channel.on('error', (error: Error) => stream.destroy(error))
  return stream
}
