/** A real OpenSSH server on loopback, with keys of its own, for the user who runs the tests. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from '../programs.ts'
import { connects, end } from './child.ts'
import { freePort } from './ports.ts'

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa'

export interface SshdOptions {
  readonly folder: string
  readonly hostKeys?: readonly KeyType[]
  /** Lines of sshd_config, which go before the usual ones and so win. */
  readonly config?: string
}

export interface Sshd extends AsyncDisposable {
  readonly port: number
  readonly user: string
  /** Files of the key that is let in. */
  readonly keyFile: string
  /** Text of the private key that is let in. */
  readonly key: string
  /** Of the key it shows unless asked for another. */
  readonly hostKeyFile: string
  /** `TYPE KEY`, as it stands in known_hosts after the name. */
  hostKey(type: KeyType): string
  /** All of them. */
  readonly knownHosts: string
  /** What the server wrote so far. */
  log(): string
  /** Names of the processes that run on the host for whoever is logged in. */
  running(): readonly string[]
  /** Every process that serves a connection stops, and goes on. */
  freeze(): void
  thaw(): void
}

export async function startSshd({ folder, hostKeys = ['ed25519'], config = '' }: SshdOptions): Promise<Sshd> {
  mkdirSync(folder, { recursive: true })
  const keyFile = join(folder, 'user')
  makeKey(keyFile, 'ed25519')
  for (const type of hostKeys) makeKey(hostKeyFile(folder, type), type)
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${keyFile}.pub`))
  const port = await freePort()
  const { username: user } = userInfo()
  const file = join(folder, 'sshd_config')
  writeFileSync(file, configuration({ folder, port, user, hostKeys, config }))
  // Where root's server waits for who logs in; a package that starts no server makes none.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const log = join(folder, 'log')
  const child = spawn(findProgram('sshd') ?? 'sshd', ['-D', '-f', file, '-E', log], { stdio: 'ignore' })
  await listening(child, port, log)
  const hostKey = (type: KeyType) =>
    readFileSync(`${hostKeyFile(folder, type)}.pub`, 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  const serving = () => descendants(child.pid ?? -1).filter((pid) => nameOf(pid).startsWith('sshd'))
  const signal = (name: NodeJS.Signals) => {
    for (const pid of serving()) process.kill(pid, name)
  }
  return {
    port,
    user,
    keyFile,
    key: readFileSync(keyFile, 'utf8'),
    hostKeyFile: hostKeyFile(folder, hostKeys[0] ?? 'ed25519'),
    hostKey,
    knownHosts: hostKeys.map((type) => `[127.0.0.1]:${port} ${hostKey(type)}\n`).join(''),
    log: () => readFileSync(log, 'utf8'),
    running: () =>
      descendants(child.pid ?? -1)
        .map(nameOf)
        .filter((name) => name !== '' && !name.startsWith('sshd')),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      const left = serving()
      signal('SIGCONT')
      await end(child)
      for (const pid of left) if (nameOf(pid).startsWith('sshd')) process.kill(pid, 'SIGKILL')
    },
  }
}

export function makeKey(file: string, type: KeyType, ...more: readonly string[]): void {
  const size = type === 'rsa' ? ['-b', '2048'] : []
  const phrase = more.includes('-N') ? [] : ['-N', '']
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, ...phrase, '-C', 'test', '-f', file, ...more])
}

const hostKeyFile = (folder: string, type: KeyType) => join(folder, `host_${type}`)

interface Configuration {
  readonly folder: string
  readonly port: number
  readonly user: string
  readonly hostKeys: readonly KeyType[]
  readonly config: string
}

/** The first value of an option counts. */
const configuration = ({ folder, port, user, hostKeys, config }: Configuration): string => `${config}
ListenAddress 127.0.0.1:${port}
PidFile none
${hostKeys.map((type) => `HostKey ${hostKeyFile(folder, type)}`).join('\n')}
AuthorizedKeysFile ${folder}/authorized_keys
StrictModes no
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
AllowUsers ${user}
UsePAM no
MaxSessions 10
MaxStartups 50:30:100
LogLevel VERBOSE
`

async function listening(child: ChildProcess, port: number, log: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (child.exitCode !== null) throw new Error(`sshd did not start:\n${readFileSync(log, 'utf8')}`)
    if (await connects(port, '127.0.0.1')) return
    await sleep(5)
  }
  await end(child)
  throw new Error(`sshd does not listen on ${port}:\n${readFileSync(log, 'utf8')}`)
}

/** Every process below one, of the ones alive now. */
function descendants(of: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  )
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid) ?? 0
    return parent === of || (parent > 1 && isBelow(parent))
  }
  return [...parents.keys()].filter(isBelow)
}

const stat = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}
const parentOf = (pid: number): number => Number(/\) \S (\d+)/.exec(stat(pid))?.[1] ?? 0)
const nameOf = (pid: number): string => /\((.*)\)/.exec(stat(pid))?.[1] ?? ''
