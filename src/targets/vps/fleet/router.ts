/** The routers of all hosts as one. Nothing switches several hosts in one step; what fails half way is put back. */
import { messageOf } from '../../message.ts'
import {
  ChangeFailed,
  ChangeRefused,
  type Color,
  type Evidence,
  type Guard,
  LeaseLost,
  type Router,
  type Traffic,
} from '../../target.ts'
import {
  agree,
  type Failure,
  type Fleet,
  failuresIn,
  isForeign,
  joined,
  type Member,
  naming,
  onAll,
} from './members.ts'

export function fleetRouter(fleet: Fleet): Router {
  const { members, leases } = fleet
  const manual = (to: Color) => members.flatMap((member) => manualAt(member, to))
  return {
    observe: async () => trafficOf(members, await onAll(fleet, ({ target }) => target.router.observe())),
    switch: async (from, to, guard) => {
      const guards = await leases.guards(guard)
      const parts = members.map((member, index) => ({ ...member, guard: guards[index] ?? guard }))
      return switchAll(parts, from, to)
    },
    manual,
  }
}

const manualAt = ({ host, target }: Member, to: Color): readonly string[] => [
  `# on ${host}`,
  ...target.router.manual(to),
]

function trafficOf(members: readonly Member[], all: readonly Traffic[]): Traffic {
  const [first] = all as [Traffic]
  if (!('detail' in first) && agree(all.map(nameOf))) return first
  const detail = all.map((traffic, index) => describe(members[index]?.host ?? '', traffic)).join('; ')
  const repair = all.flatMap((traffic, index) =>
    'repair' in traffic && traffic.repair.length > 0
      ? [`# on ${members[index]?.host}`, ...traffic.repair]
      : [],
  )
  if (all.some(({ kind }) => kind === 'unknown')) return { kind: 'unknown', detail, repair }
  return { kind: 'mixed', detail, repair: repair.length > 0 ? repair : choices(members, all) }
}

const nameOf = (traffic: Traffic): string => (traffic.kind === 'color' ? traffic.color : traffic.kind)

const describe = (host: string, traffic: Traffic): string =>
  'detail' in traffic ? naming(host, traffic.detail) : `${host}: ${nameOf(traffic)}`

/** For each color that some host names: what brings the others there. */
function choices(members: readonly Member[], all: readonly Traffic[]): readonly string[] {
  return (['blue', 'green'] as const)
    .filter((color) => all.some((traffic) => names(traffic, color)))
    .flatMap((color) => [
      `# to bring all hosts to ${color}:`,
      ...members.flatMap((member, index) => (names(all[index], color) ? [] : manualAt(member, color))),
    ])
}

const names = (traffic: Traffic | undefined, color: Color): boolean =>
  traffic?.kind === 'color' && traffic.color === color

interface Part extends Member {
  readonly guard: Guard
}

async function switchAll(parts: readonly Part[], from: Traffic, to: Color): Promise<Evidence> {
  const results = await Promise.allSettled(parts.map(async (part) => switchOne(part, from, to)))
  const failures = failuresIn(parts, results)
  if (failures.length === 0) {
    const details = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    return { detail: details.join('; ') }
  }
  const { said, isBack } = await mend({ parts, from, to, failures })
  const error = joined(failures, said)
  // Refused is what moved nothing.
  throw error instanceof ChangeRefused && !isBack ? new ChangeFailed(error.message, { cause: error }) : error
}

/** A host with a mind of its own is switched from where it is, unless it is there. */
async function switchOne(part: Part, from: Traffic, to: Color): Promise<string> {
  const { host, target, guard } = part
  const { router } = target
  const here = from.kind === 'mixed' || from.kind === 'unknown' ? await router.observe() : from
  if (here !== from && names(here, to)) return `${host}: was there`
  return naming(host, (await router.switch(here, to, guard)).detail)
}

interface HalfSwitched {
  readonly parts: readonly Part[]
  readonly from: Traffic
  readonly to: Color
  readonly failures: readonly Failure[]
}

interface Mended {
  readonly said: string
  /** Whether every host is where it was, or where somebody else has put it. */
  readonly isBack: boolean
}

/**
 * Puts back what was switched. Not on a way back: the color that was left has not passed its checks. Not after the lease was
 * lost or the run was interrupted: others decide.
 */
async function mend({ parts, from, to, failures }: HalfSwitched): Promise<Mended> {
  const errorAt = (part: Part) => failures.find(({ host }) => host === part.host)?.error
  const isWayBack = parts.some(({ guard }) => guard.unreadableLedger === 'ignore')
  const isOver = failures.some(({ error }) => error instanceof LeaseLost || isForeign(error))
  // A switch that failed may have moved traffic all the same; one that was refused has not.
  const moved = parts.filter((part) => !(errorAt(part) instanceof ChangeRefused))
  if (from.kind !== 'color' || isWayBack || isOver) {
    const switched = parts.filter((part) => errorAt(part) === undefined).map(({ host }) => host)
    const said = switched.length === 0 ? '' : `On ${to} now: ${switched.join(', ')}.`
    return { said, isBack: moved.length === 0 }
  }
  const ends = await Promise.all(moved.map((part) => putBack(part, to, from.color)))
  return { said: ends.map(({ said }) => said).join(' '), isBack: ends.every(({ isBack }) => isBack) }
}

async function putBack({ host, target, guard }: Part, to: Color, back: Color): Promise<Mended> {
  const { router } = target
  try {
    const here = await router.observe()
    if (names(here, back)) return { said: `${host} is on ${back} still.`, isBack: true }
    if (!names(here, to)) return { said: `${describe(host, here)}, which was left as it is.`, isBack: false }
    await router.switch(here, back, guard)
    return { said: `${host} was put back on ${back}.`, isBack: true }
  } catch (error) {
    return { said: `${host} could not be put back on ${back}: ${messageOf(error)}`, isBack: false }
  }
}
