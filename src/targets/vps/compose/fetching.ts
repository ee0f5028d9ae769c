/**
 * Getting the images of a release onto the host, before any container is touched. What comes of it is a name for each that
 * means the same image for ever: a digest, or the id of an image that no registry has.
 */
import { quote } from '../../../host/script.ts'
import type { Environment } from '../../target.ts'
import type { RegistryLogin } from '../settings.ts'
import { type ComposeLine, composeLine } from './commands.ts'
import { dockerConfig, isId, isPinned, pinnedBy } from './images.ts'
import type { ComposeService } from './layout.ts'

export interface Fetch {
  readonly line: Omit<ComposeLine, 'services' | 'overridden'>
  readonly wanted: readonly Wanted[]
  readonly login: RegistryLogin | null
}

export interface Wanted {
  readonly service: ComposeService
  /** null: what the compose file says. */
  readonly image: string | null
}

/** Writes a line for each to $BLUE_GREEN_OUTPUT, to be read by `parseFetched`. */
export const fetchText = ({ line, wanted, login }: Fetch): string => `cd ${quote(line.settings.directory)}
${registryFunction(line.settings.app, login)}
fetch() {
  echo "Pulling $1"
  docker_for "$1" pull -q "$1" && return 0
  case $1 in */*) return 1 ;; esac
  docker image inspect "$1" >/dev/null 2>&1 && echo "No registry has $1: the image on this host is taken."
}
keep() {
  found=$(docker image inspect --format '{{.Id}} {{json .RepoDigests}}' "$2")
  printf '%s %s %s\\n' "$1" "$2" "$found" >>"$BLUE_GREEN_OUTPUT"
}
${wanted.map((each) => fetchOne(line, each)).join('\n')}`

function fetchOne(line: Fetch['line'], { service, image }: Wanted): string {
  const name = quote(service.name)
  if (image === null) {
    const compose = composeLine({ ...line, services: [service], overridden: false })
    const get = service.builds ? `${compose} build ${name}` : service.local ? ':' : 'fetch "$image"'
    return `image=$(${compose} config --images ${name} | tail -n 1)\n${get}\nkeep ${name} "$image"`
  }
  const there = `docker image inspect ${quote(image)} >/dev/null 2>&1`
  if (isId(image)) return `keep ${name} ${quote(image)}`
  // What is named by digest cannot have changed, and a way back must not need the registry.
  return `${isPinned(image) ? `${there} || ` : ''}fetch ${quote(image)}\nkeep ${name} ${quote(image)}`
}

/**
 * `docker_for IMAGE ARGUMENT...`: docker, logged in where the image comes from the user's registry. The login is a folder of
 * docker's settings for this script alone: the user's own, with plugins and credential helpers, is neither read nor changed.
 * docker runs in the background, since a shell that waits for it in the foreground does not hear that it must end: a docker
 * that hangs would have it killed with the login in place. What was left all the same is removed by the next run; what another
 * user of the host has left is not ours to remove, and in nobody's way.
 */
export const registryFunction = (app: string, login: RegistryLogin | null): string =>
  login === null ? 'docker_for() { shift; docker "$@"; }' : loggedIn(app, login)

const loggedIn = (app: string, { host }: RegistryLogin) => `umask 077
[ -w /dev/shm ] && place=/dev/shm || place=\${TMPDIR:-/tmp}
rm -rf "$place"/blue-green-login-${app}.?????? 2>/dev/null || :
config=$(mktemp -d "$place/blue-green-login-${app}.XXXXXX")
trap 'rm -rf "$config"' EXIT
trap 'exit 143' TERM
printf '%s' "$BLUE_GREEN_LOGIN" >"$config/config.json"
unset BLUE_GREEN_LOGIN
docker_for() {
  case $1 in
    docker.io/* | index.docker.io/*) registry=docker.io ;;
    localhost/* | *[.:]*/*) registry=\${1%%/*} ;;
    *) registry=docker.io ;;
  esac
  shift
  if [ "$registry" = ${quote(host)} ]; then
    docker --config "$config" "$@" &
    wait "$!"
  else docker "$@"; fi
}`

/** Beside the script: what it must not show. */
export const loginEnvironment = (login: RegistryLogin | null): Environment =>
  login === null ? {} : { BLUE_GREEN_LOGIN: dockerConfig(login) }

/** By compose service: the image by digest, or by id where no registry has it. */
export function parseFetched(output: string): Readonly<Record<string, string>> {
  const fetched: Record<string, string> = {}
  for (const line of output.split('\n').filter((each) => each !== '')) {
    const [service = '', image = '', id = '', ...digests] = line.split(' ')
    const known: unknown = JSON.parse(digests.join(' ') || 'null')
    fetched[service] = isPinned(image) ? image : (pinnedBy(image, Array.isArray(known) ? known : []) ?? id)
  }
  return fetched
}
