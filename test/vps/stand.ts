/** The VPS target on a whole VPS: real containers, one nginx for all stands, everything over SSH. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../src/clock.ts'
import type { Connection } from '../../src/host/connection.ts'
import { quote } from '../../src/host/script.ts'
import { sshConnection } from '../../src/host/ssh/ssh-connection.ts'
import type { Color, Release, Target } from '../../src/targets/target.ts'
import { routedServices } from '../../src/targets/vps/nginx-flag/names.ts'
import { httpText, locationLines, serverText } from '../../src/targets/vps/nginx-flag/snippets.ts'
import type { VpsSettings } from '../../src/targets/vps/settings.ts'
import { openVpsTarget } from '../../src/targets/vps/vps-target.ts'
import { ask, colorAt } from '../bed/asking.ts'
import { flip, readFlag } from '../bed/flag.ts'
import { type Folder, temporaryFolder } from '../bed/folder.ts'
import { type App, startVps, type Vps } from '../bed/vps/host.ts'
import { type Registry, startRegistry } from '../bed/vps/registry.ts'
import { sshSettings } from '../bed/vps/ssh-access.ts'
import { marker, processesOf } from '../contract/marked.ts'
import { type Stand, until } from '../contract/stand.ts'
import { findProgram } from '../programs.ts'
import { plainService, plainSettings } from '../targets/vps/plain-settings.ts'

export interface VpsStands extends AsyncDisposable {
  open(): Promise<Stand>
}

/** `stands`: how many may be opened. */
export async function openVpsStands(stands: number): Promise<VpsStands> {
  await using stack = new AsyncDisposableStack()
  const folder: Folder = stack.use(await temporaryFolder())
  const registry = stack.use(await startRegistry({ folder: join(folder.path, 'registry') }))
  const vps = stack.use(await startVps({ login: 'unprivileged' }))
  const images = await pushImages(registry)
  const places: Place[] = []
  for (let number = 0; number < stands; number++) {
    const app = await vps.addApp(`shop${number}`, ['web', 'public'])
    places.push({ vps, app, images, settings: settingsOf(app) })
  }
  await vps.serve({ httpSnippet: places.map(siteOf).join('\n'), sites: [{ names: ['nobody'] }] })
  const owned = stack.move()
  let opened = 0
  return {
    open: async () => {
      const place = places[opened++]
      if (place === undefined) throw new Error(`Only ${stands} stands were asked for.`)
      return openStand(place)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

type Images = Readonly<Record<string, string>>

/** An app on the VPS. */
interface Place {
  readonly vps: Vps
  readonly app: App
  readonly settings: VpsSettings
  /** By version. */
  readonly images: Images
}

async function pushImages(registry: Registry): Promise<Images> {
  const images: Record<string, string> = {}
  for (const version of ['v1', 'v2', 'v3']) images[version] = (await registry.push(version)).reference
  images.doomed = (await registry.push('doomed', { environment: { CRASH: '1' } })).reference
  return images
}

/** Each has an address of its own, which needs no name. */
const publicPort = ({ ports }: App): number => ports.public?.blue ?? 0

function siteOf({ app, settings }: Place): string {
  const locations = routedServices(settings).map(
    (service) => `location / { ${locationLines(app.name, service).join(' ')} }`,
  )
  return `${httpText(settings)}
server {
listen 127.0.0.1:${publicPort(app)};
${serverText(settings)}
${locations.join('\n')}
}`
}

const settingsOf = (app: App): VpsSettings => ({
  ...plainSettings,
  app: app.name,
  directory: app.directory,
  stateDirectory: app.stateDirectory,
  services: [
    {
      ...plainService,
      name: 'web',
      ports: app.ports.web as Record<Color, number>,
      url: `http://127.0.0.1:${publicPort(app)}`,
    },
  ],
})

async function openStand(place: Place): Promise<Stand> {
  const { vps, app, settings, images } = place
  const url = settings.services[0]?.url ?? ''
  const stateFile = (name: string) => join(app.stateDirectory, name)
  const runs = [new AbortController()]
  const opened: Target[] = []
  const bin = await wrapCommands(app)
  const open = (run: AbortController, leaseTtl = 60_000, changes: Partial<VpsSettings> = {}): Target => {
    const target = openVpsTarget({
      settings: { ...settings, ...changes },
      connection: marked(sshConnection(sshSettings(vps), { clock: systemClock }), app.directory, bin),
      surroundings: {
        app: app.name,
        leaseTtl,
        deployTimeout: 60_000,
        signal: run.signal,
        clock: systemClock,
        output: () => {},
        secrets: [],
      },
      configuration: 'configuration',
      images: [],
    })
    opened.push(target)
    return target
  }
  const release = (version: string): Release => ({
    id: `release-${version}`,
    version,
    images: { web: images[version] ?? (images.v1 as string) },
    configuration: 'configuration',
  })
  for (const color of ['blue', 'green'] as const) {
    await app.writeCompose(color, { web: { image: 'in-the-override', restart: 'no' } })
  }
  await app.route('blue')
  return {
    target: open(runs[0] as AbortController),
    service: 'web',
    documentLimit: 512 * 1024,
    briefLease: 2_000,
    release,
    url,
    another: async (options) => {
      const run = new AbortController()
      runs.push(run)
      return open(run, options?.leaseTtl)
    },
    answers: () => colorAt(url),
    running: async (color) => (await ask(`http://127.0.0.1:${app.ports.web?.[color]}`)).version,
    humanMoves: async (to) => {
      if (readFlag(app.stateDirectory) !== to) await flip(app.stateDirectory, to)
    },
    elapse: (time) => systemClock.sleep(time),
    snapshot: async () =>
      (await shell(`cd ${quote(app.directory)} && ls -lR --full-time . ${quote(app.stateDirectory)}`)) +
      (await shell(`docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'`, vps)),
    shell: async (text) => void (await shell(text)),
    breakObserve: () => rm(stateFile('ready')),
    breakLedger: () => writeFile(stateFile('ledger/lease'), 'what was here?\n'),
    hold: async () => {
      await writeFile(join(bin, 'held'), '')
      await vps.own(bin)
      return {
        begun: () => until('the change begins', () => existsSync(join(bin, 'begun'))),
        go: () => writeFile(join(bin, 'go'), ''),
      }
    },
    doomed: release('doomed'),
    broken: async () => ({
      target: open(new AbortController(), 60_000, {
        directory: join(app.directory, 'nowhere'),
        services: settings.services.map((service) => ({ ...service, url: 'http://127.0.0.1:1' })),
      }),
      problems: [/directory: .*nowhere/, /router: /],
    }),
    interrupt: () => runs[0]?.abort(new Error('The run was interrupted.')),
    leftovers: () => processesOf(app.directory),
    [Symbol.asyncDispose]: async () => {
      for (const run of runs) run.abort(new Error('The test is over.'))
      await writeFile(join(bin, 'go'), '')
      await Promise.all(opened.map((target) => target.close()))
      const projects = ['blue', 'green'].map((color) => `${app.name}-${color}`)
      const ids = projects.map(
        (project) => `docker ps -aq --filter label=com.docker.compose.project=${project}`,
      )
      await shell(
        `ids=$({ ${ids.join('; ')}; }); [ -z "$ids" ] || docker rm -f $ids; docker network rm ${projects.map((name) => `${name}_default`).join(' ')} 2>/dev/null || :`,
        vps,
      )
    },
  }
}

/** The next change waits in `docker`, or in `mv` where it moves the flag, until it is let go. */
async function wrapCommands({ directory }: App): Promise<string> {
  const bin = join(directory, 'bin')
  await mkdir(bin)
  await chmod(bin, 0o777)
  const wait = `if rm "${bin}/held" 2>/dev/null; then : >"${bin}/begun"; until [ -e "${bin}/go" ]; do sleep 0.02; done; fi`
  const changes = { docker: '*" pull "* | *" up "* | "stop "*', mv: '*off/green*' }
  for (const [name, pattern] of Object.entries(changes)) {
    const path = join(bin, name)
    await writeFile(
      path,
      `#!/bin/sh\ncase "$*" in ${pattern}) ${wait} ;; esac\nexec ${findProgram(name)} "$@"\n`,
    )
    await chmod(path, 0o755)
  }
  return bin
}

/** No client sends variables to a server. */
const marked = (connection: Connection, folder: string, bin: string): Connection => ({
  ...connection,
  run: (script, options) =>
    connection.run(`export ${marker}=${quote(folder)} PATH=${quote(bin)}:$PATH\n${script}`, options),
})

async function shell(text: string, vps?: Vps): Promise<string> {
  const env = { ...process.env, ...(vps && { DOCKER_HOST: vps.docker.host }) }
  return (await promisify(execFile)('sh', ['-c', text], { env })).stdout
}
