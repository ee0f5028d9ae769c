/** A namespace of a cluster: what a test has for itself. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Credentials, kubeconfig } from './credentials.ts'
import { type Kubectl, kubectlFor } from './kubectl.ts'

export interface Namespace extends AsyncDisposable {
  readonly name: string
  /** Path of the admin's, who is in this namespace. */
  readonly kubeconfig: string
  /** As the admin, in this namespace; resolves with what it prints, rejects with what it says. */
  kubectl(...command: readonly string[]): Promise<string>
  apply(...objects: readonly KubernetesObject[]): Promise<void>
  /** Path of the kubeconfig of a fresh service account, which may do this in this namespace and no more. */
  grant(rules: readonly Rule[]): Promise<string>
}

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly [field: string]: unknown
}

/** As in a Role. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

export interface Place {
  readonly folder: string
  readonly credentials: Credentials
}

export async function makeNamespace({ folder, credentials }: Place): Promise<Namespace> {
  const name = `test-${randomBytes(4).toString('hex')}`
  const write = async (account: string, token: string) => {
    const path = join(folder, `${name}-${account}.kubeconfig`)
    await writeFile(path, kubeconfig(credentials, { token, namespace: name }))
    return path
  }
  const path = await write('admin', credentials.token)
  const { run } = kubectlFor(path, folder)
  await run(['create', 'namespace', name])
  const apply = applying(run)
  return {
    name,
    kubeconfig: path,
    kubectl: (...command) => run(command),
    apply,
    grant: async (rules) => {
      const account = `account-${randomBytes(4).toString('hex')}`
      await apply(...accountWith(account, name, rules))
      return write(account, (await run(['create', 'token', account])).trim())
    },
    // What is in it goes later: it takes ten seconds and more.
    [Symbol.asyncDispose]: async () => void (await run(['delete', 'namespace', name, '--wait=false'])),
  }
}

const applying =
  (run: Kubectl['run']) =>
  async (...items: readonly KubernetesObject[]): Promise<void> =>
    void (await run(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items })))

function accountWith(name: string, namespace: string, rules: readonly Rule[]): readonly KubernetesObject[] {
  const metadata = { name }
  const apiGroup = 'rbac.authorization.k8s.io'
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ]
}
