/** A real nginx on loopback, with everything it writes in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Color } from '../../src/targets/target.ts'
import { connects, end } from './child.ts'

export interface Nginx extends AsyncDisposable {
  readonly url: string
  stop(): Promise<void>
}

export interface NginxOptions {
  readonly folder: string
  readonly port: number
  readonly app: string
  readonly ports: Readonly<Record<Color, number>>
  readonly stateDirectory: string
  /** User and group of the workers when root starts nginx; root when not given, so that they can read a temporary folder. */
  readonly workers?: string
}

export const colorPath = (app: string): string => `/.blue-green/${app}/color`

export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { folder, port, workers } = options
  return runNginx({ folder, http: flagRouter(options), address: `127.0.0.1:${port}`, workers })
}

export const flagRouter = ({ port, app, ports, stateDirectory }: NginxOptions): string => {
  const name = app.replaceAll(/[^a-z0-9]/g, '_')
  return `
upstream ${name}_blue { server 127.0.0.1:${ports.blue}; keepalive 32; keepalive_timeout 2s; }
upstream ${name}_green { server 127.0.0.1:${ports.green}; keepalive 32; keepalive_timeout 2s; }
server {
  listen 127.0.0.1:${port};
  open_file_cache off;
  set $${name}_color blue; set $${name}_ready lost;
  if (-f ${stateDirectory}/ready) { set $${name}_ready ready; }
  if (-f ${stateDirectory}/green) { set $${name}_color green; }
  location = ${colorPath(app)} { if ($realip_remote_addr !~ "^127\\.|^::1$") { return 404; } default_type text/plain; return 200 "$${name}_color $${name}_ready\\n"; }
  location / {
    if ($${name}_ready = lost) { return 503 "nobody is routed\\n"; }
    proxy_pass http://${name}_$${name}_color;
  }
}`
}

interface Run {
  readonly folder: string
  readonly http: string
  readonly address: string
  readonly workers?: string | undefined
}

export async function runNginx({
  folder,
  http,
  address,
  workers = userInfo().username,
}: Run): Promise<Nginx> {
  await mkdir(folder, { recursive: true })
  const configuration = join(folder, 'nginx.conf')
  await writeFile(configuration, frame({ folder, http, user: process.getuid?.() === 0 ? workers : null }))
  const log = join(folder, 'error.log')
  const child = spawn(await findNginx(), ['-p', folder, '-c', configuration, '-e', log], { stdio: 'ignore' })
  await listening(child, address, log)
  const stop = () => end(child)
  return { url: `http://${address}`, stop, [Symbol.asyncDispose]: stop }
}

const frame = ({ folder, http, user }: { folder: string; http: string; user: string | null }): string => {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
${user === null ? '' : `user ${user};`}
worker_processes 2;
worker_rlimit_nofile 65536;
pid ${folder}/nginx.pid;
events { worker_connections 8192; }
http {
access_log off;
${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
proxy_http_version 1.1;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header Host $host;
proxy_set_header Connection "";
keepalive_requests 1000000;
variables_hash_max_size 4096;
${http}
}
`
}

async function findNginx(): Promise<string> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  for (const folder of folders) {
    const path = join(folder, 'nginx')
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  throw new Error('nginx is not installed, and the bed routes with a real one: sudo apt-get install nginx')
}

async function listening(child: ChildProcess, address: string, log: string): Promise<void> {
  const [host, port] = address.split(':')
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (child.exitCode !== null) throw new Error(`nginx did not start:\n${await readFile(log, 'utf8')}`)
    if (await connects(Number(port), String(host))) return
    await sleep(5)
  }
  await end(child)
  throw new Error(`nginx does not listen on ${address}:\n${await readFile(log, 'utf8')}`)
}
