/** Releases whose manifests differ are not the same, wherever those files are named the same. */
import { createHash } from 'node:crypto'
import type { Settings } from './settings/read.ts'
import { readManifests } from './targets/kubernetes/runtime/manifest-files.ts'
import { ChangeFailed } from './targets/target.ts'

/** With the content of manifests in the configuration's hash. Files that cannot be read are for preflight to tell of. */
export async function withManifests(settings: Settings): Promise<Settings> {
  if (settings.target !== 'kubernetes' || settings.kubernetes.manifests.length === 0) return settings
  try {
    const files = await readManifests(settings.kubernetes.manifests)
    const hash = createHash('sha256').update(settings.intent.configuration).update(JSON.stringify(files))
    return { ...settings, intent: { ...settings.intent, configuration: hash.digest('hex').slice(0, 12) } }
  } catch (error) {
    if (error instanceof ChangeFailed) return settings
    throw error
  }
}
