import { createHash } from 'node:crypto'
import type { Images, Release } from '../targets/target.ts'

/** The same version, images and configuration are the same release, however often they are deployed. */
export function releaseOf(content: Omit<Release, 'id' | 'orderedAs'>): Release {
  const { version, images, configuration } = content
  const id = createHash('sha256').update(JSON.stringify({ version, images, configuration })).digest('hex')
  return { id: id.slice(0, 12), version, images, configuration }
}

/** A tag may move; what was found running under it is what the release is from now on. */
export function foundRunning(release: Release, found: Images): Release {
  const images = Object.entries(release.images).map(([service, image]) => [service, found[service] ?? image])
  const pinned = releaseOf({ ...release, images: Object.fromEntries(images) })
  const orderedAs = release.orderedAs ?? release.id
  return orderedAs === pinned.id ? pinned : { ...pinned, orderedAs }
}
