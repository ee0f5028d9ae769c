/** Objects as the API server answers them, with what a test needs of them. */
import type { z } from 'zod'
import {
  type Deployment,
  deploymentSchema,
  type Pod,
  podSchema,
} from '../../../../src/targets/kubernetes/objects.ts'

type Given = z.input<typeof deploymentSchema>
type Status = NonNullable<Given['status']>

export interface DeploymentGiven {
  readonly name?: string
  readonly replicas?: number
  readonly generation?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly paused?: boolean
  /** Of the template. */
  readonly release?: string
  readonly status?: Status
}

/** All of its pods are there and ready. */
export const deploymentOf = (given: DeploymentGiven = {}): Deployment => {
  const { name = 'shop-green', replicas = 2, generation = 4, release, status, paused } = given
  const labels = given.labels ?? { app: 'shop', color: 'green' }
  return deploymentSchema.parse({
    metadata: { name, generation, uid: 'd1', resourceVersion: '90', annotations: given.annotations, labels },
    spec: {
      replicas,
      ...(paused !== undefined && { paused }),
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          ...(release !== undefined && { annotations: { 'blue-green-action/release': release } }),
        },
        spec: { containers: [{ name: 'web', image: 'shop:v1', ports: [{ containerPort: 8080 }] }] },
      },
    },
    status: {
      observedGeneration: generation,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      ...status,
    },
  })
}

export interface PodGiven {
  readonly name?: string
  readonly deployment?: string
  readonly hash?: string
  readonly ready?: boolean
  readonly release?: string
  readonly created?: string
  readonly deleted?: boolean
  readonly status?: z.input<typeof podSchema>['status']
}

export const podOf = (given: PodGiven = {}): Pod => {
  const { deployment = 'shop-green', hash = '7d9f', ready = true, release, created, deleted } = given
  const name = given.name ?? `${deployment}-${hash}-abcde`
  return podSchema.parse({
    metadata: {
      name,
      uid: name,
      labels: { app: 'shop', color: 'green', 'pod-template-hash': hash },
      annotations: release === undefined ? undefined : { 'blue-green-action/release': release },
      creationTimestamp: created ?? '2026-11-21T10:00:00Z',
      ...(deleted && { deletionTimestamp: '2026-11-21T10:01:00Z' }),
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${deployment}-${hash}`,
          uid: 'r1',
          controller: true,
        },
      ],
    },
    spec: { nodeName: 'node', containers: [{ name: 'web', image: 'shop:v1' }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'web', ready, restartCount: 0, state: { running: {} } }],
      ...given.status,
    },
  })
}
