/** Manifests of the app in the image. */
import type { KubernetesObject } from './namespace.ts'

export interface DeploymentOptions {
  readonly name: string
  readonly image: string
  /** Of the pods, and what they are selected by. */
  readonly labels: Readonly<Record<string, string>>
  readonly replicas?: number
  /** What app/main.go reads. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Small requests, as a limit alone is one: six pods of half a core would not fit on two. */
export const deployment = (options: DeploymentOptions): KubernetesObject => {
  const { name, image, labels, replicas = 3, environment = {} } = options
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'web',
              image,
              env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              ports: [{ containerPort: 8080 }],
              resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
              // The default of 1 s takes pods from a Service that only wait for a busy processor.
              readinessProbe: {
                httpGet: { path: '/health', port: 8080 },
                periodSeconds: 1,
                timeoutSeconds: 5,
              },
            },
          ],
        },
      },
    },
  }
}

export interface ServiceOptions {
  readonly name: string
  readonly selector: Readonly<Record<string, string>>
}

export const service = ({ name, selector }: ServiceOptions): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector, ports: [{ port: 80, targetPort: 8080 }] },
})
