/** One SSH server on a stream that leads to it: its key is checked before we show ours. */
import './commonjs-dirname.ts'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import ssh2, { type Client, type ConnectConfig, type ParsedKey } from 'ssh2'
import type { SshAddress, SshSettings, TrustedHostKeys } from '../../targets/ssh.ts'
import { algorithmsToTry, families, judge } from './host-keys.ts'
import { keyNotOpened, keyNotUsable, noCommonAlgorithm, notLetIn, untrustedHost } from './host-refused.ts'

const handshakeTime = 15_000
/** Missed in a row before the server counts as gone. */
const keepalivesMissed = 3

export interface Session {
  readonly ssh: NodeSSH
  readonly client: Client
  /** The one that was trusted. */
  readonly hostKey: Buffer
}

export interface Door {
  readonly address: SshAddress
  readonly trusted: TrustedHostKeys
  readonly key: ParsedKey
  /** Milliseconds from one sign of life asked for to the next. */
  readonly keepalive: number
  /** A fresh stream to the server. */
  dial(): Promise<Duplex>
}

export function readKey({ key, passphrase }: Pick<SshSettings, 'key' | 'passphrase'>): ParsedKey {
  const parsed = ssh2.utils.parseKey(key, passphrase ?? undefined)
  const [first] = Array.isArray(parsed) ? parsed : [parsed]
  if (first instanceof Error)
    throw /passphrase|decrypt/i.test(first.message) ? keyNotOpened() : keyNotUsable(first.message)
  if (!first?.isPrivateKey()) throw keyNotUsable('it holds no private key')
  return first
}

/** Throws AccessRefused where trying again is of no use, and any other error where it may be. */
export async function logIn(door: Door): Promise<Session> {
  const offered: Buffer[] = []
  for (const algorithms of algorithmsToTry(door.trusted, door.address)) {
    const result = await shakeHands(door, algorithms)
    if (result.kind === 'open') return result.session
    if (result.kind === 'untrusted') offered.push(result.key)
  }
  const shown = offered.length > 0 ? offered : await keysOf(door)
  if (shown.length > 0) throw untrustedHost(door, door.address, shown)
  throw noCommonAlgorithm(door.address, 'it has no host key of Ed25519, of ECDSA, or of RSA with SHA-2')
}

/** Every key of a server we do not let ourselves in to. */
async function keysOf(door: Door): Promise<readonly Buffer[]> {
  const keys: Buffer[] = []
  for (const family of families) {
    const result = await shakeHands({ ...door, trusted: { lines: [], fingerprints: [] } }, family)
    if (result.kind === 'untrusted') keys.push(result.key)
  }
  return keys
}

type Handshake =
  | { readonly kind: 'open'; readonly session: Session }
  | { readonly kind: 'untrusted'; readonly key: Buffer }
  | { readonly kind: 'no such key' }

async function shakeHands(door: Door, algorithms: readonly string[]): Promise<Handshake> {
  const { address, trusted, key } = door
  let hostKey: Buffer = Buffer.alloc(0)
  let refused: Buffer | null = null
  let accepted: readonly string[] | null = null
  const config: ConnectConfig = {
    sock: await door.dial(),
    username: address.user,
    readyTimeout: handshakeTime,
    keepaliveInterval: door.keepalive,
    keepaliveCountMax: keepalivesMissed,
    algorithms: { serverHostKey: algorithms },
    hostVerifier: (shown) => {
      hostKey = shown
      if (judge(trusted, address, shown) === 'trusted') return true
      refused = shown
      return false
    },
    authHandler: (methodsLeft, _partial, next) => {
      accepted = methodsLeft
      next(methodsLeft === null ? { type: 'publickey', username: address.user, key } : false)
    },
  }
  try {
    return { kind: 'open', session: { ...(await open(config)), hostKey } }
  } catch (error) {
    config.sock.destroy()
    if (refused !== null) return { kind: 'untrusted', key: refused }
    const message = error instanceof Error ? error.message : String(error)
    if (message.includes('no matching host key')) return { kind: 'no such key' }
    if (message.includes('no matching')) throw noCommonAlgorithm(address, message)
    if (accepted !== null) throw notLetIn(address, key.getPublicSSH(), accepted)
    throw error
  }
}

async function open(config: ConnectConfig): Promise<Omit<Session, 'hostKey'>> {
  const ssh = new NodeSSH()
  const opened = ssh.connect(config)
  const client: Client = ssh.connection as Client
  // Without a listener, the next error would end the process.
  client.on('error', () => {})
  await opened
  return { ssh, client }
}
