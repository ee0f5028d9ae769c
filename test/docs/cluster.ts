/** Where the texts for Kubernetes are tried: word for word, but for images and the public URL. */
import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { temporaryFolder } from '../bed/folder.ts'
import { type KubernetesBed, startKubernetesBed } from '../bed/kubernetes/bed.ts'
import { bundles } from '../process/shop.ts'
import { type Ended, type Job, runJob } from './job.ts'

export interface Cluster extends AsyncDisposable {
  readonly registry: KubernetesBed['registry']
  /** Of the Service shop in this namespace: where its users are. */
  urlIn(namespace: string): Promise<string>
  /** A text as it reads here. */
  here(text: string): string
  /** By its admin, in the folder of the files; resolves with what is printed, rejects with all that was said. */
  type(commands: string, folder?: string): Promise<string>
  runJob(job: Job, namespace: string): Promise<Ended>
  /** What was given to `gh secret set`. */
  secret(): Promise<string>
}

export async function openCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  const bed = stack.use(await startKubernetesBed())
  const home = join(root, 'home')
  await mkdir(home)
  // For the runner too, which has nothing but kubectl of it.
  const PATH = `${dirname(bed.kubectlPath)}${delimiter}${process.env.PATH}`
  const here = (text: string) => text.replaceAll('ghcr.io/acme', bed.registry.host)
  const secretFile = join(home, 'secret')
  const type = (commands: string, folder = home) =>
    typed(`gh() { cat >"${secretFile}"; }\n${here(commands)}`, {
      cwd: folder,
      env: { ...process.env, PATH, HOME: home, KUBECONFIG: bed.kubeconfig },
    })
  const urlIn = async (namespace: string) =>
    `http://${await type(`kubectl -n ${namespace} get service shop -o jsonpath={.spec.clusterIP}`)}`
  const owned = stack.move()
  return {
    registry: bed.registry,
    urlIn,
    here,
    type,
    runJob: async (job, namespace) => {
      const url = await urlIn(namespace)
      const workshop = {
        root,
        action: bundles,
        env: { PATH },
        here: (text: string) => here(text).replaceAll('https://shop.example.com', url),
        expressions: {},
        inputs: {},
      }
      return runJob(workshop, job)
    },
    secret: () => readFile(secretFile, 'utf8'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Shell {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

const typed = (commands: string, shell: Shell): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile('sh', ['-eu'], shell, (error, stdout, stderr) => {
      if (error) reject(new Error(`${commands}\n${stdout}${stderr}`))
      else resolve(stdout)
    })
    child.stdin?.end(commands)
  })

/** The commands in a page, without what indents them there. */
export const commandsIn = (page: string): readonly string[] =>
  [...page.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
