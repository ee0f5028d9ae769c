/** The quick start for a VPS, on a server whose users are there all the time. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startLoad } from '../bed/load.ts'
import { lacksVps } from '../vps/lacks-vps.ts'
import { asOwner, openPremises, pasteIn } from './premises.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/targets/vps.md'), 'utf8')
const blockOf = (language: string, holding: string): string =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))]
    .map(([, text = '']) => text)
    .find((text) => text.includes(holding)) ?? ''

const composeFile = blockOf('yml', 'docker-compose.blue.yml')
const [step] = parse(blockOf('yaml', 'uses: org/')) as [{ readonly with: Readonly<Record<string, string>> }]

/** The site of somebody who has never heard of colors. */
const plainSite = `server {
    listen 80;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3010;
    }
}
`

const linesAfter = (text: string, comment: RegExp): string => {
  const [, lines = ''] = new RegExp(`^# ${comment.source}\\n((?:[^#\\n].*\\n)*)`, 'm').exec(text) ?? []
  return lines
}

/** As the comments above the lines tell. */
const edited = (site: string, advice: string): string =>
  site
    .replace(/^( *server_name .*\n)/m, `$1${linesAfter(advice, /Into each server block.*/)}`)
    .replace(/^ *proxy_pass .*\n/m, linesAfter(advice, /Into the location of.*/))

describe.skipIf(lacksVps())('the quick start for a VPS', { timeout: 600_000 }, () => {
  it('takes one paste and one edit, and users of the app that runs already lose nothing', async () => {
    await using premises = await openPremises()
    const { server, registry, urls, here } = premises
    const run = (version: string) => premises.runJob({ version, inputs: step.with })
    await registry.push('v0', { tag: 'latest' })
    for (const version of ['v1', 'v2']) await registry.push(version)
    await server.type(`install -d /srv/shop`)
    await server.write('/srv/shop/docker-compose.blue.yml', here(composeFile))
    await server.write('/srv/shop/docker-compose.green.yml', here(composeFile.replace('3010:', '3020:')))
    await server.write('/etc/nginx/conf.d/shop.conf', here(plainSite))
    await server.type('cd /srv/shop; docker compose -f docker-compose.blue.yml up -d --wait; nginx -s reload')
    await using users = startLoad({ url: urls.shop, keepAlive: 0, fresh: 3, think: { min: 10, max: 40 } })

    const first = await run('v1')
    expect(first.main.outputs, first.log).toMatchObject({ result: 'failed', switched: 'false' })
    const paste = pasteIn(first.main.log)
    expect(paste).toBe(here(pasteIn(page)))
    expect(pasteIn(first.main.summary)).toBe(paste)
    await server.type(asOwner(paste))

    const halfway = await run('v1')
    expect(halfway.main.outputs, halfway.log).toMatchObject({ result: 'failed', switched: 'false' })

    const site = edited(here(plainSite), first.main.log)
    expect(site).toBe(edited(here(plainSite), page))
    await server.write('/etc/nginx/conf.d/shop.conf', site)
    await server.type('nginx -t && nginx -s reload')
    for (const [version, color] of [
      ['v1', 'green'],
      ['v2', 'blue'],
    ] as const) {
      const { main, log } = await run(version)
      expect(main.outputs, log).toMatchObject({ result: 'deployed', 'active-color': color })
    }
    const { lost, answers } = await users.stop()
    expect(lost).toEqual([])
    expect(answers.map(({ version }) => version)).toEqual(['v0', 'v1', 'v2'])
  })
})
