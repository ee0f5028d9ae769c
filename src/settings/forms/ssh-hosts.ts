import { z } from 'zod'
import { type Form, textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'
import { parsePort } from './port.ts'
import { parseLine } from './text.ts'

/** What an address leaves out is said by other settings. */
export interface PartialAddress {
  readonly user: string | null
  readonly host: string
  readonly port: number | null
}

export function parseAddress(text: string): Parsed<PartialAddress> {
  const [, user = null, bracketed, plain, digits] =
    /^(?:([^\s@:/]+)@)?(?:\[([^\]\s]+)\]|([^\s@:/[\]-][^\s@:/[\]]*))(?::(\d+))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (/^[0-9A-Fa-f]*:[0-9A-Fa-f:]*:/.test(text))
    return refuse('is an IPv6 address without brackets', `[${text}]`)
  if (host === undefined) return refuse('is not `host` or `user@host:port`')
  if (digits === undefined) return accept({ user, host, port: null })
  const port = parsePort(digits)
  return port.kind === 'value' ? accept({ user, host, port: port.value }) : port
}

export function parseUser(text: string): Parsed<string> {
  return /[\s@:]/.test(text) ? refuse('is not the name of a user') : parseLine(text)
}

export const user = textForm('the name of a user', parseUser, { type: 'string' })

const accepted = '`host` or `user@host:port`, or a list of them'
const address = textForm(accepted, parseAddress, { type: 'string' })

/** A text may name several, as `ssh -J` takes them. */
export const sshHosts: Form<readonly PartialAddress[]> = {
  accepted,
  schema: z.union(
    [
      textForm(
        accepted,
        (text) => {
          const parsed = text.split(/[\s,]+/).map(parseAddress)
          const wrong = parsed.find(({ kind }) => kind === 'refused')
          return wrong?.kind === 'refused'
            ? wrong
            : accept(parsed.flatMap((one) => (one.kind === 'value' ? [one.value] : [])))
        },
        { type: 'string' },
      ).schema,
      z.array(address.schema),
    ],
    { error: accepted },
  ),
  input: [],
}
