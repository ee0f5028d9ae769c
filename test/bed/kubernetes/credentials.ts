/** Who the API server knows, and the kubeconfigs that they log in with. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificate } from '../vps/web.ts'
import { type Addresses, apiUrl } from './addresses.ts'

const accounts = {
  admin: { user: 'admin', group: 'system:masters' },
  'kube-controller-manager': { user: 'system:kube-controller-manager', group: '' },
  'kube-scheduler': { user: 'system:kube-scheduler', group: '' },
  'kube-proxy': { user: 'system:kube-proxy', group: '' },
  kubelet: { user: 'system:node:node', group: 'system:nodes' },
} as const

export type Account = keyof typeof accounts

export interface Cluster {
  readonly url: string
  /** What a client must trust. */
  readonly certificate: string
}

export interface Credentials extends Cluster {
  /** Of the admin. */
  readonly token: string
}

export const kubeconfigIn = (folder: string, account: Account): string =>
  join(folder, `${account}.kubeconfig`)

/** Into the folder, which must be closed to others. */
export async function makeCredentials(folder: string, addresses: Addresses): Promise<Credentials> {
  const names = [addresses.node, addresses.api, 'kubernetes.default.svc']
  const cluster = { url: apiUrl(addresses), certificate: await makeCertificate(folder, names) }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  await writeFile(join(folder, 'service-account.key'), privateKey)
  await writeFile(join(folder, 'service-account.pub'), publicKey)
  const lines: string[] = []
  let token = ''
  for (const [name, { user, group }] of Object.entries(accounts)) {
    const own = randomUUID()
    lines.push(`${own},${user},${user},"${group}"\n`)
    await writeFile(kubeconfigIn(folder, name as Account), kubeconfig(cluster, { token: own }))
    if (name === 'admin') token = own
  }
  await writeFile(join(folder, 'tokens.csv'), lines.join(''))
  return { ...cluster, token }
}

export interface Login {
  readonly token: string
  /** Where it is unless told otherwise. */
  readonly namespace?: string
}

export const kubeconfig = ({ url, certificate }: Cluster, { token, namespace }: Login): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bed',
    clusters: [{ name: 'bed', cluster: { server: url, 'certificate-authority-data': btoa(certificate) } }],
    users: [{ name: 'bed', user: { token } }],
    contexts: [{ name: 'bed', context: { cluster: 'bed', user: 'bed', ...(namespace && { namespace }) } }],
  })
