/** Objects whose backends name the color, with much in them that is none of our business. */
import type { RouterSettings } from '../../../../src/targets/kubernetes/settings.ts'
import type { PerColor } from '../../../../src/targets/target.ts'
import type { KubernetesObject } from '../../../bed/kubernetes/namespace.ts'

export const backend = { blue: 'shop-blue', green: 'shop-green' } as const

export interface Routes {
  readonly kind: string
  /** As people type it. */
  readonly resource: 'ingress' | 'httproute'
  settings(name: string, backend?: PerColor<string>): RouterSettings
  /** A place for each Service, one after the other. */
  object(name: string, services: readonly string[]): KubernetesObject
}

const metadataOf = (name: string) => ({
  name,
  labels: { team: 'web' },
  annotations: { 'example.com/owner': 'the shop’s people', 'example.com/json': '{"left": "as it is"}' },
})

const led = (name: string) => ({ service: { name, port: { number: 80 } } })

const ingress: Routes = {
  kind: 'Ingress',
  resource: 'ingress',
  settings: (name, services = backend) => ({ kind: 'ingress', name, rule: null, backend: services }),
  object: (name, services) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataOf(name),
    spec: {
      ingressClassName: 'none',
      tls: [{ hosts: ['shop.example.com'], secretName: 'certificate' }],
      defaultBackend: led('other'),
      rules: [
        { host: 'bare.example.com' },
        {
          host: 'shop.example.com',
          http: {
            paths: [
              {
                path: '/static',
                pathType: 'Exact',
                backend: { resource: { apiGroup: 'example.com', kind: 'Bucket', name: 'shop-blue' } },
              },
              { path: '/other', pathType: 'Prefix', backend: led('other') },
              ...services.map((service, index) => ({
                path: `/${index}`,
                pathType: 'Prefix',
                backend: led(service),
              })),
            ],
          },
        },
      ],
    },
  }),
}

const httpRoute: Routes = {
  kind: 'HTTPRoute',
  resource: 'httproute',
  settings: (name, services = backend) => ({ kind: 'httproute', name, backend: services }),
  object: (name, services) => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf(name),
    spec: {
      parentRefs: [{ name: 'gateway', sectionName: 'https' }],
      hostnames: ['shop.example.com'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/other' } }],
          backendRefs: [
            { name: 'other', port: 80, weight: 3 },
            { name: 'shop-blue', namespace: 'elsewhere', port: 80 },
            { group: 'example.com', kind: 'Bucket', name: 'shop-blue' },
          ],
        },
        ...services.map((service, index) => ({
          matches: [{ headers: [{ name: 'x-place', value: `${index}` }] }],
          filters: [
            {
              type: 'RequestHeaderModifier',
              requestHeaderModifier: { set: [{ name: 'x', value: 'shop-b' }] },
            },
          ],
          timeouts: { request: '10s' },
          backendRefs: [{ name: service, port: 80 }],
        })),
      ],
    },
  }),
}

export const routes = [ingress, httpRoute] as const
