/** Names for what the bundle asks of a cluster, over a socket, and the document where it writes that. */

export const isForCluster = ({ socketPath }) => Boolean(socketPath)

/** Renewals come by a timer, and are not counted: null. */
export function describeClusterRequest(options, text) {
  const name = nameOf(options, text)
  if (name === null) return null
  return name === 'write' ? { name, document: written(text).get(documentField) } : { name }
}

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
