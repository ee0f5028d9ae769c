/** What the docs call the server. Its owner sits at a shell there, as root. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SshAccess } from '../bed/vps/host.ts'
import type { App } from '../bed/vps/host-app.ts'
import { asRoot } from '../bed/vps/root.ts'

export interface Greeting {
  readonly pid: number
  readonly ssh: SshAccess
  readonly environment: Readonly<Record<string, string>>
  readonly ports: App['ports']
}

export interface Server extends AsyncDisposable {
  readonly ssh: SshAccess
  /** Of two services; those of the public sites have nothing to do with colors. */
  readonly ports: App['ports']
  /** Resolves with what it prints, rejects with all that was said. */
  type(commands: string): Promise<string>
  write(path: string, text: string): Promise<void>
}

export async function openServer(): Promise<Server> {
  const program = join(import.meta.dirname, 'server-process.ts')
  const namespace = ['unshare', '--mount', '--propagation', 'private']
  const [file, given] = asRoot([...namespace, process.execPath, program])
  const child = spawn(file, given, { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([once(lines, 'line'), closed.then(() => null)])
  if (line === null) throw new Error('The server did not start.')
  const { pid, ssh, environment, ports }: Greeting = JSON.parse(line[0])
  const variables = { ...environment, PATH: `${environment.PATH}:/usr/sbin:/sbin` }
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const shell = asRoot(['nsenter', '--mount', '--target', `${pid}`, 'env', ...settings, 'sh', '-eu'])
  return {
    ssh,
    ports,
    type: (commands) => typed(shell, commands),
    write: async (path, text) => void (await typed(shell, `cat >'${path}' <<'TEXT'\n${text}TEXT\n`)),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await closed
    },
  }
}

async function typed([file, given]: readonly [string, readonly string[]], commands: string): Promise<string> {
  const shell = spawn(file, given, { stdio: 'pipe' })
  const said = { all: '', printed: '' }
  shell.stdout.on('data', (text) => {
    said.all += text
    said.printed += text
  })
  shell.stderr.on('data', (text) => {
    said.all += text
  })
  shell.stdin.end(commands)
  const [code] = await once(shell, 'close')
  if (code !== 0) throw new Error(`${commands}\n${said.all}`)
  return said.printed
}
