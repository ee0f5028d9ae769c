/** AWS on this machine, for any number of shops: moto answers the API, and test/bed/aws/lab does what moto does not. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { findProgram } from '../../programs.ts'
import { claimSlot, type Slot } from '../vps/slot.ts'
import { type Control, controlAt } from './control.ts'
import { makeShop, type Shop, type ShopOrder } from './shop.ts'

export interface AwsLab extends AsyncDisposable {
  /** Of the API, for every service. */
  readonly endpoint: string
  readonly region: string
  readonly control: Control
  /** What is in a cluster, behind a load balancer and called by a user of its own: tests with one each run side by side. */
  makeShop(order?: ShopOrder): Promise<Shop>
  /** Nobody listens at the API, for all shops, until this resolves. */
  refuseConnections(milliseconds: number): Promise<void>
}

/** What a shop is made in. */
export interface Place {
  readonly endpoint: string
  readonly region: string
  readonly vpc: string
  readonly subnets: readonly string[]
  readonly control: Control
  readonly ports: { readonly container: number; readonly listener: number; readonly testListener: number }
}

/** For `lacks`. */
export const labPrograms = ['python3', 'aws-lab', 'aws', 'vps-app'] as const

export async function startAwsLab(): Promise<AwsLab> {
  await using stack = new AsyncDisposableStack()
  const slot = stack.use(await claimSlot())
  const [api, control] = [await slot.port(), await slot.port()]
  const lab = spawn(program('aws-lab'), [slot.loopback, String(api), String(control), program('vps-app')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  stack.defer(() => leave(lab))
  const { region, vpc, subnets } = await firstLine(lab)
  const place = {
    endpoint: `http://${slot.loopback}.0.1:${api}`,
    region,
    vpc,
    subnets,
    control: controlAt(`http://${slot.loopback}.0.1:${control}`),
    ports: await claimPorts(slot),
  }
  const running = stack.move()
  return {
    endpoint: place.endpoint,
    region,
    control: place.control,
    makeShop: (order = {}) => makeShop(place, order),
    refuseConnections: (milliseconds) => place.control.refuse(milliseconds),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Once for the whole lab: each load balancer and each task has an address of its own. */
const claimPorts = async (slot: Slot): Promise<Place['ports']> => ({
  container: await slot.port(),
  listener: await slot.port(),
  testListener: await slot.port(),
})

function program(name: (typeof labPrograms)[number]): string {
  const path = findProgram(name)
  if (path === null) throw new Error(`There is no ${name}: sh scripts/test.sh installs it.`)
  return path
}

async function firstLine(lab: ChildProcess): Promise<Pick<Place, 'region' | 'vpc' | 'subnets'>> {
  const { stdout, stderr } = lab
  if (stdout === null || stderr === null) throw new Error('The AWS lab was started without pipes.')
  let complaints = ''
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000)
  })
  const lines = createInterface({ input: stdout })
  const line = once(lines, 'line').then(([text]) => String(text))
  const failed = once(lab, 'exit').then(() => {
    throw new Error(`The AWS lab has ended:\n${complaints}`)
  })
  failed.catch(() => {})
  return JSON.parse(await Promise.race([line, failed]))
}

/** It ends with its standard input, and its tasks with it. */
async function leave(lab: ChildProcess): Promise<void> {
  if (lab.exitCode !== null || lab.signalCode !== null) return
  const exited = once(lab, 'exit')
  lab.stdin?.end()
  await exited
}
