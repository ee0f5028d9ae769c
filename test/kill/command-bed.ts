/** Colors in one process, driven by commands that cost a few milliseconds: on this machine, or on one behind SSH. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCasesNginx } from '../bed/cases.ts'
import { type HostedCase, startColorHost } from '../bed/color-host.ts'
import { freePort } from '../bed/ports.ts'
import { type Sshd, startSshd } from '../bed/sshd.ts'
import { type Bed, type BedOptions, layGround, numbered, sideBySide } from './bed.ts'
import { type CommandTexts, commandTexts } from './commands.ts'
import { type FileSite, type InFiles, inFiles, setUpFiles } from './file-site.ts'
import { onTarget } from './settings.ts'
import { briefLease, type Site } from './site.ts'
import { openWay, type Way } from './way.ts'

const app = 'app'

export async function startCommandBed(options: BedOptions): Promise<Bed> {
  await using stack = new AsyncDisposableStack()
  const ground = layGround(options, stack)
  const { root } = ground
  const together = sideBySide(3)
  const count = 4 * together + 10
  const ports = { public: await freePort(), color: await freePort() }
  const host = stack.use(startColorHost({ root, ports }))
  stack.use(await startCasesNginx({ root, cases: count, ports }))
  const sshd =
    options.name === 'ssh'
      ? stack.use(await startSshd({ folder: join(root, 'sshd'), config: serverLines(root) }))
      : null
  const texts = options.commands ?? commandTexts
  const owned = stack.move()
  return {
    ...ground,
    name: options.name,
    sideBySide: together,
    openSite: numbered(count, async (slot, start) => {
      const one = host.add(slot)
      const way = sshd && (await openWay(accessTo(sshd)))
      const files = fileSite(one, ground.stateFolder)
      await setUpFiles(files, start)
      return {
        ...siteOf(one, texts(one), way),
        ...inFiles(files),
        [Symbol.asyncDispose]: async () => {
          await way?.[Symbol.asyncDispose]()
          for (const color of ['blue', 'green'] as const) await one.stop(color)
          forgetWishes(one.control)
          rmSync(one.folder, { recursive: true, force: true, maxRetries: 3 })
          mkdirSync(one.folder)
        },
      }
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A home without start-up files: those of whoever runs the tests may take longer than a script. */
export const serverLines = (home: string): string => `MaxStartups 200\nSetEnv HOME=${home}`

const accessTo = ({ user, port, key, knownHosts }: Sshd) => ({
  host: '127.0.0.1',
  user,
  port,
  key,
  knownHosts,
})

const siteOf = (
  one: HostedCase,
  texts: CommandTexts,
  way: Way | null,
): Omit<Site, keyof AsyncDisposable | keyof InFiles> => ({
  app,
  url: one.url,
  folder: one.folder,
  line: way?.line ?? null,
  ...briefLease,
  env: () => ({}),
  inputs: (_, route) => ({
    target: 'command',
    'state-directory': one.stateDirectory,
    'color-url': JSON.stringify(one.colorUrl),
    commands: JSON.stringify(texts),
    ...way?.inputs(route),
  }),
  hooksOnTarget: onTarget,
  wrongAnswers: async () =>
    one.served
      .filter((served) => served.public && (served.passed === 0 || served.stopped))
      .map((served) => JSON.stringify(served)),
  // The first start is the test's own.
  liveColorsChanged: async () =>
    one.changes
      .slice(1)
      .filter(({ color, named }) => color === named)
      .map((change) => JSON.stringify(change)),
})

const fileSite = (one: HostedCase, stateFolder: Bed['stateFolder']): FileSite => ({
  app,
  folder: one.folder,
  stateDirectory: one.stateDirectory,
  stateFolder,
  firstNamed: null,
  take: async () => {},
  start: async (color, version) => {
    await one.start(color, version)
    await fetch(`${one.colorUrl[color]}/health`)
  },
})

/** A host that is asked again about a slot must not take the wish of the case before for one of this one. */
const forgetWishes = (control: string): void => {
  for (const color of ['blue', 'green']) writeFileSync(`${control}.${color}`, '')
}
