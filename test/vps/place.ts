/** Apps on a whole VPS, and the jobs that deploy them as a user's workflow would. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parseDocument } from '../../src/deployment/document.ts'
import type { Color } from '../../src/targets/target.ts'
import { routedServices } from '../../src/targets/vps/nginx-flag/names.ts'
import { httpText, locationLines, serverText } from '../../src/targets/vps/nginx-flag/snippets.ts'
import type { VpsSettings } from '../../src/targets/vps/settings.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { type App, startVps, type Vps, type VpsOptions } from '../bed/vps/host.ts'
import { type Registry, type RegistryOptions, startRegistry } from '../bed/vps/registry.ts'
import type { Gated } from '../process/gate.ts'
import { type Jobs, jobsOf, type Started, shortTimes, toldAt } from '../process/jobs.ts'
import { bundles, type Inputs } from '../process/shop.ts'
import { plainService } from '../targets/vps/plain-settings.ts'

export interface Town extends AsyncDisposable {
  readonly vps: Vps
  readonly registry: Registry
  /** Its services answer users at a port each, behind nginx. Nothing is deployed yet. */
  found(name: string, services?: readonly string[]): Promise<VpsShop>
}

export interface VpsShop extends Jobs, Gated {
  readonly app: App
  /** Public URLs, by service. */
  readonly urls: Readonly<Record<string, string>>
  readonly inputs: Inputs
  /** What users of a service are told. */
  answers(service?: string): Promise<string>
  /** What a color tells who asks it directly; null: nothing. */
  running(color: Color, service?: string): Promise<string | null>
  document(): Document
}

export interface TownOptions extends VpsOptions {
  readonly registry?: Partial<RegistryOptions>
}

export async function foundTown({ registry: registryOptions, ...options }: TownOptions = {}): Promise<Town> {
  if (!existsSync(bundles.main)) throw new Error(`${bundles.main} is missing: npm run package`)
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  const registry = stack.use(await startRegistry({ ...registryOptions, folder: join(root, 'registry') }))
  const vps = stack.use(await startVps({ login: 'unprivileged', ...options }))
  const sites: string[] = []
  const steps: Started[] = []
  stack.defer(async () => void (await Promise.all(steps.map((step) => step.remove()))))
  const owned = stack.move()
  return {
    vps,
    registry,
    found: async (name, services = [name]) => {
      const app = await vps.addApp(name, [...services, ...services.map(publicName)])
      sites.push(siteOf(app, services))
      await app.route('blue')
      await vps.serve({ httpSnippet: sites.join('\n'), sites: [{ names: ['nobody'] }] })
      const image = await registry.push('v1')
      for (const color of ['blue', 'green'] as const) {
        const entries = services.map((service) => [service, { image: image.reference }])
        await app.writeCompose(color, Object.fromEntries(entries))
      }
      return openShop({ vps, app, services, root, image: image.reference, steps })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const publicName = (service: string) => `${service}-public`
const publicUrl = ({ ports }: App, service: string): string =>
  `http://127.0.0.1:${ports[publicName(service)]?.blue}`

const routing = (
  app: App,
  services: readonly string[],
): Pick<VpsSettings, 'app' | 'stateDirectory' | 'services' | 'router'> => ({
  app: app.name,
  stateDirectory: app.stateDirectory,
  router: { listen: null, proxyUrl: null },
  services: services.map((name) => ({
    ...plainService,
    name,
    ports: app.ports[name] as Record<Color, number>,
    url: publicUrl(app, name),
  })),
})

function siteOf(app: App, services: readonly string[]): string {
  const settings = routing(app, services)
  const servers = routedServices(settings).map(
    (service) => `server {
listen ${new URL(service.url ?? '').host};
${serverText(settings)}
location / { ${locationLines(app.name, service).join(' ')} }
}`,
  )
  return [httpText(settings), ...servers].join('\n')
}

interface Premises {
  readonly vps: Vps
  readonly app: App
  readonly services: readonly string[]
  readonly root: string
  readonly image: string
  readonly steps: Started[]
}

function openShop({ vps, app, services, root, image, steps }: Premises): VpsShop {
  const inputs = inputsOf(vps, app, services, image)
  const [first = app.name] = services
  return {
    app,
    urls: Object.fromEntries(services.map((name) => [name, publicUrl(app, name)])),
    inputs,
    gate: join(app.directory, 'gate'),
    ...jobsOf({ inputs, root, steps }),
    answers: async (service = first) => (await toldAt(publicUrl(app, service))) ?? 'nobody',
    running: (color, service = first) => toldAt(`http://127.0.0.1:${app.ports[service]?.[color]}`),
    document: () => documentIn(join(app.stateDirectory, 'ledger', 'document')),
  }
}

const inputsOf = (vps: Vps, app: App, services: readonly string[], image: string): Inputs => ({
  target: 'vps',
  app: app.name,
  version: 'v1',
  ...(services.length === 1
    ? {
        image,
        url: publicUrl(app, services[0] ?? ''),
        'blue-port': String(app.ports[services[0] ?? '']?.blue),
        'green-port': String(app.ports[services[0] ?? '']?.green),
      }
    : {
        services: JSON.stringify(
          Object.fromEntries(
            services.map((name) => [
              name,
              {
                image,
                url: publicUrl(app, name),
                'blue-port': String(app.ports[name]?.blue),
                'green-port': String(app.ports[name]?.green),
              },
            ]),
          ),
        ),
      }),
  directory: app.directory,
  'state-directory': app.stateDirectory,
  'ssh-host': `${vps.ssh.user}@${vps.ssh.host}:${vps.ssh.port}`,
  'ssh-key': vps.ssh.key,
  'ssh-known-hosts': vps.ssh.knownHosts,
  ...shortTimes,
})

function documentIn(path: string): Document {
  const parsed = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : null)
  if (parsed.kind === 'unreadable') throw new Error(`The ledger holds garbage: ${parsed.why}`)
  return parsed.document
}
