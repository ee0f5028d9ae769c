/** The command target before the bed: real shell commands, real sockets, one nginx for all stands. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../src/clock.ts'
import type { Connection } from '../../src/host/connection.ts'
import { localConnection } from '../../src/host/local-connection.ts'
import { openCommandTarget } from '../../src/targets/command/command-target.ts'
import { type CommandName, type CommandSettings, commandNames } from '../../src/targets/command/settings.ts'
import type { ServiceIntent } from '../../src/targets/intent.ts'
import type { Hook, Target } from '../../src/targets/target.ts'
import { ask, colorAt } from '../bed/asking.ts'
import { startCasesNginx } from '../bed/cases.ts'
import { type HostedCase, startColorHost } from '../bed/color-host.ts'
import { createFlag, flip, observeCommand, readFlag, switchCommand } from '../bed/flag.ts'
import { freePort } from '../bed/ports.ts'
import { anIntent, aRelease } from '../deployment/intents.ts'
import { marker, processesOf } from './marked.ts'
import { type Stand, until } from './stand.ts'

export interface CommandBed extends AsyncDisposable {
  open(): Promise<Stand>
}

/** What a stand's commands run over; everything they start has the mark of the stand. */
type Connect = (folder: string) => Connection

const here: Connect = (folder) => localConnection({ ...process.env, [marker]: folder })

/** `stands`: how many may be opened. */
export async function openCommandBed(stands: number, connect = here): Promise<CommandBed> {
  await using stack = new AsyncDisposableStack()
  const root = mkdtempSync(join(tmpdir(), 'contract-'))
  stack.defer(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
  const ports = { public: await freePort(), color: await freePort() }
  const host = stack.use(startColorHost({ root, ports }))
  stack.use(await startCasesNginx({ root, cases: stands, ports }))
  const owned = stack.move()
  let opened = 0
  return {
    open: () => {
      if (opened === stands) throw new Error(`Only ${stands} stands were asked for.`)
      return openStand(host.add(opened++), connect)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function openStand(app: HostedCase, connect: Connect): Promise<Stand> {
  const { folder, stateDirectory } = app
  await createFlag(stateDirectory, null)
  const runs = [new AbortController()]
  const target = openTarget({ app, connect, run: runs[0] as AbortController })
  const put = async (name: string) => writeFileSync(join(folder, name), '')
  return {
    target,
    service: service.name,
    documentLimit: 512 * 1024,
    briefLease: 2_000,
    release: aRelease,
    url: app.url,
    another: async (options) => {
      const run = new AbortController()
      runs.push(run)
      return openTarget({ app, connect, run, ...options })
    },
    answers: () => colorAt(app.url),
    running: async (color) => (await ask(app.colorUrl[color])).version,
    humanMoves: async (to) => {
      if (readFlag(stateDirectory) !== to) await flip(stateDirectory, to)
    },
    elapse: (time) => systemClock.sleep(time),
    snapshot: async () => listing(folder),
    shell: async (text) => void (await promisify(execFile)('sh', ['-c', text])),
    breakObserve: () => put('unreadable'),
    breakSwitch: () => put('lying'),
    breakLedger: async () => writeFileSync(join(stateDirectory, 'ledger/lease'), 'what was here?\n'),
    hold: async () => {
      await put('held')
      return {
        begun: () => until('the change begins', () => existsSync(join(folder, 'begun'))),
        go: () => put('go'),
      }
    },
    broken: async () => ({ target: openBroken(app, connect), problems: brokenProblems }),
    interrupt: () => runs[0]?.abort(new Error('The run was interrupted.')),
    leftovers: () => processesOf(folder),
    [Symbol.asyncDispose]: async () => {
      for (const run of runs) run.abort(new Error('The test is over.'))
      await put('go')
      await until(`nothing runs in ${folder}`, () => processesOf(folder).length === 0)
      for (const color of ['blue', 'green'] as const) await app.stop(color)
    },
  }
}

const { services } = anIntent()
const [service] = services as readonly [ServiceIntent]

type Commands = Partial<Record<CommandName, string>>

function commandsOf({ folder, stateDirectory, commands }: HostedCase): Commands {
  const heldUp = `cd '${folder}'; if [ -e held ]; then rm held; : >begun; until [ -e go ]; do sleep 0.02; done; fi`
  return {
    observe: `[ ! -e '${folder}/unreadable' ] || { echo 'no such upstream'; exit 0; }\n${observeCommand(stateDirectory)}`,
    switch: `${heldUp}; [ ! -e lying ] || exit 0; rm -f unreadable\n${switchCommand(stateDirectory)}`,
    deploy: `${heldUp}\n${commands.deploy}`,
    stop: commands.stop,
    remove: commands.remove,
    status: commands.status,
    ready: `state=$(\n${commands.status}\n); echo "it is $state"; [ "$state" = running ]`,
    diagnose: `line=$(printf '%1000s' '' | sed 's/ /日本/g'); i=0; while [ $i -lt 60 ]; do echo "$i $line"; i=$((i + 1)); done`,
  }
}

const openTarget = (opening: Omit<Opening, 'commands' | 'stateDirectory'>): Target =>
  openWith({
    ...opening,
    commands: commandsOf(opening.app),
    stateDirectory: opening.app.stateDirectory,
  })

interface Opening {
  readonly app: HostedCase
  readonly connect: Connect
  readonly run: AbortController
  readonly commands: Commands
  readonly stateDirectory: string
  readonly leaseTtl?: number
}

const openWith = ({ app, connect, run, commands, stateDirectory, leaseTtl = 60_000 }: Opening): Target =>
  openCommandTarget({
    settings: { stateDirectory, commands: hooksOf(commands) },
    services: [{ ...service, colorUrl: app.colorUrl }],
    connection: connect(app.folder),
    surroundings: {
      app: 'shop',
      leaseTtl,
      deployTimeout: 60_000,
      signal: run.signal,
      clock: systemClock,
      output: () => {},
      secrets: [],
    },
  })

const hooksOf = (commands: Commands) =>
  Object.fromEntries(
    commandNames.map((name): [CommandName, readonly Hook[]] => {
      const run = commands[name]
      return [name, run === undefined ? [] : [{ run, where: 'target', timeout: 20_000, env: {} }]]
    }),
  ) as CommandSettings['commands']

/** No command to deploy, a router that says nothing we know, a state directory that cannot be made. */
function openBroken(app: HostedCase, connect: Connect): Target {
  writeFileSync(join(app.folder, 'file'), '')
  return openWith({
    app,
    connect,
    run: new AbortController(),
    commands: { observe: 'echo purple', switch: 'true' },
    stateDirectory: join(app.folder, 'file/state'),
  })
}

const brokenProblems = [/no command "deploy"/, /state-directory: .*file/, /purple/]

const listing = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const found = statSync(join(folder, name))
      return `${name} ${found.mtimeMs} ${found.isFile() ? readFileSync(join(folder, name), 'utf8') : ''}`
    })
    .sort()
    .join('\n')
