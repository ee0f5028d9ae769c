/** Apps on several hosts, each behind a balancer of its own. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { Color } from '../../src/targets/target.ts'
import { routedServices } from '../../src/targets/vps/nginx-flag/names.ts'
import { httpText, locationLines, serverText } from '../../src/targets/vps/nginx-flag/snippets.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { type Host, type HostApp, startHosts } from '../bed/vps/hosts.ts'
import { openRelay } from '../bed/vps/hosts-relay.ts'
import { type Registry, startRegistry } from '../bed/vps/registry.ts'
import type { Started } from '../process/jobs.ts'
import { plainService } from '../targets/vps/plain-settings.ts'
import { type FleetShop, openShop, openShopHost, publicPort, type ShopHost } from './fleet-shop.ts'

export interface FleetTown extends AsyncDisposable {
  readonly hosts: readonly Host[]
  /** Of the machine that the jobs run on, as the hosts see it. */
  readonly runner: string
  readonly registry: Registry
  /** On all hosts. Nobody ever looks at another one's: each has a name and ports of its own. */
  found(name: string): FleetShop
}

export interface FleetTownOptions {
  readonly count: number
  readonly names: readonly string[]
}

export async function foundFleetTown({ count, names }: FleetTownOptions): Promise<FleetTown> {
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  await chmod(root, 0o755)
  const registry = stack.use(await startRegistry({ folder: join(root, 'registry') }))
  const { reference: image } = await registry.push('v1')
  const bed = stack.use(await startHosts({ folder: join(root, 'hosts'), count, shared: registry.host }))
  const places = await Promise.all(
    bed.all.map((host) => openPlaces(host, { names, balancer: bed.address, image })),
  )
  const steps: Started[] = []
  const shops = new Map<string, FleetShop>()
  for (const name of names) {
    const hosts: ShopHost[] = []
    for (const { host, apps } of places) {
      const one = await openShopHost(host, apps.get(name) as HostApp)
      stack.use(one.wayIn)
      hosts.push(one)
    }
    const [first] = hosts as [ShopHost]
    let turn = 0
    const balanced = () => ({
      host: hosts[turn++ % hosts.length]?.host.address ?? '',
      port: publicPort(first.app),
    })
    stack.use(await openRelay({ host: bed.address, port: publicPort(first.app) }, balanced))
    shops.set(
      name,
      openShop({ hosts, url: `http://${bed.address}:${publicPort(first.app)}`, image, root, steps }),
    )
  }
  stack.defer(async () => void (await Promise.all(steps.map((step) => step.remove()))))
  const owned = stack.move()
  return {
    hosts: bed.all,
    runner: bed.address,
    registry,
    found: (name) => shops.get(name) as FleetShop,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface Opening {
  readonly names: readonly string[]
  readonly balancer: string
  readonly image: string
}

async function openPlaces(host: Host, { names, balancer, image }: Opening) {
  const apps = new Map<string, HostApp>()
  for (const name of names) {
    apps.set(name, await host.addApp(name, [name, 'public']))
    await host.route(name, 'blue')
    for (const color of ['blue', 'green'] as const)
      await host.writeCompose(name, color, { [name]: { image } })
  }
  const sites = [...apps.values()].map((app) => siteOf(app, balancer)).join('\n')
  await host.serve({ httpSnippet: sites, sites: [{ names: ['nobody'] }] })
  return { host, apps }
}

function siteOf(app: HostApp, balancer: string): string {
  const settings = {
    app: app.name,
    stateDirectory: app.stateDirectory,
    router: { listen: null, proxyUrl: null },
    services: [
      {
        ...plainService,
        name: app.name,
        ports: app.ports[app.name] as Record<Color, number>,
        url: `http://${balancer}:${publicPort(app)}`,
      },
    ],
  }
  const locations = routedServices(settings).map(
    (service) => `location / { ${locationLines(app.name, service).join(' ')} }`,
  )
  return `${httpText(settings)}
server {
listen ${publicPort(app)};
${serverText(settings)}
${locations.join('\n')}
}`
}
