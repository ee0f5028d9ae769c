/** In what the Deployments of two colors differ besides their release: a release that passes on one may fail on the other. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Container, Deployment } from '../objects.ts'

const detailsSchema = z.looseObject({
  env: z.array(z.looseObject({ name: z.string() })).optional(),
  envFrom: z.array(z.unknown()).optional(),
  resources: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
  livenessProbe: z.unknown().optional(),
  command: z.unknown().optional(),
  args: z.unknown().optional(),
})

/** In words for people, which hold no value of the environment. */
export function differencesBetween(blue: Deployment, green: Deployment): readonly string[] {
  const names = [blue.metadata.name, green.metadata.name] as const
  const containers = [blue, green].map(({ spec }) => spec.template.spec.containers)
  const [ofBlue = [], ofGreen = []] = containers
  const shared = ofBlue.flatMap((container) => {
    const twin = ofGreen.find(({ name }) => name === container.name)
    return twin === undefined ? [] : [[container, twin] as const]
  })
  return [
    ...apart('container', names, [ofBlue.map(nameOf), ofGreen.map(nameOf)]),
    ...shared.flatMap(([one, other]) =>
      betweenContainers(names, one, other).map((text) => `container ${one.name}: ${text}`),
    ),
  ]
}

type Pair<T> = readonly [T, T]

const nameOf = ({ name }: { readonly name: string }): string => name

function betweenContainers(names: Pair<string>, one: Container, other: Container): readonly string[] {
  const details = [one, other].map((container) => detailsSchema.parse(container))
  const [blue, green] = details
  if (blue === undefined || green === undefined) return []
  const ports = [one, other].map((container) =>
    container.ports.map(({ containerPort }) => String(containerPort)),
  )
  const differing = (
    ['envFrom', 'resources', 'readinessProbe', 'livenessProbe', 'command', 'args'] as const
  ).filter((field) => !isDeepStrictEqual(blue[field] ?? null, green[field] ?? null))
  return [
    ...apart('port', names, [ports[0] ?? [], ports[1] ?? []]),
    ...apart('environment variable', names, [(blue.env ?? []).map(nameOf), (green.env ?? []).map(nameOf)]),
    ...differing.map((field) => `${field} is not the same`),
  ]
}

/** What stands on one side alone. */
function apart(what: string, names: Pair<string>, sides: Pair<readonly string[]>): readonly string[] {
  return ([0, 1] as const).flatMap((side) => {
    const alone = sides[side].filter((text) => !sides[side === 0 ? 1 : 0].includes(text))
    return alone.length === 0 ? [] : [`${what} ${alone.join(', ')} only in ${names[side]}`]
  })
}
