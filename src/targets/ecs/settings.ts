import type { PerColor } from '../target.ts'

export interface EcsSettings {
  readonly app: string
  /** null: that of the environment. */
  readonly region: string | null
  /** Name or ARN. */
  readonly cluster: string
  /** Switched together; those of services that name their own are in it. */
  readonly routes: readonly Route[]
  /** Sent with requests to `color-url`. */
  readonly testHeaders: Readonly<Record<string, string>>
  /** Whether an idle target group may be attached with weight 0. */
  readonly attach: boolean
  /** Tasks of each service; null: as many as on the live color. */
  readonly desiredCount: number | null
  /** Path in the parameter store under which the lock and the history are kept. */
  readonly lockParameter: string
  /** One for each service of the app, in its order. */
  readonly services: readonly EcsService[]
}

/** Of its name or its ARN. */
export const clusterName = (cluster: string): string => cluster.split('/').at(-1) ?? cluster

export interface EcsService {
  readonly name: string
  readonly ecsService: PerColor<string>
  /** null: the only essential one. */
  readonly container: string | null
  /** Named for this service alone; empty: those of the app that forward to its target groups. */
  readonly routes: readonly Route[]
  /** Public URL. */
  readonly url: string | null
  readonly start: 'before-switch' | 'after-switch'
}

/** What has a forward action. */
export interface Route {
  readonly kind: 'listener' | 'rule'
  readonly arn: string
}
