import { textForm } from './form.ts'
import { accept, type Parsed, refuse } from './parsed.ts'

/** The many names of Docker Hub; the first is how its images are called. */
const dockerHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'hub.docker.com']

/** As it stands in the names of images: `ghcr.io`, `localhost:5000`. */
export function parseRegistry(text: string): Parsed<string> {
  const [, name, rest = ''] = /^(?:https?:\/\/)?([^/\s]+)(\/\S*)?$/i.exec(text) ?? []
  const host = name?.toLowerCase()
  if (host === undefined || !/^(?=[a-z0-9])[a-z0-9.-]+(:\d{1,5})?$/.test(host))
    return refuse('is not the host of a registry')
  if (dockerHub.includes(host) && /^\/?(v[12]\/?)?$/.test(rest)) return accept('docker.io')
  return text === host ? accept(host) : refuse('is more than the host of a registry', host)
}

export const registryHost = textForm(
  'the host of a registry as in the names of its images, such as `ghcr.io`; `docker.io` for Docker Hub',
  parseRegistry,
  { type: 'string' },
)
