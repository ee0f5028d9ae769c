/** What happens to the containers of the apps, as dockerd tells it. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Color } from '../../src/targets/target.ts'
import { end } from '../bed/child.ts'
import { readFlag } from '../bed/flag.ts'
import type { App } from '../bed/vps/host.ts'
import { findProgram } from '../programs.ts'

export interface ContainerChange {
  readonly color: Color
  readonly action: string
  readonly image: string
  /** Whom the router named when it was heard. */
  readonly named: Color | null
}

export interface Watch extends AsyncDisposable {
  hear(app: App, changes: ContainerChange[]): void
  ignore(app: App): void
}

const actions = ['create', 'start', 'kill', 'die', 'stop', 'restart', 'pause', 'destroy']

interface Event {
  readonly Action: string
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> }
}

export async function watchContainers(host: string): Promise<Watch> {
  const filters = actions.flatMap((action) => ['--filter', `event=${action}`])
  const child = spawn(
    findProgram('docker') ?? 'docker',
    ['events', '--filter', 'type=container', ...filters, '--format', '{{json .}}'],
    { env: { ...process.env, DOCKER_HOST: host }, stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const heard = new Map<string, { readonly app: App; readonly changes: ContainerChange[] }>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { Action: action, Actor } = JSON.parse(line) as Event
    const { 'com.docker.compose.project': project = '', image = '' } = Actor.Attributes
    const [name = '', color] = project.split('-')
    const listener = heard.get(name)
    if (!listener || (color !== 'blue' && color !== 'green')) return
    listener.changes.push({ color, action, image, named: readFlag(listener.app.stateDirectory) })
  })
  return {
    hear: (app, changes) => void heard.set(app.name, { app, changes }),
    ignore: ({ name }) => void heard.delete(name),
    [Symbol.asyncDispose]: () => end(child),
  }
}
