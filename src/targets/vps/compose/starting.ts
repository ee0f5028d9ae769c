/** Starting the containers of a color on images that are there already. */
import { quote } from '../../../host/script.ts'
import { type ComposeLine, composeLine, labelFilters } from './commands.ts'
import { versionLabel } from './containers.ts'

export interface Overridden {
  /** Name in the compose file. */
  readonly service: string
  readonly image: string
}

/**
 * A compose file that is laid over the user's, and kept with the release: whoever starts this color again gets the same
 * images. JSON is YAML. https://docs.docker.com/reference/compose-file/merge/
 */
export function overrideDocument(services: readonly Overridden[], version: string): string {
  const label = version.replaceAll('$', '$$$$')
  return JSON.stringify({
    services: Object.fromEntries(
      services.map(({ service, image }) => [
        service,
        { image, pull_policy: 'never', labels: { [versionLabel]: label } },
      ]),
    ),
  })
}

/** Exit code of `up` when it would touch other containers than those of its services. */
export const wouldTouchOthers = 91

/**
 * Compose is first asked what it would do: where two colors share a project, a changed network or a container made by another
 * version of compose can take others down with it. It says so in other words since version 5, and takes a network from under
 * containers that it does not mention.
 */
export function upText(line: Omit<ComposeLine, 'overridden'>): string {
  const { settings, project, services } = line
  const up = `${composeLine({ ...line, overridden: true })} up -d --no-deps --no-build`
  const names = services.map(({ name }) => quote(name)).join(' ')
  const own = services
    .map(({ name }) => `docker ps -a ${labelFilters(project, name)} --format '{{.Names}}'`)
    .join('; ')
  return `cd ${quote(settings.directory)}
own=" $({ ${own}; } | tr '\\n' ' ')"
plan=$(${up} --dry-run ${names} 2>&1) || plan=
named() { printf '%s\\n' "$plan" | tr -d '"' | sed -n "s/.*$1 *\\([^ ]*\\) *$2.*/\\1/p"; }
others=$({
  named Container '\\(Recreat\\|Stopp\\|Remov\\|Kill\\)'
  named Network Remov | while read -r network; do docker ps -a --filter "network=$network" --format '{{.Names}}'; done
} | sort -u | while read -r name; do
  case $own in *" \${name#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]_} "*) ;; *) printf '%s ' "$name" ;; esac
done)
if [ -n "$others" ]; then
  echo "Nothing was started: compose would also recreate or stop $others"
  exit ${wouldTouchOthers}
fi
${up} ${names}`
}
