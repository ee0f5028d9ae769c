import type { Check, ServiceIntent, VersionCheck } from '../targets/intent.ts'
import type { RequestSpec } from './destination.ts'
import { readPointer } from './json-pointer.ts'
import { type Answer, type Exchange, longestBody } from './request.ts'
import { excerpt, showTime } from './wording.ts'

export type Judgement = { readonly passed: true } | { readonly passed: false; readonly reason: string }

/** The host is that of the public URL wherever the request is sent, so that virtual hosts answer as they will for users. */
export const requestOf = (check: Check, service: Pick<ServiceIntent, 'url'>): RequestSpec => ({
  path: check.path,
  scheme: check.scheme,
  host: check.host ?? (service.url === null ? null : (URL.parse(service.url)?.host ?? null)),
  headers: check.headers,
})

export const judge = (check: Check, exchange: Exchange): Judgement => {
  if (exchange.kind === 'failed') return failed(exchange.reason)
  const { answer } = exchange
  const reason =
    findStatusProblem(check, answer) ??
    findHeaderProblem(check, answer) ??
    findBodyProblem(check, answer) ??
    findJsonProblem(check, answer) ??
    findLatencyProblem(check, answer)
  return reason === null ? passed : failed(reason)
}

export const judgeVersion = (versionCheck: VersionCheck, version: string, exchange: Exchange): Judgement => {
  const where = `${versionCheck.path} (${describeSource(versionCheck)})`
  if (exchange.kind === 'failed') return failed(`no version at ${where}: ${exchange.reason}`)
  const shown = readVersion(versionCheck, exchange.answer)
  if (shown === version) return passed
  if (shown !== null) return failed(`version "${excerpt(shown)}" at ${where}, expected "${excerpt(version)}"`)
  const { status, body } = exchange.answer
  return failed(`no version at ${where}, expected "${excerpt(version)}": answered ${status}${quote(body)}`)
}

/** What answers for a version is short; a page that came instead of it names nobody. */
const longestVersion = 128

export const readVersion = ({ from }: VersionCheck, answer: Answer): string | null => {
  const shown = {
    header: () => (from.kind === 'header' ? answer.headers[from.name.toLowerCase()] : null),
    json: () => (from.kind === 'json' ? readJson(answer.body, from.pointer) : null),
    body: () => answer.body,
  }[from.kind]()
  const version = shown?.trim() ?? ''
  return version === '' || version.length > longestVersion ? null : version
}

const passed: Judgement = { passed: true }
const failed = (reason: string): Judgement => ({ passed: false, reason })

const findStatusProblem = ({ status: allowed }: Check, { status, headers, body }: Answer): string | null => {
  if (allowed.some(({ from, to }) => from <= status && status <= to)) return null
  const location = headers.location
  if (status >= 300 && status < 400 && location !== undefined) {
    const hint = location.startsWith('https:')
      ? '; if the app only wants https, send it the header X-Forwarded-Proto: https'
      : ''
    return `answered ${status}, a redirect to ${excerpt(location)}, which is not followed${hint}`
  }
  return `answered ${status}, expected ${showRanges(allowed)}${quote(body)}`
}

const findHeaderProblem = ({ header }: Check, { headers }: Answer): string | null => {
  for (const [name, expected] of Object.entries(header)) {
    const value = headers[name.toLowerCase()]
    if (value === undefined) return `no header ${name}, expected "${excerpt(expected)}"`
    if (value !== expected) return `header ${name} is "${excerpt(value)}", expected "${excerpt(expected)}"`
  }
  return null
}

const findBodyProblem = ({ body: expected }: Check, { body }: Answer): string | null =>
  expected === null || body.includes(expected)
    ? null
    : `the body does not contain "${excerpt(expected)}"${quote(body)}`

const findJsonProblem = ({ json }: Check, { body }: Answer): string | null => {
  for (const [pointer, expected] of Object.entries(json)) {
    const value = readJson(body, pointer)
    if (value === undefined) {
      const size = body.length >= longestBody ? ' in its first 64 KiB' : ''
      return `the body is not JSON${size}${quote(body)}`
    }
    if (value === null) return `the body has no ${pointer}, expected "${excerpt(expected)}"${quote(body)}`
    if (value !== expected) return `${pointer} is "${excerpt(value)}", expected "${excerpt(expected)}"`
  }
  return null
}

const findLatencyProblem = ({ maxLatency }: Check, { latency }: Answer): string | null =>
  maxLatency === null || latency <= maxLatency
    ? null
    : `answered in ${showTime(latency)}, allowed are ${showTime(maxLatency)}`

/** undefined: not JSON; null: nothing there. */
const readJson = (body: string, pointer: string): string | null | undefined => {
  try {
    return readPointer(body, pointer)
  } catch {
    return undefined
  }
}

const describeSource = ({ from }: VersionCheck): string =>
  from.kind === 'json' ? from.pointer : from.kind === 'header' ? `header ${from.name}` : 'body'

const showRanges = (ranges: Check['status']): string =>
  ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')

const quote = (body: string): string => (body.trim() === '' ? '' : `: ${excerpt(body)}`)
