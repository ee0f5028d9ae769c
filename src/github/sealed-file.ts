import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Layout: name of the layout, length of the sealed text, nonce, tag, sealed text. The first two are authenticated with it. */
const layout = Buffer.from('BGR1')
const headLength = layout.length + 4
const nonceLength = 12
const tagLength = 16
export const keyLength = 32

export function seal(text: string, key: Buffer): Buffer {
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(text))
  const head = Buffer.concat([layout, length])
  cipher.setAAD(head)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([head, nonce, cipher.getAuthTag(), sealed])
}

export type Unsealed =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly why: string }

export function unseal(file: Buffer, key: Buffer): Unsealed {
  const body = headLength + nonceLength + tagLength
  if (file.length < body) return { kind: 'unreadable', why: 'it is cut short' }
  if (!file.subarray(0, layout.length).equals(layout)) {
    return { kind: 'unreadable', why: 'it was written by another version of this action' }
  }
  if (file.length < body + file.readUInt32BE(layout.length))
    return { kind: 'unreadable', why: 'it is cut short' }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, file.subarray(headLength, headLength + nonceLength))
    decipher.setAAD(file.subarray(0, headLength))
    decipher.setAuthTag(file.subarray(headLength + nonceLength, body))
    const text = Buffer.concat([decipher.update(file.subarray(body)), decipher.final()]).toString('utf8')
    return { kind: 'text', text }
  } catch {
    return { kind: 'unreadable', why: 'it was changed since, or its key is another one' }
  }
}
