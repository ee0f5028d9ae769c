/** The compose file of one color, as its owner would write it. */
import { stringify } from 'yaml'
import type { Color } from '../../../src/targets/target.ts'
import type { Environment } from './app-image.ts'

export interface ComposeFile {
  readonly color: Color
  readonly services: Readonly<Record<string, ComposeService>>
  /** Any more of the file's own sections. */
  readonly more?: Readonly<Record<string, unknown>>
}

export interface ComposeService {
  readonly image: string
  /** On the host, where it is published on 127.0.0.1; none for a worker. */
  readonly port?: number
  readonly environment?: Environment
  readonly envFile?: string
  readonly restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure'
  /** Services that must be healthy first. */
  readonly after?: readonly string[]
  /** Anything else that compose knows. */
  readonly more?: Readonly<Record<string, unknown>>
}

export function composeFile({ color, services, more }: ComposeFile): string {
  const entries = Object.entries(services).map(([name, service]) => [name, serviceOf(color, service)])
  return stringify({ services: Object.fromEntries(entries), ...more })
}

function serviceOf(color: Color, service: ComposeService) {
  const { image, port, environment, envFile, restart = 'unless-stopped', after, more } = service
  return {
    image,
    restart,
    environment: { COLOR: color, ...environment },
    ...(envFile !== undefined && { env_file: envFile }),
    ...(port !== undefined && { ports: [`127.0.0.1:${port}:8080`] }),
    ...(after && {
      depends_on: Object.fromEntries(after.map((name) => [name, { condition: 'service_healthy' }])),
    }),
    healthcheck: {
      test: ['CMD', '/app', 'probe'],
      interval: '1s',
      timeout: '2s',
      retries: 3,
      start_period: '2s',
    },
    ...more,
  }
}
