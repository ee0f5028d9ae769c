import type { Check, HealthRule, ServiceIntent } from '../targets/intent.ts'
import { ChangeFailed, type Reach, type Readiness, TargetUnreachable } from '../targets/target.ts'
import { judge, judgeVersion, requestOf } from './check.ts'
import { type Limits, sendRequest } from './request.ts'
import { type Observation, type Watched, type WatchSurroundings, watch } from './watch.ts'

export interface Trial extends WatchSurroundings {
  readonly services: readonly ServiceIntent[]
  /** What a version check must show; null: version checks are left out. */
  readonly version: string | null
  readonly rule: HealthRule
  /** By the monotonic clock. */
  readonly deadline: number
}

export interface ColorTrial extends Trial {
  /** For people: the color's name. */
  readonly color: string
  /** None: the platform's own view is all there is. */
  reachOf(service: ServiceIntent): Promise<readonly Reach[]>
  ready(): Promise<Readiness>
  /** A platform that does not answer is waited for, or good answers of the color itself are enough. */
  readonly silence: 'waits' | 'passes'
  /** All of its instances, or as many as users are served by. */
  readonly enough: 'whole' | 'part'
}

export type TrialResult = Watched & { readonly services: readonly ServiceTrial[] }

export interface ServiceTrial {
  readonly service: string
  /** false: no request could be sent to it. */
  readonly measured: boolean
  /** Why its last check failed; null: it passed, or nothing was measured. */
  readonly reason: string | null
}

export type ColorTrialResult = TrialResult & {
  readonly restarts: number | null
  /** Nobody answered at the last look, or there was none: nothing is known of the color. */
  readonly silent: boolean
}

/**
 * Passes when the platform calls the color ready, with as many restarts as the round before, and each service that can be
 * reached passes its health check and shows the version wherever it is asked: all of it several times in a row.
 */
export const tryColor = async (trial: ColorTrial): Promise<ColorTrialResult> => {
  let restarts: number | null = null
  let silent = true
  let services: readonly ServiceTrial[] = untried(trial)
  const watched = await watch(
    async (signal) => {
      const looking = survive(() => trial.ready())
      const trying = tryServices(trial, (service) => service.health, signal)
      trying.catch(() => {})
      const readiness = await looking
      silent = readiness.kind === 'silent'
      const isEnough = trial.enough === 'part' && 'isPartlyUp' in readiness && readiness.isPartlyUp
      if (readiness.kind === 'fatal' && !isEnough) return { kind: 'fatal', reason: readiness.reason }
      services = await trying
      const answersItself = trial.silence === 'passes' && services.some(({ measured }) => measured)
      if (silent && answersItself) {
        silent = false
        return combine([], services)
      }
      if (isEnough) return combine([], services)
      if (readiness.kind !== 'ready') return combine([readiness.reason], services)
      const before = restarts
      restarts = readiness.restarts
      const restarted = before !== null && before !== restarts
      return combine(restarted ? [`restarted (${before} → ${restarts} restarts)`] : [], services)
    },
    { what: `waiting for ${trial.color} to pass its checks`, ...rowOf(trial) },
    trial,
  )
  return { ...watched, services, restarts, silent }
}

/** The same checks through the public URLs. `not-measured`: no service has one, so nothing was proven. */
export const verifyPublic = async (
  trial: Trial,
): Promise<TrialResult | { readonly kind: 'not-measured'; readonly services: readonly ServiceTrial[] }> => {
  let services: readonly ServiceTrial[] = untried(trial)
  if (trial.services.every(({ url }) => url === null)) return { kind: 'not-measured', services }
  const reachOf = async ({ url }: ServiceIntent): Promise<readonly Reach[]> =>
    url === null ? [] : [{ kind: 'url', url, headers: {} }]
  const watched = await watch(
    async (signal) => {
      services = await tryServices({ ...trial, reachOf }, (service) => service.verify, signal)
      return combine([], services)
    },
    { what: 'waiting for the public URL to pass its checks', ...rowOf(trial) },
    trial,
  )
  return { ...watched, services }
}

type Reaching = Trial & Pick<ColorTrial, 'reachOf'>

const rowOf = ({ rule, deadline }: Trial) => ({
  successes: rule.successes,
  interval: rule.interval,
  deadline,
})

const untried = ({ services }: Trial): readonly ServiceTrial[] =>
  services.map(({ name }) => ({ service: name, measured: false, reason: null }))

const tryServices = (
  trial: Reaching,
  checkOf: (service: ServiceIntent) => Check,
  signal: AbortSignal,
): Promise<readonly ServiceTrial[]> =>
  Promise.all(
    trial.services.map((service) => tryService({ trial, service, check: checkOf(service), signal })),
  )

interface ServiceAttempt {
  readonly trial: Reaching
  readonly service: ServiceIntent
  readonly check: Check
  readonly signal: AbortSignal
}

const tryService = async ({ trial, service, check, signal }: ServiceAttempt): Promise<ServiceTrial> => {
  const reaches = await trial.reachOf(service).catch(noWay)
  if (typeof reaches === 'string') return { service: service.name, measured: false, reason: reaches }
  const limits = { timeout: trial.rule.requestTimeout, signal }
  const problems = await Promise.all(
    reaches.map(async (reach) => {
      const problem = await findProblem({ service, check, reach, limits, version: trial.version })
      return problem === null || reaches.length === 1 ? problem : `${reach.url}: ${problem}`
    }),
  )
  const found = problems.filter((problem) => problem !== null)
  return {
    service: service.name,
    measured: reaches.length > 0,
    reason: found.length === 0 ? null : found.join('; '),
  }
}

interface Examination {
  readonly service: ServiceIntent
  readonly check: Check
  readonly reach: Reach
  readonly limits: Limits
  readonly version: string | null
}

const findProblem = async ({
  service,
  check,
  reach,
  limits,
  version,
}: Examination): Promise<string | null> => {
  const exchange = await sendRequest(reach, requestOf(check, service), limits)
  const judgement = judge(check, exchange)
  if (!judgement.passed) return judgement.reason
  const { versionCheck } = service
  if (versionCheck === null || version === null) return null
  const shown =
    versionCheck.path === check.path
      ? exchange
      : await sendRequest(reach, requestOf({ ...check, path: versionCheck.path }, service), limits)
  const compared = judgeVersion(versionCheck, version, shown)
  return compared.passed ? null : compared.reason
}

const combine = (reasons: readonly string[], services: readonly ServiceTrial[]): Observation => {
  const failing = services.filter(({ reason }) => reason !== null)
  const all = [...reasons, ...failing.map(({ service, reason }) => `${service}: ${reason}`)]
  return all.length === 0 ? { kind: 'pass' } : { kind: 'fail', reason: all.join('; ') }
}

/** A target that cannot be reached for a moment says nothing about the color. */
const survive = (ready: () => Promise<Readiness>): Promise<Readiness> =>
  ready().catch((error: unknown) => ({ kind: 'silent', reason: asReason(error) }))

/** What does not run at the moment may run at the next look. */
const noWay = (error: unknown): string => (error instanceof ChangeFailed ? error.message : asReason(error))

const asReason = (error: unknown): string => {
  if (error instanceof TargetUnreachable) return error.message
  throw error
}
