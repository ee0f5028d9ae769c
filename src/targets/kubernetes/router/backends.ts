/** What ingresses and routes have in common: one object, of which several places lead to the Service of a color. */
import type { z } from 'zod'
import { type Order, refusal } from '../../order.ts'
import { type Color, type Evidence, otherColor, type PerColor, type Traffic } from '../../target.ts'
import { change, type Guarded, type PatchOperation } from '../guarding.ts'
import { kindOf, type ObjectName, titleOf } from '../names.ts'
import type { Place } from '../place.ts'
import { ReadRefused, readObject } from '../reading.ts'
import { choices } from './advice.ts'
import { jsonPatch, kubectl, type Where } from './commands.ts'
import type { KubernetesRouter } from './kubernetes-router.ts'
import { readEndpoints } from './proof.ts'

/** One place of the object that leads to a color. */
export interface Lead {
  /** For people. */
  readonly title: string
  readonly to: Color | 'both' | 'neither'
  /** Of all that it was read by. */
  readonly tests: readonly PatchOperation[]
  /** Right whatever it leads to now. */
  writes(to: Color): readonly PatchOperation[]
}

export interface BackendRoute<Shape extends z.ZodType<Guarded>> {
  readonly object: ObjectName
  readonly shape: Shape
  readonly backend: PerColor<string>
  /** As the settings name it; null: all that lead to a color. */
  readonly rule: string | null
  leads(object: z.output<Shape>): readonly Lead[]
  /** What its controller says of the object as it was written, for people. Throws ChangeFailed where that is no. */
  confirm(object: z.output<Shape>): Promise<string>
}

export function backendRouter<Shape extends z.ZodType<Guarded>>(
  place: Place,
  route: BackendRoute<Shape>,
): KubernetesRouter {
  let seen: z.output<Shape> | null = null
  const look = async () => {
    seen = await readObject(place.cluster, route.object, route.shape)
    return seen
  }
  return {
    observe: () => observe(place, route, look),
    switch: async (from, to, guard) => {
      seen = await switchBackend(place, route, { from, to, guard, read: seen })
      return { detail: await evidenceOf(route, seen, to) }
    },
    manual: (to) => [manual(place, route, seen === null ? [] : route.leads(seen), to)],
    pointPreview: () => Promise.resolve(null),
    // Each Service leads to one color, whatever leads to the Service.
    confirmFollowed: () => Promise.resolve(),
  }
}

async function observe<Shape extends z.ZodType<Guarded>>(
  place: Place,
  route: BackendRoute<Shape>,
  look: () => Promise<z.output<Shape> | null>,
): Promise<Traffic> {
  try {
    const read = await look()
    if (read !== null) return trafficOf(place, route, route.leads(read))
    const detail = `${titleOf(route.object)} is not there in ${place.cluster.name}`
    return { kind: 'unknown', detail, repair: [kubectl(place, 'get', route.object.resource)] }
  } catch (error) {
    if (!(error instanceof ReadRefused)) throw error
    return { kind: 'unknown', detail: error.message, repair: [] }
  }
}

type Described = Pick<BackendRoute<z.ZodType<Guarded>>, 'object' | 'backend' | 'rule'>

export function trafficOf(place: Place, route: Described, leads: readonly Lead[]): Traffic {
  const { object, backend } = route
  const title = titleOf(object)
  const [only, ...more] = new Set(leads.map(({ to }) => to))
  if (only === undefined) {
    return {
      kind: 'unknown',
      detail: `no rule of ${title} that is ours to change leads to Service ${backend.blue} or ${backend.green}`,
      repair: [kubectl(place, 'edit', kindOf(object.resource).toLowerCase(), object.name)],
    }
  }
  if (more.length === 0 && (only === 'blue' || only === 'green')) return { kind: 'color', color: only }
  return {
    kind: 'mixed',
    detail: `${title} leads to ${leads.map((lead) => `${lead.to} (${lead.title})`).join(', ')}`,
    repair: choices((color) => [manual(place, route, leads, color)]),
  }
}

const writesOf = (leads: readonly Lead[], to: Color) => leads.flatMap((lead) => lead.writes(to))

function manual(where: Where, route: Described, leads: readonly Lead[], to: Color): string {
  if (leads.length > 0) return jsonPatch(where, route.object, writesOf(leads, to))
  return manualUnseen(where, route, to)
}

/** Which of its places are to be changed tells only the object itself. */
export function manualUnseen(where: Where, { object, backend, rule }: Described, to: Color): string {
  const edit = kubectl(where, 'edit', kindOf(object.resource).toLowerCase(), object.name)
  const place = rule === null ? '' : `of ${rule} alone, `
  return `${edit} # ${place}in the place of ${backend[otherColor(to)]}: ${backend[to]}`
}

interface BackendOrder<Read> extends Order {
  readonly read: Read | null
}

async function switchBackend<Shape extends z.ZodType<Guarded>>(
  place: Place,
  { object, shape, backend, leads }: BackendRoute<Shape>,
  order: BackendOrder<z.output<Shape>>,
): Promise<z.output<Shape>> {
  const { from, to, guard } = order
  if ((await readEndpoints(place, backend[to])).length === 0)
    throw refusal(order, `Service ${backend[to]} has no ready endpoint`)
  const isAny = from.kind === 'mixed' || from.kind === 'unknown'
  return change(place.cluster, {
    object,
    shape,
    lease: guard.lease,
    name: `The switch to ${to}`,
    read: order.read,
    edit: (now) => {
      const all = leads(now)
      const foreign = all.filter((lead) => from.kind !== 'color' || lead.to !== from.color)
      if (all.length === 0 || (!isAny && foreign.length > 0)) {
        const seen = foreign.map((lead) => `${lead.to} (${lead.title})`).join(', ') || 'no color of ours'
        const wanted = from.kind === 'color' ? from.color : 'a color of ours'
        throw refusal(order, `${titleOf(object)} leads to ${seen}, and ${wanted} was expected`)
      }
      return [...all.flatMap(({ tests }) => tests), ...writesOf(all, to)]
    },
  })
}

async function evidenceOf<Shape extends z.ZodType<Guarded>>(
  { object, backend, leads, confirm }: BackendRoute<Shape>,
  now: z.output<Shape>,
  to: Color,
): Promise<Evidence['detail']> {
  const titles = leads(now).map(({ title }) => title)
  return `${titleOf(object)} leads to Service ${backend[to]} (${titles.join(', ')}); ${await confirm(now)}`
}
