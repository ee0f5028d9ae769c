/** A channel as a stream like any other: ssh2's own emits no errors, and swallows what is written to one that was closed. */
import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'

export function streamOf(channel: ClientChannel): Duplex {
  let closed = false
  let written: (error: Error) => void = () => {}
  const gone = () => new Error('the other side closed the connection')
  const stream = new Duplex({
    // As a socket has it: who is told that no more comes, ends as well.
    allowHalfOpen: false,
    read: () => {
      channel.resume()
    },
    write: (chunk: Buffer, _encoding, done) => {
      if (closed) return done(gone())
      written = done
      channel.write(chunk, () => done())
    },
    final: (done) => {
      channel.end()
      done()
    },
    destroy: (error, done) => {
      channel.close()
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
    if (stream.writableLength > 0) written(gone())
  })
  channel.on('error', (error: Error) => stream.destroy(error))
  return stream
}
