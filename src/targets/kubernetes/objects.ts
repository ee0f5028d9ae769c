/** What we read of each object. The API server leaves out what is empty, and says null for some lists. */
import { z } from 'zod'

const texts = z.record(z.string(), z.string())
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])

export const metadataSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  /** Counts changes of `spec`. */
  generation: z.number().optional(),
  labels: texts.optional(),
  /** Missing and empty are one to the API server. */
  annotations: texts.optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  ownerReferences: list(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      name: z.string(),
      uid: z.string(),
      controller: z.boolean().optional(),
    }),
  ),
  managedFields: list(z.looseObject({ manager: z.string().optional(), operation: z.string().optional() })),
})
export type Metadata = Readonly<z.infer<typeof metadataSchema>>

const portName = z.union([z.number(), z.string()])

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: z.string().optional(),
  observedGeneration: z.number().optional(),
})
export type Condition = Readonly<z.infer<typeof condition>>

export const serviceSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    type: z.string().optional(),
    clusterIP: z.string().optional(),
    selector: texts.optional(),
    ports: list(
      z.object({
        name: z.string().optional(),
        port: z.number(),
        targetPort: portName.optional(),
        protocol: z.string().optional(),
      }),
    ),
  }),
})
export type Service = Readonly<z.infer<typeof serviceSchema>>

export const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  ports: list(
    z.object({ name: z.string().optional(), containerPort: z.number(), protocol: z.string().optional() }),
  ),
})
export type Container = Readonly<z.infer<typeof containerSchema>>

/** With all that is not named here: one color's is made from the other's. */
export const deploymentSchema = z.looseObject({
  metadata: metadataSchema,
  spec: z.looseObject({
    replicas: z.number().default(1),
    paused: z.boolean().optional(),
    progressDeadlineSeconds: z.number().optional(),
    selector: z.looseObject({ matchLabels: texts.optional() }),
    template: z.looseObject({
      metadata: z.looseObject({ labels: texts.optional(), annotations: texts.optional() }).optional(),
      spec: z.looseObject({ containers: z.array(containerSchema), initContainers: list(containerSchema) }),
    }),
  }),
  status: z
    .object({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      conditions: list(condition),
    })
    .prefault({}),
})
export type Deployment = Readonly<z.infer<typeof deploymentSchema>>

export const replicaSetSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({ replicas: z.number().default(1) }),
})
export type ReplicaSet = Readonly<z.infer<typeof replicaSetSchema>>

const containerState = z.object({
  waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  running: z.object({ startedAt: z.string().optional() }).optional(),
  terminated: z
    .object({
      exitCode: z.number(),
      signal: z.number().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      finishedAt: z.string().optional(),
    })
    .optional(),
})

const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  restartCount: z.number(),
  image: z.string().optional(),
  /** By digest, of what runs. */
  imageID: z.string().optional(),
  state: containerState.optional(),
  lastState: containerState.optional(),
})

export const podSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({ nodeName: z.string().optional(), containers: z.array(containerSchema) }),
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      podIP: z.string().optional(),
      podIPs: list(z.object({ ip: z.string().optional() })),
      conditions: list(condition),
      initContainerStatuses: list(containerStatus),
      containerStatuses: list(containerStatus),
    })
    .prefault({}),
})
export type Pod = Readonly<z.infer<typeof podSchema>>

export const endpointSliceSchema = z.object({
  metadata: metadataSchema,
  addressType: z.string(),
  endpoints: list(
    z.object({
      addresses: z.array(z.string()),
      /** A missing `ready` is to be read as true. */
      conditions: z
        .object({
          ready: z.boolean().nullish(),
          serving: z.boolean().nullish(),
          terminating: z.boolean().nullish(),
        })
        .prefault({}),
      targetRef: z.object({ kind: z.string().optional(), name: z.string().optional() }).optional(),
    }),
  ),
})
export type EndpointSlice = Readonly<z.infer<typeof endpointSliceSchema>>

const ingressBackend = z.object({
  service: z
    .object({
      name: z.string(),
      port: z.object({ name: z.string().optional(), number: z.number().optional() }).optional(),
    })
    .optional(),
})

export const ingressSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    defaultBackend: ingressBackend.optional(),
    rules: list(
      z.object({
        host: z.string().optional(),
        http: z
          .object({ paths: list(z.object({ path: z.string().optional(), backend: ingressBackend })) })
          .optional(),
      }),
    ),
  }),
})
export type Ingress = Readonly<z.infer<typeof ingressSchema>>

export const httpRouteSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    hostnames: list(z.string()),
    rules: list(
      z.object({
        backendRefs: list(
          z.object({
            /** Missing: Service. */
            kind: z.string().optional(),
            name: z.string(),
            namespace: z.string().optional(),
            port: z.number().optional(),
            /** Missing: 1. */
            weight: z.number().optional(),
          }),
        ),
      }),
    ),
  }),
  status: z
    .object({
      parents: list(
        z.object({
          parentRef: z.looseObject({ name: z.string() }),
          controllerName: z.string().optional(),
          conditions: list(condition),
        }),
      ),
    })
    .prefault({}),
})
export type HttpRoute = Readonly<z.infer<typeof httpRouteSchema>>

export const autoscalerSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({
    scaleTargetRef: z.object({ apiVersion: z.string().optional(), kind: z.string(), name: z.string() }),
    minReplicas: z.number().optional(),
    maxReplicas: z.number(),
  }),
})
export type Autoscaler = Readonly<z.infer<typeof autoscalerSchema>>

export const eventSchema = z.object({
  metadata: metadataSchema,
  type: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  count: z.number().optional(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  involvedObject: z.object({ kind: z.string().optional(), name: z.string().optional() }),
})
export type Event = Readonly<z.infer<typeof eventSchema>>

export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    /** `resourceVersion`: from where a watch goes on. */
    metadata: z.object({ resourceVersion: z.string().optional(), continue: z.string().optional() }),
    items: list(item),
  })
