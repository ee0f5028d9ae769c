import type { PerColor } from '../target.ts'

export interface VpsSettings {
  readonly app: string
  /** Where the app lives on the host: absolute. Relative paths start there. */
  readonly directory: string
  /** Absolute; `{app}` is already replaced. */
  readonly stateDirectory: string
  readonly sudo: 'auto' | 'never'
  readonly compose: ComposeSettings
  readonly envFile: EnvFile | null
  readonly registry: RegistryLogin | null
  readonly router: NginxFlagSettings
  /** One for each service of the app, in its order. */
  readonly services: readonly VpsService[]
}

export interface ComposeSettings {
  /** Paths of each color, in the order in which compose lays them over each other. */
  readonly files: PerColor<readonly string[]>
  /** null: what the running containers carry, else `{app}-{color}`. */
  readonly project: PerColor<string> | null
}

export interface VpsService {
  readonly name: string
  /** On the host's loopback address; null: a service without one, such as a worker. */
  readonly ports: PerColor<number | null>
  /** null: found by name in the compose file. */
  readonly composeService: PerColor<string> | null
  readonly composeProfile: PerColor<string> | null
  /** Public URL, through the proxy. */
  readonly url: string | null
  readonly start: 'before-switch' | 'after-switch'
}

export interface EnvFile {
  readonly content: string
  readonly path: PerColor<string>
}

export interface RegistryLogin {
  /** As it stands in the names of images, such as `ghcr.io`; `docker.io` for Docker Hub. */
  readonly host: string
  readonly username: string
  readonly password: string
}

export interface NginxFlagSettings {
  /**
   * Port on 127.0.0.1 of the switch server of each service, for owners who must not touch `proxy_pass`; null: the color is a
   * variable in the owner's own server block.
   */
  readonly listen: Readonly<Record<string, number>> | null
  /** Where the proxy is asked on the host itself; null: each service's own URL, dialed at 127.0.0.1. */
  readonly proxyUrl: string | null
}
