/** A kubectl of its publisher: https://kubernetes.io/docs/tasks/tools/install-kubectl-linux */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AccessRefused } from '../../target.ts'
import type { ToolCache } from './tool-cache.ts'

const tool = 'kubectl'

/** As the releases name what Node calls otherwise. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

export const releases = 'https://dl.k8s.io/release'

export interface ReleaseOptions {
  /** With or without its `v`. */
  readonly version: string
  readonly cache: ToolCache
  /** Where releases are. */
  readonly from: string
  /** As Node names it. */
  readonly architecture: string
}

/** Its path. What does not have the published checksum is never kept. */
export async function installKubectl({
  version,
  cache,
  from,
  architecture,
}: ReleaseOptions): Promise<string> {
  const number = version.replace(/^v/, '')
  const kept = cache.find(tool, number)
  if (kept !== null) return join(kept, tool)
  const url = `${from}/v${number}/bin/linux/${architectures[architecture] ?? architecture}/${tool}`
  const file = await download(cache, url, number)
  try {
    const checksum = await download(cache, `${url}.sha256`, number)
    const expected = (await readFile(checksum, 'utf8')).trim().split(/\s/)[0]?.toLowerCase() ?? ''
    await rm(checksum)
    const found = await checksumOf(file)
    if (found !== expected) {
      throw new AccessRefused({
        setting: 'kubectl-version',
        what: `${url} has the SHA-256 ${found}, and ${url}.sha256 says ${expected.slice(0, 64)}. It was thrown away.`,
        fix: 'Somebody stands in between, or it was cut short: run again, or put kubectl on the PATH of the runner.',
      })
    }
    await chmod(file, 0o755)
    return join(await cache.keep(file, tool, number), tool)
  } finally {
    await rm(file, { force: true })
  }
}

async function download(cache: ToolCache, url: string, version: string): Promise<string> {
  try {
    return await cache.download(url)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AccessRefused({
      setting: 'kubectl-version',
      what: `kubectl ${version} cannot be had from ${url}: ${why}.`,
      fix: 'Put kubectl on the PATH of the runner, or name a version that there is: https://kubernetes.io/releases',
    })
  }
}

async function checksumOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
