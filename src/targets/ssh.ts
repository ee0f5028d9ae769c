/** A host behind SSH and all that is needed to be sure of it, as the settings say it. */

export interface SshAddress {
  readonly user: string
  readonly host: string
  readonly port: number
}

export interface SshSettings {
  readonly host: SshAddress
  /** Hosts to go through, in order. */
  readonly jumps: readonly SshAddress[]
  /** Text of the private key, for the host and the jumps alike. */
  readonly key: string
  readonly passphrase: string | null
  readonly trusted: TrustedHostKeys
}

export interface TrustedHostKeys {
  readonly lines: readonly KnownHostsLine[]
  /** `SHA256:…`, of whatever host. */
  readonly fingerprints: readonly string[]
}

/** https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT */
export interface KnownHostsLine {
  readonly marker: 'cert-authority' | 'revoked' | null
  /** As it was given: patterns between commas, or one hashed name. */
  readonly hosts: string
  readonly type: string
  /** Base64. */
  readonly key: string
}
