/** Everything that would stop a deployment later, found before anything is touched. */
import { inspectHost } from '../../host/inspection.ts'
import { otherColor, type Problem, type Router, type Traffic } from '../target.ts'
import { loginEnvironment } from './compose/fetching.ts'
import { judgeResources, resourcesText } from './compose/resources.ts'
import type { DockerHost } from './compose/survey.ts'
import { findFlagProblems } from './nginx-flag/preflight.ts'
import { look, type Workplace } from './workplace.ts'

export async function findProblems(
  place: Workplace,
  router: Router,
  images: readonly string[],
): Promise<readonly Problem[]> {
  const host = await inspectHost(place, 'ssh-host')
  // Without these nothing else of ours runs there.
  if (host.some(({ setting }) => setting !== 'state-directory')) return host
  const observed = router.observe()
  const [proxy, survey, traffic] = await Promise.all([
    findFlagProblems(place, observed),
    place.survey(),
    observed,
  ])
  const docker =
    survey.kind === 'unusable'
      ? survey.problems
      : await resourceProblems(place, { traffic, images, host: survey.host })
  // What makes the folder of the flag makes it ours.
  const isMade = proxy.some(({ setting }) => setting === 'state-directory')
  return [...(isMade ? [] : host), ...proxy, ...docker]
}

interface Resources {
  readonly traffic: Traffic
  readonly images: readonly string[]
  readonly host: DockerHost
}

async function resourceProblems(
  place: Workplace,
  { traffic, images, host }: Resources,
): Promise<readonly Problem[]> {
  const live = traffic.kind === 'color' ? traffic.color : null
  const idle = live === null ? null : otherColor(live)
  const question = { settings: place.settings, host, idle, live, images }
  const said = await look(
    place,
    'the look at disk, memory, ports and images',
    resourcesText(question),
    loginEnvironment(place.settings.registry),
  )
  return judgeResources(said, question, place.connection.name)
}
