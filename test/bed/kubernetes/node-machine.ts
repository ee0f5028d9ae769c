/** What runs inside a cluster's namespaces: all of its parts, and somebody who stops and starts them as he is told. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from '../../programs.ts'
import { obey } from '../vps/hosts-obey.ts'
import { openRelay } from '../vps/hosts-relay.ts'
import { makeCgroup } from './cgroups.ts'
import { argumentsOf, containerdSocket, filesOf, type Layout, type Part, readyPaths } from './parts.ts'

export interface Machine {
  kill(part: Part): Promise<void>
  start(part: Part): Promise<void>
  freeze(part: Part): Promise<void>
  thaw(part: Part): Promise<void>
}

export interface Options {
  readonly layout: Layout
  /** Of the admin. */
  readonly token: string
  /** `HOST:PORT`, and the path of the socket through which it is reached. */
  readonly registry: { readonly host: string; readonly relay: string }
}

const [given = ''] = process.argv.slice(2)
const { layout, token, registry } = JSON.parse(given) as Options
const { folder, state, cgroup } = layout
const ready = readyPaths(layout)
const running = new Map<Part, ChildProcess>()
let isUp = false

async function start(part: Part): Promise<void> {
  const log = await open(join(folder, 'logs', part), 'a')
  const child = spawn(findProgram(part) ?? part, argumentsOf(layout)[part], {
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()
  running.set(part, child)
  child.once('exit', (code, signal) => {
    if (running.get(part) !== child) return
    running.delete(part)
    console.error(`${part} ended: ${code ?? signal}\n${endOfLog(part)}`)
    if (!isUp) process.exit(1)
  })
}

/** The logs go with the cluster. */
const endOfLog = (part: Part): string => readFileSync(join(folder, 'logs', part), 'utf8').slice(-400)

function processOf(part: Part): ChildProcess {
  const child = running.get(part)
  if (child === undefined) throw new Error(`${part} does not run.`)
  return child
}

async function kill(part: Part): Promise<void> {
  const child = processOf(part)
  running.delete(part)
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

const certificate = await readFile(join(folder, 'certificate.pem'))

/** What it answers; null: nothing that is of use. */
const ask = (url: string): Promise<string | null> =>
  new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` }
    const options = { ca: certificate, headers, agent: false, signal: AbortSignal.timeout(1_000) }
    request(url, options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('error', () => resolve(null))
      response.on('end', () => resolve(response.statusCode === 200 ? text : null))
    })
      .on('error', () => resolve(null))
      .end()
  })

/** A start takes seconds; on a machine that does other things, some more. */
const patience = 90_000

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await isSo())) {
    if (Date.now() > deadline) {
      for (const part of running.keys())
        console.error(`${part}:
${endOfLog(part)}`)
      throw new Error(`There is not ${what} after ${patience} ms.`)
    }
    await sleep(50)
  }
}

const answers = async (url: string) => (await ask(url)) !== null

async function isNodeReady(): Promise<boolean> {
  const node = JSON.parse((await ask(ready.node)) ?? '{}')
  const conditions: readonly { readonly type: string; readonly status: string }[] =
    node.status?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

async function writeFiles(): Promise<void> {
  for (const [name, text] of Object.entries(filesOf(layout))) {
    const path = join(state, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

async function setNetwork(): Promise<void> {
  const values = {
    'ipv4/ip_forward': 1,
    'bridge/bridge-nf-call-iptables': 1,
    // Else a late packet of a connection that is over opens it anew, without the way to its pod.
    'netfilter/nf_conntrack_tcp_loose': 0,
    // Users who are refused hear of it, each time: these would be sent instead, and then nothing for a while.
    'ipv4/conf/all/send_redirects': 0,
    'ipv4/conf/node/send_redirects': 0,
    'ipv4/icmp_ratelimit': 0,
  }
  for (const [name, value] of Object.entries(values)) await writeFile(`/proc/sys/net/${name}`, `${value}`)
}

/** The image of what holds a pod's network: without it no pod starts, whatever becomes of the registry. */
async function pullPauseImage(): Promise<void> {
  const socket = containerdSocket(layout)
  const ctr = async (...words: readonly string[]) => {
    const child = spawn('ctr', ['--address', socket, '--namespace', 'k8s.io', ...words], { stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    return code === 0
  }
  await until('a containerd', () => ctr('version'))
  if (!(await ctr('images', 'pull', '--plain-http', layout.pauseImage)))
    throw new Error(`${layout.pauseImage} cannot be pulled.`)
}

async function startAll(): Promise<void> {
  const [host = '', port] = registry.host.split(':')
  await openRelay({ host, port: Number(port) }, () => ({ path: registry.relay }))
  await makeCgroup(cgroup)
  await setNetwork()
  await writeFiles()
  await Promise.all([start('etcd'), start('kube-apiserver'), start('containerd')])
  const pulling = pullPauseImage()
  await until('an API server', () => answers(ready.api))
  await Promise.all([start('kube-controller-manager'), start('kube-scheduler')])
  await pulling
  await start('kubelet')
  await until('a node', () => answers(ready.node))
  // Earlier it would not find its node, and take its time to look again.
  await start('kube-proxy')
  await until('a node that is ready', isNodeReady)
  await until('a Service that answers', () => answers(ready.service))
  await until('a service account', () => answers(ready.serviceAccount))
}

await startAll()
isUp = true
obey<Machine>(
  {
    kill,
    start: async (part) => {
      await start(part)
      if (part === 'kube-apiserver') await until('an API server', () => answers(ready.api))
    },
    freeze: async (part) => void processOf(part).kill('SIGSTOP'),
    thaw: async (part) => void processOf(part).kill('SIGCONT'),
  },
  {},
)
