/** Apps of real containers behind nginx, deployed over SSH by a user without privileges. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Color } from '../../src/targets/target.ts'
import { foundTown, type Town, type VpsShop } from '../vps/place.ts'
import { compose } from '../vps/street.ts'
import { type Bed, type BedOptions, layGround, numbered, sideBySide } from './bed.ts'
import { logOf } from './commands.ts'
import { type ContainerChange, watchContainers } from './containers.ts'
import { type FileSite, type InFiles, inFiles, setUpFiles } from './file-site.ts'
import { readSwitches, wrapPrograms } from './programs.ts'
import { lastRelease, nextRelease, scenarios } from './scenarios.ts'
import { onTarget } from './settings.ts'
import { briefLease, type Site } from './site.ts'
import { openWay, type Way } from './way.ts'

const colors = ['blue', 'green'] as const

export async function startVpsBed(options: BedOptions): Promise<Bed> {
  await using stack = new AsyncDisposableStack()
  const ground = layGround(options, stack)
  const together = sideBySide(2)
  const town = stack.use(await foundTown({ sshdConfig: 'MaxStartups 200' }))
  const count = Math.max(2 * together, scenarios.length)
  const shops: VpsShop[] = []
  for (let number = 0; number < count; number++) shops.push(await town.found(`stall${number}`))
  const versions = [...scenarios.map(({ run }) => run.version), nextRelease.version, lastRelease.version]
  for (const version of new Set(['v1', ...versions]))
    await town.registry.push(version, { environment: version.endsWith('-broken') ? { PUBLIC: 'bad' } : {} })
  const watch = stack.use(await watchContainers(town.vps.docker.host))
  for (const { app } of shops) await wrapPrograms(app)
  const owned = stack.move()
  return {
    ...ground,
    name: options.name,
    sideBySide: together,
    openSite: numbered(count, async (slot, start) => {
      const shop = shops[slot] as VpsShop
      await clear(town, shop)
      const changes: ContainerChange[] = []
      const way = await openWay(town.vps.ssh)
      const hear = () => watch.hear(shop.app, changes)
      const files = fileSite({ town, shop, stateFolder: ground.stateFolder, hear })
      await setUpFiles(files, start)
      return {
        ...siteOf({ town, shop, way, changes }),
        ...inFiles(files),
        [Symbol.asyncDispose]: async () => {
          watch.ignore(shop.app)
          await way[Symbol.asyncDispose]()
          await clear(town, shop)
        },
      }
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

interface SiteOptions {
  readonly town: Town
  readonly shop: VpsShop
  readonly way: Way
  readonly changes: readonly ContainerChange[]
}

function siteOf({
  town,
  shop,
  way,
  changes,
}: SiteOptions): Omit<Site, keyof AsyncDisposable | keyof InFiles> {
  const { app, urls, inputs } = shop
  const { version: _, image: __, ...lasting } = inputs
  return {
    app: app.name,
    url: urls[app.name] ?? '',
    folder: app.directory,
    line: way.line,
    ...briefLease,
    env: () => ({ KILL_BIN: join(app.directory, 'bin') }),
    inputs: ({ mode, version }, route) => ({
      ...lasting,
      ...way.inputs(route),
      'state-directory': app.stateDirectory,
      ...(mode === 'deploy' ? { image: `${town.registry.host}/shop:${version}` } : {}),
    }),
    hooksOnTarget: onTarget,
    wrongAnswers: async () =>
      readSwitches(app)
        .filter(({ health }) => health !== 'healthy')
        .map(({ color, health }) => `users were sent to ${color}, which was ${health}`),
    liveColorsChanged: async () =>
      changes.filter(({ color, named }) => color === named).map((change) => JSON.stringify(change)),
  }
}

interface FileSiteOptions extends Pick<SiteOptions, 'town' | 'shop'>, Pick<FileSite, 'stateFolder'> {
  /** From now on its containers are the business of the runs. */
  hear(): void
}

const fileSite = ({ town, shop, stateFolder, hear }: FileSiteOptions): FileSite => {
  const { name, directory, stateDirectory } = shop.app
  return {
    app: name,
    folder: directory,
    stateDirectory,
    stateFolder,
    // The first release goes to the other one.
    firstNamed: 'green',
    take: () => town.vps.own(stateDirectory),
    start: async (color) => {
      const files = [`docker-compose.${color}.yml`, join(stateDirectory, 'ledger', `compose-${color}.json`)]
      const named = files.flatMap((file) => ['-f', file])
      await compose(town, shop, '-p', `${name}-${color}`, ...named, 'up', '-d', '--wait')
      hear()
    },
  }
}

/** Neither containers nor records; the networks stay, which take long to make. */
async function clear({ vps }: Town, { app }: VpsShop): Promise<void> {
  const project = (color: Color) => `label=com.docker.compose.project=${app.name}-${color}`
  const lists = colors.map((color) => vps.docker.run('ps', '-aq', '--filter', project(color)))
  const ids = (await Promise.all(lists)).flatMap((list) => list.split('\n').filter((id) => id !== ''))
  if (ids.length > 0) await vps.docker.run('rm', '-f', ...ids)
  const kept = ['bin', ...colors.map((color) => `docker-compose.${color}.yml`)]
  for (const [folder, stays] of [
    [app.directory, kept],
    [app.stateDirectory, [] as readonly string[]],
  ] as const) {
    for (const name of readdirSync(folder).filter((one) => !stays.includes(one)))
      rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 3 })
  }
  writeFileSync(logOf(app.directory), '')
  await vps.own(logOf(app.directory))
}
