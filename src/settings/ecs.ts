/** What the settings of ECS come to. */
import type { EcsService, EcsSettings, Route } from '../targets/ecs/settings.ts'
import type { PerColor } from '../targets/target.ts'
import type { Values } from './catalog/catalog.ts'
import { eachService, type Given } from './each-service.ts'
import { expand } from './forms/per-color.ts'

export function ecsSettingsOf(values: Values): EcsSettings {
  const app = values.app ?? ''
  const services = ecsServicesOf(values)
  return {
    app,
    region: values['aws-region'],
    cluster: values.cluster,
    routes: [...routesOf(values), ...services.flatMap(({ routes }) => routes)],
    testHeaders: values['test-headers'] ?? {},
    attach: values['ecs-attach'],
    desiredCount: values['desired-count'],
    lockParameter: expand(values['lock-parameter'], { app }),
    services,
  }
}

export const ecsServicesOf = (values: Values): readonly EcsService[] => eachService(values, serviceOf)

function serviceOf(name: string, { own, isOnly, values }: Given): EcsService {
  return {
    name,
    ecsService: filled(own['ecs-service'] ?? values['ecs-service'], {
      app: values.app ?? '',
      service: name,
    }),
    container: own['ecs-container'] ?? values['ecs-container'],
    routes: routesOf({
      'listener-arn': own['listener-arn'] ?? null,
      'rule-arn': own['rule-arn'] ?? null,
    }),
    url: own.url ?? (isOnly ? values.url : null),
    start: own.start ?? 'before-switch',
  }
}

const routesOf = (named: Pick<Values, 'listener-arn' | 'rule-arn'>): readonly Route[] => [
  ...(named['listener-arn'] ?? []).map((arn) => ({ kind: 'listener', arn }) as const),
  ...(named['rule-arn'] ?? []).map((arn) => ({ kind: 'rule', arn }) as const),
]

const filled = (
  { blue, green }: PerColor<string>,
  known: { readonly app: string; readonly service: string },
): PerColor<string> => ({ blue: expand(blue, known), green: expand(green, known) })
