/**
 * A server with /etc/nginx, /srv and /var/lib of its own, where everything else is the machine's: run as root by `openServer`, in a
 * mount namespace. Says in a line of JSON how to get in, and goes when its standard input ends.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { end } from '../bed/child.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { startVps } from '../bed/vps/host.ts'
import { findProgram } from '../programs.ts'
import type { Greeting } from './server.ts'

/** As a distribution's package brings it. */
const nginxConf = `user www-data;
worker_processes 2;
pid /var/lib/nginx/nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
    include /etc/nginx/conf.d/*.conf;
}
`

await using stack = new AsyncDisposableStack()
const { path: folder } = stack.use(await temporaryFolder())
execFileSync('chmod', ['755', folder])
for (const place of ['/etc/nginx', '/srv', '/var/lib', '/var/log/nginx']) {
  const own = join(folder, place)
  await mkdir(own, { recursive: true })
  execFileSync('mount', ['--bind', own, place])
}
await mkdir('/var/lib/nginx')
await mkdir('/etc/nginx/conf.d')
await writeFile('/etc/nginx/nginx.conf', nginxConf)
const nginx = spawn(findProgram('nginx') ?? 'nginx', ['-g', 'daemon off;'], { stdio: 'ignore' })
stack.defer(() => end(nginx))

const vps = stack.use(await startVps({ login: 'unprivileged' }))
const { ports } = await vps.addApp('ports', ['first', 'second', 'public', 'redirect'])
const { ssh, environment } = vps
const greeting: Greeting = { pid: process.pid, ssh, environment, ports }
console.log(JSON.stringify(greeting))
process.stdin.resume()
await once(process.stdin, 'end')
