/**
 * Many independent cases behind one nginx. A case is a number, and its addresses follow from it: users come in at
 * 127.3.x.y, blue answers at 127.1.x.y and green at 127.2.x.y, so that one configuration without any list of upstreams
 * serves them all.
 */
import { join } from 'node:path'
import type { Color } from '../../src/targets/target.ts'
import { type Nginx, runNginx } from './nginx.ts'

export interface CasePorts {
  readonly public: number
  readonly color: number
}

export interface CaseAddresses {
  /** `x.y`: also the name of the folder of the case. */
  readonly name: string
  readonly folder: string
  readonly stateDirectory: string
  /** What commands ask of a color is in the file with this name, a dot and the color. */
  readonly control: string
  readonly url: string
  readonly colorUrl: Readonly<Record<Color, string>>
}

export const caseName = (number: number): string => `${Math.floor(number / 250)}.${(number % 250) + 1}`

export const colorHosts = (name: string): Readonly<Record<Color, string>> => ({
  blue: `127.1.${name}`,
  green: `127.2.${name}`,
})

export const caseAddresses = (number: number, root: string, ports: CasePorts): CaseAddresses => {
  const name = caseName(number)
  const hosts = colorHosts(name)
  return {
    name,
    folder: join(root, name),
    stateDirectory: join(root, name, 'state'),
    control: join(root, 'control', name),
    url: `http://127.3.${name}:${ports.public}`,
    colorUrl: { blue: `http://${hosts.blue}:${ports.color}`, green: `http://${hosts.green}:${ports.color}` },
  }
}

export interface CasesOptions {
  readonly root: string
  readonly cases: number
  readonly ports: CasePorts
}

export async function startCasesNginx({ root, cases, ports }: CasesOptions): Promise<Nginx> {
  const http = casesRouter({ root, cases, ports })
  return runNginx({ folder: join(root, 'nginx'), http, address: `127.3.${caseName(0)}:${ports.public}` })
}

export const casesRouter = ({ root, cases, ports }: CasesOptions): string => {
  const addresses = Array.from({ length: cases }, (_, number) => `127.3.${caseName(number)}:${ports.public}`)
  return `
map $server_addr $name { ~^127\\.3\\.(.+)$ $1; }
map $server_addr $blue { ~^127\\.3\\.(.+)$ 127.1.$1; }
map $server_addr $green { ~^127\\.3\\.(.+)$ 127.2.$1; }
server {
  ${addresses.map((address) => `listen ${address};`).join(' ')}
  open_file_cache off;
  set $color blue; set $ready lost; set $to $blue;
  if (-f ${root}/$name/state/ready) { set $ready ready; }
  if (-f ${root}/$name/state/green) { set $color green; set $to $green; }
  location = /.blue-green/app/color { default_type text/plain; return 200 "$color $ready\\n"; }
  location / {
    if ($ready = lost) { return 503 "nobody is routed\\n"; }
    proxy_pass http://$to:${ports.color};
  }
}`
}
