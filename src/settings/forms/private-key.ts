import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

const begin = '-----BEGIN OPENSSH PRIVATE KEY-----'

/** The text of a private key as OpenSSH writes it, whatever became of its line ends on the way through a secret. */
export function parsePrivateKey(text: string): Parsed<string> {
  const key = normalize(text)
  if (/^(ssh-|ecdsa-sha2-|sk-)\S+ +AAAA/.test(key) || /^-{4,5} ?BEGIN [A-Z0-9 ]*PUBLIC KEY/.test(key)) {
    return refuse('is a public key: give the private one, from the file without `.pub`')
  }
  if (/^PuTTY-User-Key-File/i.test(key)) {
    return refuse('is a key of PuTTY: convert it with `puttygen KEY.ppk -O private-openssh -o KEY`')
  }
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(key)) {
    return refuse('is a key in PKCS#8: `ssh-keygen -p -f KEY` writes it anew as OpenSSH does')
  }
  if (!/^-----BEGIN (OPENSSH|RSA|EC|DSA) PRIVATE KEY-----\n/.test(key)) {
    return refuse(`is not the text of a private key, which begins with \`${begin}\``)
  }
  return /\n-----END [A-Z]+ PRIVATE KEY-----\n$/.test(key)
    ? accept(key)
    : refuse('is cut off: its last line should be `-----END …-----`')
}

/** Secrets arrive with Windows' line ends, with `\n` in two characters, or on one line, and lose their last line end. */
function normalize(text: string): string {
  const lines = text.replaceAll(/\r\n?|\\r\\n|\\n/g, '\n').split('\n')
  const tidy = lines.map((line) => line.trim()).join('\n')
  const [, first, body = '', last] =
    /^(-----BEGIN [A-Z ]+-----) (.+) (-----END [A-Z ]+-----)$/.exec(tidy.trim()) ?? []
  if (first === undefined) return `${tidy.trim()}\n`
  return `${[first, ...body.split(/ +/), last].join('\n')}\n`
}

/** Of a key that `parsePrivateKey` took. */
export function isEncrypted(key: string): boolean {
  if (/^Proc-Type: 4,ENCRYPTED$/m.test(key)) return true
  const base64 = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([^-]+)-----END/.exec(key)?.[1]
  if (base64 === undefined) return false
  // Magic, NUL, length and name of the cipher: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
  return /^openssh-key-v1\0.{4}(?!none)/s.test(Buffer.from(base64, 'base64').toString('latin1'))
}

export const privateKey = textForm('the text of a private key', parsePrivateKey, { type: 'string' })
