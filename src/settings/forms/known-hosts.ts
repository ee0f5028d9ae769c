import type { KnownHostsLine, TrustedHostKeys } from '../../targets/ssh.ts'
import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

/** Lines of known_hosts, and fingerprints alone or as `ssh-keygen -l` prints them. */
export function parseKnownHosts(text: string): Parsed<TrustedHostKeys> {
  const lines: KnownHostsLine[] = []
  const fingerprints: string[] = []
  for (const [index, untrimmed] of text.split(/\r?\n/).entries()) {
    const trimmed = untrimmed.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const fingerprint = /(?:^|\s)(SHA256:[A-Za-z0-9+/]{43})=?(?:\s|$)/.exec(trimmed)?.[1]
    const line = fingerprint === undefined ? parseLine(trimmed) : null
    if (fingerprint !== undefined) fingerprints.push(fingerprint)
    else if (line?.kind === 'value') lines.push(line.value)
    else return refuse(`has a line ${index + 1} that ${line?.why}`)
  }
  return accept({ lines, fingerprints })
}

function parseLine(line: string): Parsed<KnownHostsLine> {
  const [, mark, hosts = '', type = '', key = ''] =
    /^(?:@(\S+)\s+)?(\S+)\s+(\S+)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line) ?? []
  if (/(^|\s)(MD5:|([0-9a-f]{2}:){15})/.test(line))
    return refuse('is an MD5 fingerprint, which proves nothing')
  if (isKeyType(line.split(/\s/)[0] ?? '')) return refuse("lacks the host's name in front of the key")
  if (key === '' || typeIn(key) !== type) return refuse('is neither `HOST TYPE KEY` nor `SHA256:…`')
  const marker = mark === 'cert-authority' || mark === 'revoked' ? mark : null
  if (mark !== undefined && marker === null) return refuse(`begins with \`@${mark}\`, which is not known`)
  return accept({ marker, hosts, type, key })
}

const isKeyType = (word: string) => /^(ssh-|ecdsa-sha2-|sk-)/.test(word)

/** A key says itself what it is: its first field, after four bytes of length. */
function typeIn(key: string): string {
  const blob = Buffer.from(key, 'base64')
  return blob.length < 4 ? '' : blob.toString('latin1', 4, 4 + blob.readUInt32BE())
}

export const knownHosts = textForm(
  'lines of known_hosts, or fingerprints such as `SHA256:…`',
  parseKnownHosts,
  {
    type: 'string',
  },
)
