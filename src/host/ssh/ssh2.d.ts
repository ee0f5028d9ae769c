/** What is used of ssh2, which carries no types of its own. */
declare module 'ssh2' {
  import type { EventEmitter } from 'node:events'
  import type { Duplex, Readable } from 'node:stream'

  export interface ParsedKey {
    readonly type: string
    getPublicSSH(): Buffer
    isPrivateKey(): boolean
  }

  export interface ClientChannel extends Duplex {
    readonly stderr: Readable
    signal(name: string): void
    close(): void
  }

  type Authentication = { type: 'publickey'; username: string; key: ParsedKey }

  export interface ConnectConfig {
    sock: Duplex
    username: string
    readyTimeout: number
    keepaliveInterval: number
    keepaliveCountMax: number
    algorithms: { serverHostKey: readonly string[] }
    hostVerifier(key: Buffer): boolean
    /** `methodsLeft`: null before the first attempt. */
    authHandler(
      methodsLeft: readonly string[] | null,
      partialSuccess: boolean | null,
      next: (method: Authentication | false) => void,
    ): void
  }

  export class Client extends EventEmitter {
    exec(command: string, callback: (error: Error | undefined, channel: ClientChannel) => void): this
    forwardOut(
      fromHost: string,
      fromPort: number,
      host: string,
      port: number,
      callback: (error: Error | undefined, channel: ClientChannel) => void,
    ): this
    destroy(): this
  }

  const ssh2: {
    readonly Client: typeof Client
    readonly utils: { parseKey(key: string, passphrase?: string): ParsedKey | ParsedKey[] | Error }
  }
  export default ssh2
}
