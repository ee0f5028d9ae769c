/**
 * Part of the trap: names every request that the bundle sends to a cluster or to AWS, and freezes it before one is sent, when it has
 * been sent, or when its answer has come and nobody has heard of it. KILL_LOSES_ANSWER: nobody ever does.
 */
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { describeAwsRequest, isForAws } from './aws-requests.mjs'
import { describeClusterRequest, isForCluster } from './cluster-requests.mjs'
import { arriveAt, freezeAndTell, keepDocument, stage } from './freezing.mjs'

const describers = [
  [isForCluster, describeClusterRequest],
  [isForAws, describeAwsRequest],
]

const { request } = http
http.request = (...given) => {
  const [options] = given
  const outgoing = request(...given)
  const describe = describers.find(([isForIt]) => isForIt(options))?.[1]
  if (describe === undefined) return outgoing
  // Who it is, for the journal: main and post have the same credentials.
  if (isForAws(options)) outgoing.setHeader('x-client', `${process.env.KILL_RUN}-${stage}`)
  const end = outgoing.end.bind(outgoing)
  outgoing.end = (text) => {
    const described = describe(options, text === undefined ? undefined : String(text))
    if (described === null) return end(text)
    const isAt = arriveAt(described.name)
    if (isAt('before')) freezeAndTell()
    if (described.document !== undefined) keepDocument(described.document)
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
