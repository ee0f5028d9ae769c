import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startingText } from '../../../../src/targets/vps/nginx-flag/edits.ts'
import type { FlagSettings } from '../../../../src/targets/vps/nginx-flag/names.ts'
import { pasteText } from '../../../../src/targets/vps/nginx-flag/paste.ts'
import { flip, readFlag } from '../../../bed/flag.ts'
import { runNginx } from '../../../bed/nginx.ts'
import { freePort } from '../../../bed/ports.ts'
import { folder } from '../../../host/place.ts'
import { findProgram } from '../../../programs.ts'
import { openPlace, saying, settingsOf, stateFolder } from './place.ts'

/** A server with an nginx whose files are in a folder, and a person who pastes there. */
async function startServer({ includes = 'include conf.d/*.conf;' } = {}) {
  const root = folder()
  const port = await freePort()
  mkdirSync(join(root, 'sites'))
  writeFileSync(join(root, 'sites/other'), `server { listen 127.0.0.1:${port}; return 200 "other\n"; }`)
  const nginx = await runNginx({
    folder: root,
    http: `${includes}\ninclude sites/*;`,
    address: `127.0.0.1:${port}`,
  })
  onTestFinished(() => nginx.stop())
  const bin = join(root, 'bin')
  mkdirSync(bin)
  const program = (name: string, text: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  program('sudo', 'exec "$@"')
  program(
    'nginx',
    `exec '${findProgram('nginx')}' -p '${root}' -c '${root}/nginx.conf' -e '${root}/error.log' "$@"`,
  )
  const type = (text: string, shell = 'sh') =>
    new Promise<{ readonly code: number; readonly said: string }>((resolve) => {
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
      const child = execFile(shell, [], { env, cwd: '/' }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
      )
      child.stdin?.end(`${text}\n`)
    })
  const paste = (settings: FlagSettings, shell?: string) =>
    type(pasteText({ settings, owner: userInfo().username, root }), shell)
  const other = async () => (await fetch(nginx.url)).text()
  return { root, nginx, type, paste, other }
}

const appOn = (port: number, app = 'my-app', more: Parameters<typeof settingsOf>[0] = {}) =>
  settingsOf({
    app,
    stateDirectory: stateFolder(),
    services: [{ name: app, url: `http://127.0.0.1:${port}` }],
    ...more,
  })

/** Every file of nginx that the paste may touch. */
const filesIn = (root: string) =>
  ['conf.d', 'http.d', 'snippets'].flatMap((name) =>
    existsSync(join(root, name)) ? readdirSync(join(root, name)).map((file) => `${name}/${file}`) : [],
  )
const files = ['conf.d/blue-green-my-app.conf', 'snippets/blue-green-my-app.conf']

describe('what is pasted on a server', () => {
  it.each(['sh', 'bash'])(
    'makes nginx know the app, with a server block to start from: %s',
    async (shell) => {
      const { root, paste, type, other } = await startServer()
      const port = await freePort()
      const settings = appOn(port)
      const { code, said } = await paste(settings, shell)
      expect({ code, said }).toEqual({ code: 0, said: saying('test is successful') })
      expect(filesIn(root)).toEqual(files)
      expect(readFlag(settings.stateDirectory)).toBe('blue')
      writeFileSync(
        join(root, 'sites/shop'),
        startingText(settings, root).replace('listen 80', `listen 127.0.0.1:${port}`),
      )
      expect(await type('sudo nginx -t && sudo nginx -s reload')).toMatchObject({ code: 0 })
      const { router } = await openPlace(settings)
      await expect.poll(() => router.observe()).toEqual({ kind: 'color', color: 'blue' })
      expect(await other()).toBe('other\n')
    },
  )

  it('makes a switch server that answers at once', async () => {
    const { root, paste } = await startServer()
    const settings = appOn(80, 'my-app', { listen: { 'my-app': await freePort() } })
    expect(await paste(settings)).toMatchObject({ code: 0 })
    expect(filesIn(root)).toEqual(files.slice(0, 1))
    const { router } = await openPlace(settings)
    await expect.poll(() => router.observe()).toEqual({ kind: 'color', color: 'blue' })
  })

  it('may be pasted again: the flag stays, and what has changed is written', async () => {
    const { root, paste } = await startServer()
    const settings = appOn(80)
    await paste(settings)
    await flip(settings.stateDirectory, 'green')
    expect(await paste(settings)).toMatchObject({ code: 0 })
    expect(readFlag(settings.stateDirectory)).toBe('green')
    const moved = {
      ...settings,
      services: settings.services.map((each) => ({ ...each, ports: { blue: 3011, green: 3021 } })),
    }
    expect(await paste(moved)).toMatchObject({ code: 0 })
    expect(readFileSync(join(root, files[0] ?? ''), 'utf8')).toContain('127.0.0.1:3011')
    expect(filesIn(root)).toEqual(files)
  })

  it('takes back what it wrote when another app looks the same to nginx', async () => {
    const { root, paste, other } = await startServer()
    await paste(appOn(80))
    const { code, said } = await paste(appOn(80, 'my.app'))
    expect(code).not.toBe(0)
    expect(said).toEqual(saying('duplicate upstream "my_app_blue"', 'nginx is as it was before'))
    expect(filesIn(root)).toEqual(files)
    expect(await other()).toBe('other\n')
  })

  it('leaves its former files when nginx refuses the new ones', async () => {
    const { root, paste } = await startServer()
    const settings = appOn(80)
    await paste(settings)
    const before = files.map((file) => readFileSync(join(root, file), 'utf8'))
    writeFileSync(join(root, 'sites/broken'), 'server { listen')
    const moved = {
      ...settings,
      services: settings.services.map((each) => ({ ...each, ports: { blue: 3011, green: 3021 } })),
    }
    const { code, said } = await paste(moved)
    expect(code).not.toBe(0)
    expect(said).toEqual(saying('sites/broken', 'nginx is as it was before'))
    expect(files.map((file) => readFileSync(join(root, file), 'utf8'))).toEqual(before)
    expect(filesIn(root)).toEqual(files)
  })

  it('says when nginx does not read the folder it writes to', async () => {
    const { root, paste } = await startServer({ includes: '' })
    const { code, said } = await paste(appOn(80))
    expect({ code, said }).toEqual({
      code: 1,
      said: saying(`does not include ${root}/conf.d/*.conf`, 'paste this again'),
    })
    expect(filesIn(root)).toEqual([])
  })

  it('writes to http.d where there is one, as on Alpine', async () => {
    const { root, paste } = await startServer({ includes: 'include http.d/*.conf;' })
    mkdirSync(join(root, 'http.d'))
    expect(await paste(appOn(80))).toMatchObject({ code: 0 })
    expect(filesIn(root)).toEqual(['http.d/blue-green-my-app.conf', files[1]])
  })

  it('says when nginx does not run, and has everything ready for it', async () => {
    const { nginx, root, paste } = await startServer()
    await nginx.stop()
    const { code, said } = await paste(appOn(80))
    expect({ code, said }).toEqual({ code: 0, said: saying('nginx does not run yet') })
    expect(filesIn(root)).toEqual(files)
  })

  it('brings back a flag that was lost, whatever characters are in its path', async () => {
    const { paste } = await startServer()
    const settings = appOn(80, 'my-app', { stateDirectory: join(folder(), `it's "a" flag`) })
    await paste(settings)
    rmSync(join(settings.stateDirectory, 'ready'))
    rmSync(join(settings.stateDirectory, 'off'), { recursive: true })
    expect(await paste(settings)).toMatchObject({ code: 0 })
    expect(readFlag(settings.stateDirectory)).toBe('blue')
  })
})
