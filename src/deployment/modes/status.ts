/** Looking without touching: status, and the dry run of a deployment. */
import type { Color, ColorState, LeaseView } from '../../targets/target.ts'
import { nameOwner } from '../acquire.ts'
import type { Ending } from '../chronicle.ts'
import { describeTraffic } from '../color-choice.ts'
import { type Document, emptyDocument, parseDocument } from '../document.ts'
import { endingOfUnchanged } from '../endings.ts'
import { watchGates } from '../gates.ts'
import { mayGoBack, observedTraffic } from '../operation.ts'
import { planOperation } from '../plan.ts'
import { preflight } from '../preflight.ts'
import { namesOf, startedAfter } from '../starting.ts'
import { type World, warn } from '../world.ts'

export async function status(world: World): Promise<Ending> {
  const { target, intent } = world
  const [{ lease, document }, traffic, blue, green] = await Promise.all([
    readLedger(world),
    target.router.observe(),
    target.runtime.observe('blue'),
    target.runtime.observe('green'),
  ])
  const lines = [
    `${intent.app}: the router names ${describeTraffic(traffic)}.`,
    ...(traffic.kind === 'mixed' || traffic.kind === 'unknown' ? traffic.repair : []),
    describeColor('blue', blue, document),
    describeColor('green', green, document),
    describeLease(lease),
    describeOperation(document),
    ...document.history.map(
      ({ release, color, mark, kind, at, by }) =>
        `${new Date(at).toISOString()} ${kind} of ${release.version} on ${color}: ${mark} (${by})`,
    ),
  ]
  const active = traffic.kind === 'color' ? traffic.color : null
  const headline = active === null ? `The router names ${describeTraffic(traffic)}.` : `${active} is live.`
  return { result: 'unchanged', ok: true, headline, traffic, plan: lines }
}

export async function dryRun(world: World): Promise<Ending> {
  await preflight(world, watchGates(world))
  const { document, lease } = await readLedger(world)
  const { operation: open } = document
  const first =
    open?.state === 'open' ? [`First close what ${open.by} left open (${describeOperation(document)})`] : []
  const planned = await planOperation(world, document, lease.fence)
  if (planned.kind === 'unchanged') {
    return { ...endingOfUnchanged(planned.why, planned.live), plan: first }
  }
  const { operation } = planned
  const { from, to, release, oldColor } = operation
  const rest = namesOf(startedAfter(world.intent))
  const plan = [
    ...first,
    `Deploy ${release.version} to ${to} (${planned.colors[to].presence} now).`,
    `Check ${to}; move traffic from ${operation.observed} to ${to}; check in public.`,
    ...(rest.length === 0 ? [] : [`Start ${rest.join(', ')} on ${to}.`]),
    mayGoBack(operation)
      ? `On failure go back to ${from}.`
      : 'There is no automatic way back after the switch.',
    from === null ? 'Nothing to retire.' : `When the job has succeeded, ${oldColor} ${from}.`,
  ]
  const headline = `Dry run: ${release.version} would go to ${to}. Nothing was changed.`
  return { result: 'unchanged', ok: true, headline, traffic: observedTraffic(operation), plan }
}

interface LedgerRead {
  readonly lease: LeaseView
  readonly document: Document
}

async function readLedger(world: World): Promise<LedgerRead> {
  const { lease, document } = await world.target.ledger.read()
  const parsed = parseDocument(document)
  if (parsed.kind === 'document') return { lease, document: parsed.document }
  warn(world, `The ledger cannot be read: ${parsed.why}`)
  return { lease, document: emptyDocument }
}

function describeColor(color: Color, state: ColorState, document: Document): string {
  const version = state.version ?? document.colors[color]?.version
  const detail = state.detail === null ? '' : ` (${state.detail})`
  return `${color}: ${state.presence}${version === undefined ? '' : `, ${version}`}${detail}`
}

const describeLease = (lease: LeaseView): string =>
  lease.status === 'free' ? 'Nobody holds the lease.' : `The lease is ${lease.status}: ${nameOwner(lease)}.`

function describeOperation({ operation }: Document): string {
  if (operation === null) return 'No operation was recorded yet.'
  const { kind, release, to, state, phase, traffic } = operation
  const where = state === 'open' ? `, in ${phase}, traffic ${traffic}` : ''
  return `Last operation: ${kind} of ${release.version} to ${to}, ${state}${where}.`
}
