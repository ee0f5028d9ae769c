/** Everything that would stop a deployment later, from what was read. */
import type { Problem, Traffic } from '../../target.ts'
import { trafficOf } from '../router/traffic.ts'
import type { Look } from './look.ts'
import { otherRouteWarnings } from './other-routes.ts'
import { parityRemarks, stickinessWarnings } from './remarks.ts'
import { serviceProblems } from './service-problems.ts'

export interface Judgment {
  readonly problems: readonly Problem[]
  /** For whoever reads the log. */
  readonly remarks: readonly string[]
}

export function judge(look: Look): Judgment {
  const { settings } = look
  return {
    problems: [
      ...trafficProblems(trafficOf(look.seen)),
      ...look.defaultRules.map(defaultRuleProblem),
      ...settings.services.flatMap((service) => serviceProblems(service, look)),
      ...otherRouteWarnings(look),
      ...look.seen.flatMap(stickinessWarnings),
    ],
    remarks: settings.services.flatMap((service) => parityRemarks(service, look)),
  }
}

/** Mixed is what an operation cut short leaves, and the next one puts right. */
function trafficProblems(traffic: Traffic): readonly Problem[] {
  if (traffic.kind !== 'unknown') return []
  return [{ setting: 'listener-arn', what: `${traffic.detail}.`, fix: traffic.repair.join('\n') }]
}

const defaultRuleProblem = (arn: string): Problem => ({
  setting: 'rule-arn',
  what: `${arn} is the default rule of its listener, which AWS does not let anybody change.`,
  fix: 'Name the listener itself as `listener-arn`: its default actions are that rule.',
})
