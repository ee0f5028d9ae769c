/** Manifests from the workspace. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ChangeFailed } from '../../target.ts'
import type { ManifestFile } from './manifests.ts'

/** Of a folder what `kubectl apply -f` takes of it: its own files alone, in their order. Throws ChangeFailed where one is missing. */
export async function readManifests(paths: readonly string[]): Promise<readonly ManifestFile[]> {
  const files = await Promise.all(paths.map(filesAt))
  return Promise.all(files.flat().map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
}

async function filesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = await readdir(path)
    return names
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .toSorted()
      .map((name) => join(path, name))
  } catch (error) {
    throw new ChangeFailed(`The manifests at ${path} cannot be read: ${(error as Error).message}`)
  }
}
