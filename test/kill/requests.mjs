/**
 * Part of the trap: names every request that the bundle sends over a socket, which is how it asks a cluster, and freezes it before
 * one is sent, when it has been sent, or when its answer has come and nobody has heard of it. KILL_LOSES_ANSWER: nobody ever does.
 */
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { arriveAt, freezeAndTell, keepDocument } from './freezing.mjs'

/** Renewals come by a timer, and are not counted. */
function nameOf({ method, path }, text) {
  const { pathname, searchParams } = new URL(path, 'http://localhost')
  const resource = /\/namespaces\/[^/]+\/([a-z]+)/.exec(pathname)?.[1]
  if (method === 'GET') {
    if (searchParams.has('watch')) return `watch:${resource}`
    return resource === 'leases' ? 'read' : `look:${resource ?? 'group'}`
  }
  if (resource === undefined) return 'look:role'
  if (resource === 'leases') return method === 'POST' ? 'acquire' : workOnLease(written(text))
  if (method === 'DELETE') return 'change:remove'
  if (method === 'POST') return 'change:create'
  const fields = [...written(text).keys()]
  if (fields.some((field) => field.startsWith('/spec/selector'))) return 'change:switch'
  if (fields.length === 1 && fields[0] === '/spec/replicas') return 'change:stop'
  return fields.some((field) => field.startsWith('/spec')) ? 'change:deploy' : 'stamp'
}

const fenceField = '/metadata/annotations/blue-green-action~1fence'
const documentField = '/metadata/annotations/blue-green-action~1document'
const statusField = '/metadata/annotations/blue-green-action~1status'

/** By a JSON patch, besides the fence. */
const written = (text) =>
  new Map(
    JSON.parse(text)
      .filter(({ op, path }) => op !== 'test' && path !== fenceField && path !== '/metadata/annotations')
      .map(({ path, value }) => [path, value]),
  )

function workOnLease(fields) {
  if (fields.has(documentField)) return 'write'
  const status = fields.get(statusField)
  return { held: 'acquire', parked: 'park', free: 'free' }[status] ?? null
}

const { request } = http
http.request = (...given) => {
  const [options] = given
  const outgoing = request(...given)
  if (typeof options !== 'object' || !options.socketPath) return outgoing
  const end = outgoing.end.bind(outgoing)
  outgoing.end = (text) => {
    const name = nameOf(options, text)
    if (name === null) return end(text)
    const isAt = arriveAt(name)
    if (isAt('before')) freezeAndTell()
    if (name === 'write') keepDocument(written(text).get(documentField))
    if (isAt('during')) outgoing.once('finish', freezeAndTell)
    if (isAt('after')) freezeAtAnswer(outgoing)
    return end(text)
  }
  return outgoing
}
syncBuiltinESMExports()

function freezeAtAnswer(outgoing) {
  const { emit } = outgoing
  outgoing.emit = (event, ...rest) => {
    if (event !== 'response') return emit.call(outgoing, event, ...rest)
    outgoing.emit = emit
    freezeAndTell()
    if (!process.env.KILL_LOSES_ANSWER) return outgoing.emit(event, ...rest)
    const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    outgoing.emit('error', lost)
    outgoing.destroy()
    return true
  }
}
