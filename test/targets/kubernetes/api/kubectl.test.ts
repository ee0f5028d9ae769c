import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  environmentForKubectl,
  findKubectl,
  runKubectl,
} from '../../../../src/targets/kubernetes/api/kubectl.ts'
import { installKubectl } from '../../../../src/targets/kubernetes/api/kubectl-release.ts'
import { runnerToolCache } from '../../../../src/targets/kubernetes/api/tool-cache.ts'
import { AccessRefused } from '../../../../src/targets/target.ts'
import { fakeKubectl, folder, forever } from './place.ts'

const program = '#!/bin/sh\necho "v1.33.1 $*"\n'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** As dl.k8s.io: a program and its checksum for each version and architecture. */
async function publish(files: Readonly<Record<string, string>>) {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    const file = files[url]
    if (file === undefined) response.writeHead(404).end()
    else response.end(file)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { asked, from: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const at = '/v1.33.1/bin/linux/amd64/kubectl'
const whole = { [at]: program, [`${at}.sha256`]: `${sha256(program)}\n` }
const wanted = { version: 'v1.33.1', cache: runnerToolCache, architecture: 'x64' }

/** What the runner sets for its own toolkit. */
let tools = ''
let temp = ''
beforeEach(() => {
  tools = folder()
  temp = folder()
  vi.stubEnv('RUNNER_TOOL_CACHE', tools)
  vi.stubEnv('RUNNER_TEMP', temp)
  onTestFinished(() => void vi.unstubAllEnvs())
})

describe('a kubectl that is installed', () => {
  it('runs, and is there the next time', async () => {
    const { from, asked } = await publish(whole)
    const path = await installKubectl({ ...wanted, from })
    const kubectl = { program: path, words: ['--context=prod'], environment: process.env }
    expect(await runKubectl(kubectl, ['version'], forever)).toEqual({
      kind: 'done',
      stdout: 'v1.33.1 --context=prod version\n',
    })
    expect(await installKubectl({ ...wanted, version: '1.33.1', from })).toBe(path)
    expect(asked).toEqual([at, `${at}.sha256`])
    expect(readdirSync(temp)).toEqual([])
  })

  it('is that of the architecture', async () => {
    const { from, asked } = await publish({})
    await expect(installKubectl({ ...wanted, from, architecture: 'arm64' })).rejects.toThrow(AccessRefused)
    expect(asked).toEqual(['/v1.33.1/bin/linux/arm64/kubectl'])
  })

  it('is thrown away when it is not what was published', async () => {
    const { from } = await publish({ ...whole, [`${at}.sha256`]: sha256('another') })
    const refused = installKubectl({ ...wanted, from })
    await expect(refused).rejects.toThrow(AccessRefused)
    await expect(refused).rejects.toThrow(`has the SHA-256 ${sha256(program)}, and`)
    expect(existsSync(join(tools, 'kubectl'))).toBe(false)
    expect(readdirSync(temp)).toEqual([])
  })

  it.each([
    ['without a checksum', { [at]: program }],
    ['with an empty checksum', { ...whole, [`${at}.sha256`]: '' }],
  ])('is not taken %s', async (_, files) => {
    const { from } = await publish(files)
    await expect(installKubectl({ ...wanted, from })).rejects.toThrow(AccessRefused)
    expect(existsSync(join(tools, 'kubectl'))).toBe(false)
  })

  it('of a version that there is not names the setting', async () => {
    const { from } = await publish({})
    await expect(installKubectl({ ...wanted, version: '9.9.9', from })).rejects.toMatchObject({
      setting: 'kubectl-version',
      what: expect.stringContaining('kubectl 9.9.9 cannot be had from'),
    })
  })
})

describe('finding kubectl', () => {
  it('takes the one on the PATH', async () => {
    const kubectl = fakeKubectl('exit 0')
    const environment = { PATH: `/nowhere:${dirname(kubectl.program)}` }
    const found = await findKubectl({ version: null, environment, cache: runnerToolCache })
    expect(found).toBe(kubectl.program)
  })

  it('installs the version that was named whatever is on the PATH', async () => {
    const { from } = await publish({})
    const environment = { PATH: dirname(fakeKubectl('exit 0').program) }
    const found = findKubectl({ version: '9.9.9', environment, cache: runnerToolCache, from })
    await expect(found).rejects.toThrow('kubectl 9.9.9 cannot be had')
  })

  it('installs one where there is none', async () => {
    const { from, asked } = await publish({})
    const found = findKubectl({
      version: null,
      environment: { PATH: folder() },
      cache: runnerToolCache,
      from,
    })
    await expect(found).rejects.toThrow(AccessRefused)
    expect(asked[0]).toMatch(/^\/v1\.\d+\.\d+\/bin\/linux\/\w+\/kubectl$/)
  })
})

describe('running kubectl', () => {
  it('tells what it said when it fails', async () => {
    const kubectl = fakeKubectl('echo "error: no" >&2; exit 1')
    expect(await runKubectl(kubectl, [], forever)).toEqual({ kind: 'failed', stderr: 'error: no' })
  })

  it('refuses what is no program', async () => {
    const kubectl = { program: '/nowhere/kubectl', words: [], environment: process.env }
    await expect(runKubectl(kubectl, [], forever)).rejects.toThrow(AccessRefused)
  })

  it('ends with the run', async () => {
    const controller = new AbortController()
    const log = join(folder(), 'log')
    const running = runKubectl(fakeKubectl(`echo >'${log}'; exec sleep 300`), [], controller.signal)
    await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8')).toBe('\n')
    controller.abort(new Error('interrupted'))
    await expect(running).rejects.toThrow('interrupted')
  })

  it('hands over what programs for credentials need, and nothing of ours', () => {
    const given = { PATH: '/bin', HOME: '/h', AWS_PROFILE: 'a', ACTIONS_ID_TOKEN_REQUEST_URL: 'u' }
    expect(environmentForKubectl({ ...given, INPUT_KUBECONFIG: 'secret', STATE_key: 'secret' })).toEqual(
      given,
    )
  })
})
