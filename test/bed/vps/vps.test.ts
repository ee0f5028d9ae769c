import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Color } from '../../../src/targets/target.ts'
import { lacks } from '../../programs.ts'
import { said } from '../../ssh/place.ts'
import { flip } from '../flag.ts'
import { temporaryFolder } from '../folder.ts'
import { startLoad } from '../load.ts'
import { type App, startVps, type Vps } from './host.ts'
import { startRegistry } from './registry.ts'
import { lacksRoot } from './root.ts'
import { logInto } from './ssh-access.ts'
import type { Web } from './web.ts'

const needed = [
  'dockerd',
  'docker',
  'docker-registry',
  'nginx',
  'sshd',
  'vps-app',
  'compose-v2',
  'compose-newest',
]

/** By hand, the least that routes by the flag. */
const routed = (name: string, { ports, stateDirectory }: App): Web => ({
  httpSnippet: (['blue', 'green'] as const)
    .map((color) => `upstream web_${color} { server 127.0.0.1:${ports.web?.[color]}; keepalive 32; }`)
    .join('\n'),
  sites: [
    {
      names: [name],
      serverSnippet: `set $color blue; if (-f ${stateDirectory}/green) { set $color green; }`,
      locations: 'location / { proxy_pass http://web_$color; }',
    },
  ],
})

const up = (vps: Vps, { directory }: App, color: Color): Promise<string> =>
  said(
    logInto(vps),
    `cd ${directory} && docker compose -p shop-${color} -f docker-compose.${color}.yml up -d --wait 2>&1`,
  )

describe.skipIf(lacks(...needed) || lacksRoot())('a VPS on loopback', { timeout: 120_000 }, () => {
  it.each(['v2', 'newest'] as const)('runs colors over SSH by compose %s behind nginx', async (compose) => {
    await using folder = await temporaryFolder()
    await using registry = await startRegistry({ folder: join(folder.path, 'registry') })
    await using vps = await startVps({ compose, login: 'unprivileged' })
    const app = await vps.addApp('shop', ['web'])
    const images = { blue: await registry.push('v1'), green: await registry.push('v2') }
    for (const color of ['blue', 'green'] as const) {
      await app.writeCompose(color, { web: { image: images[color].reference } })
      await up(vps, app, color)
    }
    await app.route('blue')
    await vps.serve(routed('localhost', app))

    await using load = startLoad({
      url: `http://127.0.0.1:${vps.port}`,
      keepAlive: 4,
      fresh: 2,
      think: { min: 0, max: 20 },
    })
    for (const color of ['green', 'blue', 'green'] as const) {
      await new Promise((resolve) => setTimeout(resolve, 300))
      await flip(app.stateDirectory, color)
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    const report = await load.stop()
    expect(report.lost).toEqual([])
    expect(report.answers.map(({ color, version }) => `${color} ${version}`)).toEqual(['blue v1', 'green v2'])
  })
})
