import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import {
  endMain,
  isSameProcess,
  startTimeIn,
  startTimeOf,
  thisProcess,
} from '../../src/github/main-process.ts'
import {
  createRecord,
  openRecord,
  type RecordState,
  readRecordState,
  removeRecord,
  type SealedRecord,
  takeEnvironment,
} from '../../src/github/sealed-record.ts'
import { parseEntries, toValues } from '../runner/file-commands.ts'

let temp: string
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'record-'))
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})
afterAll(() => {
  vi.restoreAllMocks()
  rmSync(temp, { recursive: true, force: true })
})

const first: SealedRecord = {
  given: { inputs: { 'ssh-key': 'top-secret-key' }, config: null, environment: {} },
  environment: { AWS_REGION: 'eu-west-1' },
  nonce: 'n0nce',
  main: thisProcess(),
  operation: null,
  lease: null,
}

function create(record = first) {
  const stateFile = join(mkdtempSync(join(temp, 'state-')), 'state')
  writeFileSync(stateFile, '')
  vi.stubEnv('GITHUB_STATE', stateFile)
  const keeper = createRecord(record, { RUNNER_TEMP: temp, GITHUB_STATE: stateFile })
  vi.unstubAllEnvs()
  const saved = toValues(parseEntries(readFileSync(stateFile, 'utf8')).entries)
  const state = readRecordState({ STATE_record: saved.record, STATE_key: saved.key })
  return { keeper, state }
}

const whyOf = (state: RecordState) => {
  const opened = openRecord(state)
  return opened.kind === 'unreadable' ? opened.why : opened.kind
}

describe('the sealed record', () => {
  it('gives post what main knew last', () => {
    const { keeper, state } = create()
    keeper.update({ operation: { id: 'o-1', traffic: 'switching' } })
    keeper.update({ lease: { fence: 4, nonce: 'n0nce' } })
    expect(openRecord(state)).toEqual({
      kind: 'record',
      folder: keeper.folder,
      record: {
        ...first,
        operation: { id: 'o-1', traffic: 'switching' },
        lease: { fence: 4, nonce: 'n0nce' },
      },
    })
  })

  it('is closed to other users, and tells nothing without its key', () => {
    const { keeper, state } = create()
    expect(statSync(keeper.folder).mode & 0o777).toBe(0o700)
    expect(statSync(state.record).mode & 0o777).toBe(0o600)
    expect(readdirSync(keeper.folder)).toEqual(['record'])
    expect(readFileSync(state.record, 'latin1')).not.toMatch(/top-secret|nonce|AWS/)
  })

  it('was never begun', () => {
    expect(openRecord(readRecordState({}))).toEqual({ kind: 'none' })
  })

  const cut = (file: Buffer) => file.subarray(0, -1)
  const lengthened = (file: Buffer) => Buffer.concat([file, Buffer.from('x')])
  it.each<readonly [string, (file: Buffer) => Buffer | string, RegExp]>([
    ['empty', () => '', /cut short/],
    ['cut', cut, /cut short/],
    ['longer', lengthened, /changed since/],
    ['of another layout', () => `BGR0${'x'.repeat(100)}`, /another version/],
  ])('that is %s is told apart', (_, spoil, why) => {
    const { state } = create()
    writeFileSync(state.record, spoil(readFileSync(state.record)))
    expect(whyOf(state)).toMatch(why)
  })

  it('that cannot be had is told apart', () => {
    const { state } = create()
    expect(whyOf({ ...state, key: '' })).toMatch(/key is missing/)
    expect(whyOf({ ...state, key: Buffer.alloc(32).toString('base64') })).toMatch(/its key is another one/)
    expect(whyOf({ ...state, record: temp })).toMatch(/EISDIR/)
    rmSync(state.record)
    expect(whyOf(state)).toMatch(/the file is gone/)
  })

  it('shows a change of any byte', () => {
    const { state } = create()
    const whole = readFileSync(state.record)
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ 1
      writeFileSync(state.record, changed)
      expect(openRecord(state).kind).toBe('unreadable')
    }
  })

  it('stops the change when it cannot be written, and keeps what it held', () => {
    const { keeper, state } = create()
    rmSync(keeper.folder, { recursive: true })
    expect(() => keeper.update({ operation: 'lost' })).toThrow(
      /cannot be written to .*The change that needs it was not made/,
    )
    expect(whyOf(state)).toMatch(/gone/)
  })

  it('is removed with its folder, and nothing else ever is', () => {
    const { keeper, state } = create()
    removeRecord(state)
    removeRecord(state)
    removeRecord({ record: '', key: '' })
    const other = join(temp, 'other')
    writeFileSync(other, '')
    removeRecord({ record: other, key: '' })
    expect([existsSync(keeper.folder), existsSync(other)]).toEqual([false, true])
  })
})

it('takes credentials and the way out of the network, and no input', () => {
  const taken = {
    PATH: '/bin',
    HOME: '/root',
    NODE_EXTRA_CA_CERTS: '/ca',
    AWS_SESSION_TOKEN: 'a',
    GOOGLE_APPLICATION_CREDENTIALS: 'b',
    CLOUDSDK_CORE_PROJECT: 'c',
    AZURE_CONFIG_DIR: 'd',
    ARM_CLIENT_ID: 'e',
    KUBECONFIG: 'f',
    HTTPS_PROXY: 'g',
    no_proxy: 'h',
  }
  const left = {
    INPUT_PROXY: 'nginx',
    STATE_A_PROXY: '',
    GITHUB_TOKEN: '',
    NODE_OPTIONS: '',
    MY_AWS_: '',
    PATHEXT: '',
    HOMEDRIVE: '',
    LD_PRELOAD: '',
  }
  expect(takeEnvironment({ ...taken, ...left, AWS_REGION: undefined })).toEqual(taken)
})

describe('main', () => {
  const started = (script: string) =>
    spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })

  it('is told from other processes by its start', () => {
    expect(isSameProcess(thisProcess())).toBe(true)
    expect(isSameProcess({ ...thisProcess(), startTime: '1' })).toBe(false)
    expect(isSameProcess({ ...thisProcess(), startTime: '' })).toBe(false)
    expect(startTimeOf(2 ** 30)).toBeNull()
  })

  it.each([
    ['7 (a) S b) R 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 4242 9 9', '4242'],
    ['7 (gone) Z 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 4242 9 9', null],
  ])('starts as the system says: %s', (stat, start) => {
    expect(startTimeIn(stat)).toBe(start)
  })

  it('is asked to end, and ended when it does not', async () => {
    const child = started(
      `process.on('SIGTERM', () => console.log('asked')); setInterval(() => {}, 1000); console.log('ready')`,
    )
    await once(child.stdout, 'data')
    const said = once(child.stdout, 'data')
    const main = { pid: child.pid ?? -1, startTime: startTimeOf(child.pid ?? -1) ?? '' }
    const hurried = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 }
    const exited = once(child, 'exit')
    expect(await endMain(main, hurried)).toBe('ended')
    expect(String(await said)).toBe('asked\n')
    expect(await exited).toEqual([null, 'SIGKILL'])
  })

  it('that left by itself, or whose number is another’s by now, is not touched', async () => {
    const child = started('setInterval(() => {}, 1000)')
    await once(child, 'spawn')
    expect(await endMain({ pid: child.pid ?? -1, startTime: '1' }, systemClock)).toBe('was not running')
    expect(child.exitCode ?? child.signalCode).toBeNull()
    const main = { pid: child.pid ?? -1, startTime: startTimeOf(child.pid ?? -1) ?? '' }
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    expect(await endMain(main, systemClock)).toBe('was not running')
  })
})
