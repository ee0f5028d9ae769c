/** Which compose project and which compose services make up a color. */
import { z } from 'zod'
import type { Color, PerColor } from '../../target.ts'
import type { ComposeSettings, VpsService } from '../settings.ts'

export interface ColorLayout {
  readonly project: string
  /** By service of the app, in its order. */
  readonly services: readonly ComposeService[]
}

export interface ComposeService {
  /** Of the app. */
  readonly app: string
  /** In the compose file. */
  readonly name: string
  /** The file tells how to build its image on the host. */
  readonly builds: boolean
  /** The file forbids to ask a registry for it. */
  readonly local: boolean
  readonly profile: string | null
  /** It has a port on the host. */
  readonly served: boolean
}

const composeFileShape = z.object({
  services: z
    .record(
      z.string(),
      z.object({
        build: z.unknown().optional(),
        image: z.string().optional(),
        pull_policy: z.string().optional(),
      }),
    )
    .nullable()
    .optional(),
})

export type ComposeFile = z.infer<typeof composeFileShape>

/** What `docker compose config --format json` says. */
export const parseComposeFile = (text: string): ComposeFile => composeFileShape.parse(JSON.parse(text))

/** A container that compose has made, as its labels tell. */
export interface Made {
  readonly project: string
  readonly service: string
  /** Paths of its compose files, separated by commas. */
  readonly files: string
}

export interface LayoutQuestion {
  readonly app: string
  readonly color: Color
  readonly services: readonly VpsService[]
  readonly compose: ComposeSettings
  readonly file: ComposeFile
  readonly made: readonly Made[]
  /** Absolute path of the color's first compose file. */
  readonly path: string
}

export type LayoutAnswer =
  | { readonly kind: 'layout'; readonly layout: ColorLayout }
  | { readonly kind: 'refused'; readonly setting: string; readonly why: string; readonly fix: string }

export function layOut(question: LayoutQuestion): LayoutAnswer {
  const { app, color, services, compose, file, made, path } = question
  const known = file.services ?? {}
  const found: ComposeService[] = []
  for (const service of services) {
    const names = candidates(service, color, services.length === 1)
    const name = names.find((each) => each in known) ?? onlyOne(Object.keys(known), color, services)
    const entry = name === undefined ? undefined : known[name]
    if (name === undefined || entry === undefined) {
      return {
        kind: 'refused',
        setting: 'compose-service',
        why: `${path} has no service ${names.map((each) => `"${each}"`).join(', ')} for ${color}; it has ${listed(known)}`,
        fix: `Name it: \`compose-service: { ${color}: … }\`${services.length === 1 ? '' : `, in \`services.${service.name}\``}.`,
      }
    }
    found.push({
      app: service.name,
      name,
      builds: entry.build !== undefined && entry.build !== null,
      local: entry.pull_policy === 'never',
      profile: service.composeProfile?.[color] ?? null,
      served: service.ports[color] !== null,
    })
  }
  const names = found.map(({ name }) => name)
  return {
    kind: 'layout',
    layout: {
      project: compose.project?.[color] ?? carried(made, path, names) ?? projectName(`${app}-${color}`),
      services: found,
    },
  }
}

const listed = (services: object) => Object.keys(services).join(', ') || 'none'

/** The color's own name first: in `app` and `app-green` of one file, `app` is blue. */
function candidates(service: VpsService, color: Color, isOnly: boolean): readonly string[] {
  const { name, composeService } = service
  if (composeService !== null) return [composeService[color]]
  const colored = [`${name}-${color}`, `${name}_${color}`, `${color}-${name}`, `${color}_${name}`]
  return isOnly ? [...colored, color, name] : [...colored, name]
}

/** For an app of one service: the only service of the file, or the only one that has the color in its name. */
function onlyOne(
  names: readonly string[],
  color: Color,
  services: readonly VpsService[],
): string | undefined {
  if (services.length > 1 || services[0]?.composeService) return undefined
  const own = names.filter((name) => name.split(/[-_.]/).includes(color))
  if (own.length === 1) return own[0]
  return names.length === 1 ? names[0] : undefined
}

/** The project under which containers of these services were made from that file. */
const carried = (made: readonly Made[], path: string, services: readonly string[]) =>
  made.find(({ service, files }) => services.includes(service) && files.split(',').includes(path))?.project

/** https://docs.docker.com/compose/how-tos/project-name/: small letters, digits, `-` and `_`, a letter or digit first. */
const projectName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-')
    .replace(/^[^a-z0-9]+/, '')

/** Compose services that both colors would share: deploying one would take the other down. */
export function sharedServices({ blue, green }: PerColor<ColorLayout>): readonly string[] {
  if (blue.project !== green.project) return []
  return blue.services
    .map(({ name }) => name)
    .filter((name) => green.services.some((other) => other.name === name))
}
