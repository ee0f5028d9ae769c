/** A color that runs on every host. */
import {
  ChangeFailed,
  ChangeRefused,
  type Color,
  type ColorState,
  type Diagnosis,
  type Guard,
  type Images,
  type Presence,
  type Readiness,
  type Router,
  type Runtime,
} from '../../target.ts'
import { agree, type Fleet, naming, onAll } from './members.ts'

export function fleetRuntime(fleet: Fleet, router: Pick<Router, 'observe'>): Runtime {
  const { members, leases } = fleet
  const hosts = members.map(({ host }) => host)
  const change = async <T>(guard: Guard, work: (runtime: Runtime, guard: Guard) => Promise<T>) => {
    const guards = await leases.guards(guard)
    // Each host looks at its own traffic; half a change would be made where they differ.
    if (guard.color !== 'any') await assertOneMind(router)
    return onAll(fleet, ({ target }, index) => work(target.runtime, guards[index] ?? guard))
  }
  const ask = <T>(work: (runtime: Runtime) => Promise<T>) =>
    onAll(fleet, ({ target }) => work(target.runtime))
  return {
    observe: async (color) => stateOf(hosts, await ask((runtime) => runtime.observe(color))),
    deploy: async (color, order, guard) => {
      const images = await change(guard, (runtime, ours) => runtime.deploy(color, order, ours))
      assertSame(hosts, images, color)
      return images[0] ?? {}
    },
    ready: async (color, services) =>
      readinessOf(hosts, await ask((runtime) => runtime.ready(color, services))),
    reach: async (color, service) => (await ask((runtime) => runtime.reach(color, service))).flat(),
    stop: async (color, guard) => {
      await change(retiring(guard), (runtime, ours) => runtime.stop(color, ours))
    },
    remove: async (color, guard) => {
      await change(retiring(guard), (runtime, ours) => runtime.remove(color, ours))
    },
    quiet: async (color) => {
      const open = await ask((runtime) => runtime.quiet(color))
      const counted = open.filter((count) => typeof count === 'number')
      return counted.length < open.length ? 'unknown' : counted.reduce((sum, count) => sum + count, 0)
    },
    diagnose: async (color) => diagnosisOf(hosts, await ask((runtime) => runtime.diagnose(color))),
  }
}

const retiring = (guard: Guard): Guard => ({ ...guard, color: 'not-live' })

async function assertOneMind(router: Pick<Router, 'observe'>): Promise<void> {
  const traffic = await router.observe()
  if ('detail' in traffic)
    throw new ChangeRefused(
      `The hosts do not all send users to one color, so nothing was changed: ${traffic.detail}`,
    )
}

/** Absent on some of the hosts only, a color can still be started from what is recorded, as one that is stopped. */
const worst: readonly Exclude<Presence, 'absent' | 'running'>[] = [
  'unknown',
  'stopped',
  'stopping',
  'starting',
]

function presenceOf(presences: readonly Presence[]): Presence {
  const [first] = presences
  if (first !== undefined && agree(presences)) return first
  const inPart = presences.map((presence) => (presence === 'absent' ? 'stopped' : presence))
  return worst.find((candidate) => inPart.includes(candidate)) ?? 'running'
}

function stateOf(hosts: readonly string[], states: readonly ColorState[]): ColorState {
  const versions = states.filter(({ presence }) => presence !== 'absent').map(({ version }) => version)
  const same = agree(states.map(({ presence }) => presence)) && agree(versions)
  const details = states.flatMap((state, index) => {
    const { presence, version, detail } = state
    const what = same ? [] : [version === null ? presence : `${presence} ${version}`]
    const said = [...what, ...(detail === null ? [] : [detail])].join(', ')
    return said === '' ? [] : [`${hosts[index]}: ${said}`]
  })
  return {
    presence: presenceOf(states.map(({ presence }) => presence)),
    version: agree(versions) ? (versions[0] ?? null) : null,
    detail: details.length > 0 ? details.join('; ') : null,
  }
}

function readinessOf(hosts: readonly string[], all: readonly Readiness[]): Readiness {
  for (const kind of ['fatal', 'waiting', 'silent'] as const) {
    const reasons = all.flatMap((one, index) =>
      one.kind === kind ? [naming(hosts[index] ?? '', one.reason)] : [],
    )
    if (reasons.length > 0) return { kind, reason: reasons.join('; ') }
  }
  const restarts = all.reduce((sum, one) => sum + (one.kind === 'ready' ? one.restarts : 0), 0)
  return { kind: 'ready', restarts }
}

function diagnosisOf(hosts: readonly string[], all: readonly Diagnosis[]): Diagnosis {
  const causes = all.flatMap(({ cause }, index) =>
    cause === null ? [] : [naming(hosts[index] ?? '', cause)],
  )
  return {
    cause: causes.length > 0 ? causes.join('; ') : null,
    sections: all.flatMap(({ sections }, index) =>
      sections.map(({ title, text }) => ({ title: `${hosts[index]}: ${title}`, text })),
    ),
  }
}

/** A tag may have moved between two pulls. What was built on a host has no digest, and another name on each. */
function assertSame(hosts: readonly string[], images: readonly Images[], color: Color): void {
  const names = [...new Set(images.flatMap(Object.keys))]
  const differing = names.flatMap((name) => {
    const digests = images.map((image) => digestIn(image[name] ?? null))
    if (agree(digests.filter((digest) => digest !== null))) return []
    return [`${name}: ${digests.map((digest, index) => `${digest ?? 'none'} on ${hosts[index]}`).join(', ')}`]
  })
  if (differing.length === 0) return
  throw new ChangeFailed(
    `The hosts run different images on ${color}: the tag moved while they pulled it. ${differing.join('; ')}. ` +
      'Deploy again, or name the image by its digest.',
  )
}

const digestIn = (image: string | null): string | null => /@(sha256:.+)$/.exec(image ?? '')?.[1] ?? null
