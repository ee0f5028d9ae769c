/** Names of images. https://github.com/distribution/reference */
import { repositoryOf } from '../../images.ts'

/** The registry an image comes from: Docker Hub where none is named. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  return named && !isDockerHub(first) ? first : 'docker.io'
}

const isDockerHub = (host: string) => host === 'docker.io' || host === 'index.docker.io'

/** By digest, or by the id of an image that no registry has: it is the same everywhere and always. */
export const isPinned = (image: string): boolean => image.includes('@sha256:') || isId(image)

export const isId = (image: string): boolean => /^sha256:[0-9a-f]{64}$/.test(image)

/** The digest among `known` (as `docker image inspect` lists them) that belongs to the image's own repository. */
export function pinnedBy(image: string, known: readonly string[]): string | null {
  const repository = fullName(repositoryOf(image))
  return known.find((digest) => fullName(repositoryOf(digest)) === repository) ?? null
}

/** `nginx` and `docker.io/library/nginx` are the same. */
function fullName(repository: string): string {
  const registry = registryOf(repository)
  if (registry !== 'docker.io') return repository
  const path = repository.replace(/^(index\.)?docker\.io\//, '')
  return `docker.io/${path.includes('/') ? path : `library/${path}`}`
}

/** https://docs.docker.com/reference/cli/docker/login/: Docker Hub goes by an old name in the file. */
export function dockerConfig({
  host,
  username,
  password,
}: {
  readonly host: string
  readonly username: string
  readonly password: string
}): string {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  return JSON.stringify({
    auths: { [host === 'docker.io' ? 'https://index.docker.io/v1/' : host]: { auth } },
  })
}
