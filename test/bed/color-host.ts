/**
 * The colors of many cases in one process, each a real listening socket, driven by shell commands that cost a few
 * milliseconds: a command writes what it wants into a file and waits until the state file says the same. It keeps who was
 * asked what, so that a test can tell whether users ever reached a color that was stopped or had not passed a check.
 *
 * As a process of its own: node color-host.ts ROOT CASES PUBLIC_PORT COLOR_PORT; the records go to ROOT/served.jsonl.
 */
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import type { Color } from '../../src/targets/target.ts'
import { app, type Behavior, closeGracefully, publicHeader } from './app.ts'
import { type CaseAddresses, type CasePorts, caseAddresses, colorHosts } from './cases.ts'
import { readFlag } from './flag.ts'
import { type HostCommands, hostCommands } from './host-commands.ts'

export interface Served {
  readonly case: string
  readonly color: Color
  readonly version: string
  /** Wall clock with fractions of a millisecond. */
  readonly at: number
  readonly method: string
  readonly path: string
  /** Came through nginx. */
  readonly public: boolean
  /** Health checks that this deployment of the color had passed before, asked directly. */
  readonly passed: number
  /** The color had been told to stop before the request came. */
  readonly stopped: boolean
}

/** A color was told to start, stop or go. */
export interface Change {
  readonly at: number
  readonly color: Color
  readonly presence: Presence
  readonly version: string
  /** Whom the router named at that moment. */
  readonly named: Color | null
}

export type Presence = 'absent' | 'stopped' | 'running'

export interface HostedCase extends CaseAddresses {
  readonly commands: HostCommands
  readonly served: readonly Served[]
  readonly changes: readonly Change[]
  presence(color: Color): Presence
  start(color: Color, version: string): Promise<void>
  stop(color: Color): Promise<void>
}

export interface ColorHost extends AsyncDisposable {
  add(number: number): HostedCase
}

export interface ColorHostOptions {
  readonly root: string
  readonly ports: CasePorts
  readonly behave?: (version: string) => Behavior
  readonly record?: (served: Served) => void
}

/** The version says how a release misbehaves: `2-bad`, `2-never`, `2-broken`. */
export const behaviorOf = (version: string): Behavior => ({
  health: version.endsWith('-bad') ? 'bad' : version.endsWith('-never') ? 'never' : 'ok',
  public: version.endsWith('-broken') ? 'bad' : 'ok',
  slow: 0,
})

export function startColorHost(options: ColorHostOptions): ColorHost {
  const control = join(options.root, 'control')
  mkdirSync(control, { recursive: true })
  const colors = new Map<string, HostedColor>()
  const watcher = watch(control, (_, file) => colors.get(String(file))?.obey())
  return {
    add: (number) => {
      const addresses = caseAddresses(number, options.root, options.ports)
      mkdirSync(addresses.folder, { recursive: true })
      const served: Served[] = []
      const changes: Change[] = []
      const record = (one: Served) => {
        served.push(one)
        options.record?.(one)
      }
      const host = (color: Color): HostedColor => {
        const hosted = new HostedColor({ addresses, color, changes, record, options })
        colors.set(`${addresses.name}.${color}`, hosted)
        return hosted
      }
      const hosted = { blue: host('blue'), green: host('green') }
      return {
        ...addresses,
        commands: hostCommands(addresses),
        served,
        changes,
        presence: (color) => hosted[color].presence,
        start: (color, version) => hosted[color].become('running', version),
        stop: (color) => hosted[color].become('stopped', '-'),
      }
    },
    [Symbol.asyncDispose]: async () => {
      watcher.close()
      await Promise.all([...colors.values()].map((color) => color.become('absent', '-')))
    },
  }
}

interface HostedColorOptions {
  readonly addresses: CaseAddresses
  readonly color: Color
  readonly changes: Change[]
  readonly record: (served: Served) => void
  readonly options: ColorHostOptions
}

class HostedColor {
  presence: Presence = 'absent'
  readonly #setup: HostedColorOptions
  #server: Server | null = null
  #stopped = false
  #obeyed = ''
  #changes: Promise<void> = Promise.resolve()

  constructor(setup: HostedColorOptions) {
    this.#setup = setup
    this.#tell('absent - 0')
  }

  /** Reads what a command wants; a line without its end is still being written. */
  obey(): void {
    const { addresses, color } = this.#setup
    const request = readFileSync(`${addresses.control}.${color}`, 'utf8')
    if (!request.endsWith('\n') || request === this.#obeyed) return
    this.#obeyed = request
    const [presence, version] = request.trim().split(' ')
    void this.become(presence as Presence, String(version), request.trim())
  }

  become(presence: Presence, version: string, line = `${presence} ${version} 0`): Promise<void> {
    const { color, changes, addresses } = this.#setup
    changes.push({ at: now(), color, presence, version, named: readFlag(addresses.stateDirectory) })
    this.#stopped = true
    this.#changes = this.#changes.then(async () => {
      if (this.#server) await closeGracefully(this.#server)
      this.#server = presence === 'running' ? await this.#listen(version) : null
      this.presence = presence
      this.#tell(line)
    })
    return this.#changes
  }

  async #listen(version: string): Promise<Server> {
    const { addresses, color, options } = this.#setup
    this.#stopped = false
    const server = createServer(this.#recorded(version))
    server.listen(options.ports.color, colorHosts(addresses.name)[color])
    await once(server, 'listening')
    return server
  }

  #recorded(version: string): RequestListener {
    const { color, options } = this.#setup
    const answer = app({ color, version, ...(options.behave ?? behaviorOf)(version) })
    let passed = 0
    return (request, response) => {
      const one = this.#describe(request, version, passed)
      this.#setup.record(one)
      response.on('finish', () => {
        if (!one.public && one.path === '/health' && response.statusCode === 200) passed++
      })
      answer(request, response)
    }
  }

  #describe(request: IncomingMessage, version: string, passed: number): Served {
    return {
      case: this.#setup.addresses.name,
      color: this.#setup.color,
      version,
      at: now(),
      method: String(request.method),
      path: String(request.url),
      public: request.headers[publicHeader] !== undefined,
      passed,
      stopped: this.#stopped,
    }
  }

  #tell(line: string): void {
    const file = join(this.#setup.addresses.folder, this.#setup.color)
    writeFileSync(`${file}.new`, `${line}\n`)
    renameSync(`${file}.new`, file)
  }
}

const now = (): number => performance.timeOrigin + performance.now()

if (import.meta.main) {
  const [root = '', cases, publicPort, colorPort] = process.argv.slice(2)
  await using host = startColorHost({
    root,
    ports: { public: Number(publicPort), color: Number(colorPort) },
    record: (one) => appendFileSync(join(root, 'served.jsonl'), `${JSON.stringify(one)}\n`),
  })
  for (let number = 0; number < Number(cases); number++) host.add(number)
  const ended = once(process, 'SIGTERM')
  console.log('ready')
  await ended
}
