/** Names for what the bundle asks of AWS, and the document where it writes that. */
import { brotliDecompressSync } from 'node:zlib'

export const isForAws = ({ headers }) => /^AWS4-HMAC/.test(headers?.authorization ?? '')

/** Renewals come by a timer, and are not counted: null. */
export function describeAwsRequest({ headers }, text) {
  const operation = operationOf(headers, text)
  switch (operation) {
    case 'GetParameters':
      return { name: 'look:lease' }
    case 'GetParametersByPath':
      return { name: 'read' }
    case 'PutParameter':
      return workOnParameter(JSON.parse(text))
    case 'DeleteParameters':
      return { name: 'tidy' }
    case 'RegisterTaskDefinition':
      return { name: 'change:register' }
    case 'UpdateService':
      return { name: JSON.parse(text).desiredCount === 0 ? 'change:stop' : 'change:deploy' }
    case 'ModifyListener':
      return { name: 'change:switch' }
    default:
      return { name: `look:${operation}` }
  }
}

const operationOf = (headers, text) =>
  headers['x-amz-target']?.split('.').at(-1) ?? new URLSearchParams(text).get('Action') ?? 'other'

/** Of the document, by the names of their parameters. */
const pieces = new Map()
let lastDocument = 'null'

function workOnParameter({ Name, Value, Overwrite }) {
  if (/\/\d+\/\d+$/.test(Name)) {
    pieces.set(Name, Value)
    return { name: 'piece' }
  }
  const { status, document } = JSON.parse(Value)
  const written = JSON.stringify(document)
  if (!Overwrite) lastDocument = written
  if (!Overwrite) return { name: 'acquire' }
  if (status !== 'held') return { name: { parked: 'park', free: 'free' }[status] }
  if (written === lastDocument) return null
  lastDocument = written
  return { name: 'write', document: unpacked(Name, document) }
}

function unpacked(name, { first, versions }) {
  const others = versions.map((_, index) => pieces.get(`${name}/${index + 1}`))
  return brotliDecompressSync(Buffer.from([first, ...others].join(''), 'base64')).toString()
}
