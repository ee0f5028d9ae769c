/** What nginx accepts in its files, and what breaks for users all the same. */
import { type Color, otherColor, type Problem } from '../../target.ts'
import { type Directive, type Place, walk } from './configuration.ts'
import { flagTraps } from './flag-traps.ts'
import { colorPath, type FlagSettings, type RoutedService, routedServices } from './names.ts'
import { passTraps } from './pass-traps.ts'
import { locationLines } from './snippets.ts'

export interface Examined {
  readonly settings: FlagSettings
  readonly tree: readonly Directive[]
  /** What is not in the tree is nowhere. */
  readonly complete: boolean
  /** What a person pastes to have the app's files written anew. */
  readonly paste: string
}

export function findTraps({ settings, tree, complete, paste }: Examined): readonly Problem[] {
  const places = [...walk(tree)]
  // The nginx that answered knows the color; one whose files do not speak of it is another.
  if (!places.some(({ directive }) => isColorLocation(directive, settings.app))) return []
  const services = routedServices(settings)
  const upstreams = new Map(
    places.flatMap(({ directive }): readonly [string, Directive][] =>
      directive.name === 'upstream' ? [[directive.arguments[0] ?? '', directive]] : [],
    ),
  )
  return [
    ...services.flatMap((service) => portTraps(service, upstreams, paste)),
    ...flagTraps(settings, places),
    ...passTraps(settings, places),
    ...(complete ? absences({ settings, services, places, upstreams, paste }) : []),
  ]
}

const isColorLocation = ({ name, arguments: words }: Directive, app: string) =>
  name === 'location' && words.includes(colorPath(app))

type Upstreams = ReadonlyMap<string, Directive>

/** Ports are checked on the idle color and used by nginx: users would get what nobody has checked. */
const portTraps = (service: RoutedService, upstreams: Upstreams, paste: string): readonly Problem[] =>
  (['blue', 'green'] as const).flatMap((color) => {
    const upstream = upstreams.get(`${service.upstream}_${color}`)
    const port = service.ports[color]
    if (upstream === undefined || leadsOf(upstream).every((address) => address.endsWith(`:${port}`)))
      return []
    const leads = leadsOf(upstream)
    const what = `nginx leads ${color} of ${service.name} to ${leads.join(', ')} (${upstream.at}), and ${color}-port is ${port}`
    return [
      {
        setting: `${color}-port`,
        what: `${what}${swapped(service, color, leads)}.`,
        fix: `Correct ${color}-port, or have nginx told of it anew:\n${paste}`,
      },
    ]
  })

const leadsOf = ({ block }: Directive): readonly string[] =>
  (block ?? []).flatMap(({ name, arguments: [address = ''] }) => (name === 'server' ? [address] : []))

const swapped = ({ ports }: RoutedService, color: Color, leads: readonly string[]) =>
  leads.some((address) => address.endsWith(`:${ports[otherColor(color)]}`))
    ? `: that is the port of ${otherColor(color)}`
    : ''

interface Searched {
  readonly settings: FlagSettings
  readonly services: readonly RoutedService[]
  readonly places: readonly Place[]
  readonly upstreams: Upstreams
  readonly paste: string
}

/** What can only be said when all files were read. */
const absences = ({ settings, services, places, upstreams, paste }: Searched): readonly Problem[] =>
  services.flatMap((service) => [
    ...[`${service.upstream}_blue`, `${service.upstream}_green`]
      .filter((name) => !upstreams.has(name))
      .map((name) => ({
        setting: 'router',
        what: `nginx has no upstream ${name}, to which users of ${service.name} would be led.`,
        fix: paste,
      })),
    ...(service.url === null || places.some(({ directive }) => leadsTo(service, directive))
      ? []
      : [unused(service, settings.app)]),
  ])

/** A flag that is moved while everybody is led past it. */
function unused(service: RoutedService, app: string): Problem {
  const { name, upstream, listen } = service
  return {
    setting: 'router',
    ...(listen === null
      ? {
          what: `Nothing in nginx leads to ${upstream}: a switch would move nobody.`,
          fix: `Write into the location of ${name}, instead of its proxy_pass:\n${locationLines(app, service).join('\n')}`,
        }
      : {
          what: `Nothing in nginx leads to the switch server of ${name} on port ${listen}: a switch would move nobody.`,
          fix: `Write into your upstream for ${name}, instead of its servers: server 127.0.0.1:${listen};`,
        }),
  }
}

/** In whatever directive the owner has put it, such as a variable of their own. */
function leadsTo({ upstream, listen }: RoutedService, { name, arguments: words }: Directive): boolean {
  if (name === 'upstream' || name === 'listen') return false
  const mark =
    listen === null ? new RegExp(`\\b${upstream}_(?:\\$|blue\\b|green\\b)`) : new RegExp(`:${listen}(?:/|$)`)
  return words.some((word) => mark.test(word))
}
