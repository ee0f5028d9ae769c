/** Images of the app in app/, made without Docker: https://github.com/opencontainers/image-spec */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findProgram } from '../../programs.ts'

export interface Layer {
  readonly blob: Buffer
  /** Of what it holds once unpacked. */
  readonly diffId: string
}

/** The program alone, as `/app`. */
export function appLayer(): Layer {
  const program = findProgram('vps-app')
  if (program === null) throw new Error('There is no app for images: sh scripts/go-tools.sh')
  const options = ['--mtime=@0', '--owner=0', '--group=0', '--mode=755', '--transform=s/.*/app/']
  const tar = execFileSync('tar', ['-c', '-C', dirname(program), ...options, 'vps-app'], {
    maxBuffer: 2 ** 28,
  })
  return { blob: gzipSync(tar, { level: 1 }), diffId: digestOf(tar) }
}

export type Environment = Readonly<Record<string, string>>

const second = 1e9

export function imageConfig(layer: Layer, environment: Environment, command: readonly string[] = []): Buffer {
  return toJson({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Entrypoint: ['/app'],
      Cmd: command,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ExposedPorts: { '8080/tcp': {} },
      Healthcheck: {
        Test: ['CMD', '/app', 'probe'],
        Interval: second,
        Timeout: 2 * second,
        StartPeriod: 2 * second,
        Retries: 3,
      },
    },
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
  })
}

export const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'

export function imageManifest(layer: Layer, config: Buffer): Buffer {
  const describe = (mediaType: string, blob: Buffer) => ({
    mediaType,
    size: blob.length,
    digest: digestOf(blob),
  })
  return toJson({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe('application/vnd.docker.container.image.v1+json', config),
    layers: [describe('application/vnd.docker.image.rootfs.diff.tar.gzip', layer.blob)],
  })
}

export const digestOf = (blob: Buffer): string => `sha256:${createHash('sha256').update(blob).digest('hex')}`

const toJson = (value: unknown) => Buffer.from(JSON.stringify(value))
