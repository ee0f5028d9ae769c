/** What is deployed, and what a run does with it. */
import { modes } from '../../targets/intent.ts'
import { boolean } from '../forms/boolean.ts'
import { choiceForm } from '../forms/choice.ts'
import { colorUrl, services } from '../forms/services.ts'
import { image, line, name } from '../forms/text.ts'
import { url } from '../forms/url.ts'
import { inAnyMode, inModes, type Setting, targetNames } from './setting.ts'

const sections = ['all'] as const
const builtModes = ['deploy', 'rollback', 'status', 'cleanup', 'unlock'] as const
const plannedModes = modes.filter((mode) => !builtModes.some((built) => built === mode))

export const releaseSettings = {
  target: {
    ...inAnyMode,
    sections,
    form: choiceForm(targetNames),
    required: true,
    description:
      'What the app runs on: `vps` (Docker Compose behind nginx on a host), `kubernetes` (two Deployments behind a Service), `ecs` (two ECS services behind a load balancer) or `command` (your own shell commands)',
  },
  mode: {
    ...inAnyMode,
    sections,
    form: choiceForm(builtModes, plannedModes),
    default: 'deploy',
    description:
      'What to do: `deploy`, `rollback` (to the last good release), `status`, `cleanup` (retire what is left over) or `unlock` (close the open operation); `stage`, `promote` and `abort` are not available yet',
  },
  'dry-run': {
    ...inAnyMode,
    sections,
    form: boolean,
    default: 'false',
    description: 'Read everything, change nothing and print what would be done',
  },
  config: {
    ...inAnyMode,
    sections,
    form: line,
    description: 'Path of a YAML file that holds any of these settings; an input wins over the file',
  },
  app: {
    ...inAnyMode,
    sections,
    form: name,
    required: true,
    description: 'Name of the app, of letters, digits, `-` and `.`: it separates two apps on one target',
  },
  version: {
    ...inModes('deploy', 'stage', 'rollback'),
    sections,
    form: line,
    defaultNote: 'the commit; none in mode `rollback`',
    description: 'Version of the release, which is shown, recorded and compared with what answers',
  },
  image: {
    ...inModes('deploy', 'stage'),
    sections,
    form: image,
    description: 'Image of the only service, with its tag or digest',
  },
  services: {
    ...inAnyMode,
    sections,
    form: services,
    defaultNote: 'the app is its only service',
    description:
      'Parts of the app, a map of name to `image`, `url`, `color-url`, `health`, `verify` and `version-check`; for `vps` also `blue-port`, `green-port`, `compose-service` and `compose-profile`, for `kubernetes` also `kube-service`, `kube-deployment` and `kube-container`, for `ecs` also `ecs-service`, `ecs-container`, `listener-arn` and `rule-arn`, and for all three `start` (`before-switch` or `after-switch`)',
  },
  'target-color': {
    ...inModes('deploy', 'stage', 'rollback'),
    sections,
    form: choiceForm(['auto', 'blue', 'green']),
    default: 'auto',
    description: 'Color to deploy to: `auto` takes the inactive one, and naming the active one is refused',
  },
  url: {
    ...inAnyMode,
    sections,
    form: url,
    description: 'Public URL of the only service, where users reach it through the router',
  },
  'color-url': {
    ...inAnyMode,
    sections,
    form: colorUrl,
    description:
      'Where each color answers before users reach it: a URL with `{color}`, or a map of `blue` and `green`',
  },
} satisfies Record<string, Setting>
