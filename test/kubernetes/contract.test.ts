import { afterAll, beforeAll, describe } from 'vitest'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { describeTarget } from '../contract/target-contract.ts'
import { type KubernetesStands, openKubernetesStands } from './stand.ts'

describe.skipIf(lacksKubernetes())('in a cluster', { timeout: 120_000 }, () => {
  let stands: KubernetesStands
  beforeAll(async () => {
    stands = await openKubernetesStands()
  }, 120_000)
  afterAll(() => stands?.[Symbol.asyncDispose]())

  describeTarget('the Kubernetes target', () => stands.open())
})
