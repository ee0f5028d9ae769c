import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Job, type JobOptions, startJob, startStep } from './runner.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'runner-double-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const toRemove: { remove(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of toRemove.splice(0)) await one.remove()
})

const prelude = `
  import { appendFileSync } from 'node:fs'
  const save = (name, value) => appendFileSync(process.env['GITHUB_' + name], value + '\\n')
  const forever = setInterval(() => {}, 1000)
  const leave = (code = 0) => process.exit(code)
`
let scripts = 0
function script(text: string): string {
  scripts += 1
  const path = join(root, `script-${scripts}.mjs`)
  writeFileSync(path, prelude + text)
  return path
}

const waits = { interrupt: 300, terminate: 300, heldOutput: 300 }
const showState = `console.log(JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(STATE|INPUT)_/.test(name))))); leave()`

function step(main: string, post = showState, options: Partial<Parameters<typeof startStep>[0]> = {}) {
  const started = startStep({ root, waits, action: { main: script(main), post: script(post) }, ...options })
  toRemove.push(started)
  return started
}

function job(options: JobOptions = {}): Job {
  const started = startJob({ root, waits, ...options })
  toRemove.push(started)
  return started
}

describe('state', () => {
  it('reaches post although main was killed', async () => {
    const run = step(`save('STATE', 'phase=switching'); console.log('saved')`)
    await run.until('saved')
    expect((await run.kill()).signal).toBe('SIGKILL')
    expect(JSON.parse((await run.post('failure')).stdout)).toEqual({
      'INPUT_JOB-STATUS': 'failure',
      STATE_phase: 'switching',
    })
  })

  it('keeps what stands before a torn entry, and fails the step', async () => {
    const run = step(
      `save('STATE', 'key<<end\\nfirst\\nsecond\\nend\\nKEY=third\\ntorn<<end\\nhalf'); leave()`,
    )
    const main = await run.main()
    expect(main.state).toEqual({ key: 'third' })
    expect(main.errors).toEqual([expect.stringContaining("Matching delimiter not found 'end'")])
    expect(JSON.parse((await run.post()).stdout)).toEqual({
      'INPUT_JOB-STATUS': 'failure',
      STATE_key: 'third',
    })
  })

  it('keeps the lines of a value', async () => {
    const main = await step(
      `save('STATE', 'key<<end\\na\\n\\nb=c\\nend'); save('OUTPUT', 'a=b=c'); leave()`,
    ).main()
    expect([main.state, main.outputs]).toEqual([{ key: 'a\n\nb=c' }, { a: 'b=c' }])
  })
})

describe('inputs', () => {
  it('arrive upper-cased with their hyphens, and anew for post', async () => {
    const run = step(showState, showState, { inputs: { 'health-path': '/up', 'with space': 'x' } })
    expect(JSON.parse((await run.main()).stdout)).toEqual({
      'INPUT_HEALTH-PATH': '/up',
      INPUT_WITH_SPACE: 'x',
      'INPUT_JOB-STATUS': 'success',
    })
    expect(JSON.parse((await run.post('cancelled', { 'health-path': '/later' })).stdout)).toEqual({
      'INPUT_HEALTH-PATH': '/later',
      'INPUT_JOB-STATUS': 'cancelled',
    })
  })
})

describe('the log', () => {
  const print = (text: string) => step(`process.stdout.write(${JSON.stringify(text)}); leave()`).main()

  it('obeys commands at the start of a line, and old ones anywhere', async () => {
    const { commands, log } = await print(
      '  ::error title=a%2Cb,file=x::50%25%0Aoff\nsee ##[warning]old\nno ::error::here\n::nonsense::x\n',
    )
    expect(commands).toEqual([
      { name: 'error', properties: { title: 'a,b', file: 'x' }, data: '50%\noff' },
      { name: 'warning', properties: {}, data: 'old' },
    ])
    expect(log).toContain('no ::error::here\n::nonsense::x')
  })

  it('obeys nothing between stop-commands and its token', async () => {
    const { commands, outputs } = await print(
      '::stop-commands::t0ken\n::set-output name=a::b\n##[error]x\ry\r::error::z\n::t0ken::\n::notice::back\n',
    )
    expect(commands.map(({ name }) => name)).toEqual(['stop-commands', 'notice'])
    expect(outputs).toEqual({})
  })

  it('lets a leaked command set an output', async () => {
    expect((await print('::set-output name=a::b\n')).outputs).toEqual({ a: 'b' })
  })

  it('masks from then on, in all later steps too', async () => {
    const run = step(
      `console.log('s3cret'); console.log('::add-mask::s3cret'); console.log('a s3cret b'); leave()`,
      `console.log('s3cret'); leave()`,
    )
    expect((await run.main()).log).toBe('s3cret\na *** b')
    expect((await run.post()).log).toBe('***')
  })
})

describe('signals', () => {
  const stubborn = `for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => console.log(name)); console.log('ready')`

  it('come in the order of the runner', async () => {
    const run = step(stubborn)
    await run.until('ready')
    const main = await run.cancel()
    expect([main.stdout, main.signal, main.canceled]).toEqual(['ready\nSIGINT\nSIGTERM\n', 'SIGKILL', true])
    expect((await run.post()).stdout).toContain('"INPUT_JOB-STATUS":"cancelled"')
  })

  it('leave a main alone that has gone by itself', async () => {
    const run = step(
      `process.on('SIGINT', () => { save('STATE', 'noted=yes'); leave(130) }); console.log('ready')`,
    )
    await run.until('ready')
    const main = await run.cancel('failure')
    expect([main.code, main.state]).toEqual([130, { noted: 'yes' }])
    expect((await run.post()).stdout).toContain('"INPUT_JOB-STATUS":"failure"')
  })

  it('never reach the children of main', async () => {
    const run = step(`
      const { spawn } = await import('node:child_process')
      const child = spawn('sleep', ['60'], { stdio: 'inherit' })
      console.log('child', child.pid, '.')`)
    await run.until(' .')
    const { stdout } = await run.kill()
    const pid = Number(stdout.match(/child (\d+)/)?.[1])
    expect(process.kill(pid, 0)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })

  it('can stop main and let it go on', async () => {
    const run = step(`setTimeout(() => leave(7), 100); console.log('ready')`)
    await run.until('ready')
    run.stop()
    run.cont()
    expect((await run.main()).code).toBe(7)
  })

  it('tells when what was waited for never came', async () => {
    await expect(step(`leave()`).until('ready')).rejects.toThrow('ended without "ready"')
  })
})

describe('a job', () => {
  const action = (main: string, post: string) => ({ main: script(main), post: script(post) })
  const sayStatus = `console.log(process.env['INPUT_JOB-STATUS']); leave()`
  const names = (posts: Awaited<ReturnType<Job['end']>>) =>
    posts.map(({ step, status, stdout }) => [step, status, stdout.trim()])

  it('runs the posts last step first, and skips what a failure skips', async () => {
    const run = job()
    await run.run({ name: 'a', action: action('leave()', sayStatus) })
    await run.run({ name: 'b', action: action('leave(1)', sayStatus) })
    expect(await run.run({ name: 'c', action: action('leave()', sayStatus) })).toBeNull()
    await run.run({ name: 'd', always: true, action: action('leave()', sayStatus) })
    expect(names(await run.end())).toEqual([
      ['d', 'failure', 'failure'],
      ['b', 'failure', 'failure'],
      ['a', 'failure', 'failure'],
    ])
  })

  it('stays a success when a step may fail', async () => {
    const run = job()
    await run.run({ continueOnError: true, action: action('leave(1)', sayStatus) })
    expect(names(await run.end())).toEqual([['step-1', 'success', 'success']])
    expect(run.status).toBe('success')
  })

  it('fails for the posts of earlier steps when a later post fails', async () => {
    const run = job()
    await run.run({ name: 'ours', action: action('leave()', sayStatus) })
    await run.run({ name: 'later', action: action('leave()', `${sayStatus.replace('leave()', 'leave(1)')}`) })
    expect(names(await run.end())).toEqual([
      ['later', 'success', 'success'],
      ['ours', 'failure', 'failure'],
    ])
  })

  it('gives each use of an action its own state, and all of them what is exported', async () => {
    const run = job()
    const twice = action(
      `save('STATE', 'mine=' + process.env.INPUT_APP); save('ENV', 'LAST=' + process.env.INPUT_APP); leave()`,
      `
      console.log(process.env.STATE_mine, process.env.LAST); save('ENV', 'LAST=post'); save('OUTPUT', 'a=b'); leave()`,
    )
    await run.run({ inputs: { app: 'one' }, action: twice })
    await run.run({ inputs: { app: 'two' }, action: twice })
    const posts = await run.end()
    expect(posts.map(({ stdout, outputs }) => [stdout.trim(), outputs])).toEqual([
      ['two two', {}],
      ['one post', {}],
    ])
    expect(run.env).toEqual({ LAST: 'post' })
  })

  it('signals the running step when it is canceled', async () => {
    const run = job()
    const started = run.start({ action: action(`console.log('ready')`, sayStatus) })
    await started?.until('ready')
    await run.cancel()
    expect((await started?.main())?.signal).toBe('SIGINT')
    expect(names(await run.end())).toEqual([['step-1', 'cancelled', 'cancelled']])
  })

  it('leaves nothing behind', async () => {
    const empty = mkdtempSync(join(root, 'empty-'))
    const run = startJob({ root: empty })
    const started = run.start({ action: action(`console.log('ready')`, sayStatus) })
    await started?.until('ready')
    await run.remove()
    expect(readdirSync(empty)).toEqual([])
    expect((await started?.main())?.signal).toBe('SIGKILL')
  })
})
