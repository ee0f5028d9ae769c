import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HostedCase } from '../bed/color-host.ts'
import { type Bed, startBed } from './bed.ts'
import { runCase } from './case.ts'
import { type CommandTexts, commandTexts } from './commands.ts'
import type { Case } from './matrix.ts'
import { ownershipFaults } from './owners.ts'
import { describe as inWords, runShare, wantedBy } from './run.ts'
import { scenarios } from './scenarios.ts'
import { makeStates } from './states.ts'

const minutes = 60_000

/** What a command does, without what it notes. */
const work = (command: string) =>
  command
    .slice(command.indexOf('pause before\n'), command.indexOf('pause after'))
    .replace('pause before\n', '')

test(
  'a run that is stopped at any point leaves traffic, users and lease as promised',
  async () => {
    const report = await runShare(wantedBy(process.env, 260), console.log)
    console.log(inWords(report))
    expect(report.failed.map(({ given }) => given.id)).toEqual([])
    expect(report.run).toBeGreaterThan(0)
  },
  180 * minutes,
)

describe('the harness sees', () => {
  let bed: Bed
  beforeAll(async () => {
    bed = await startBed({ dist: wantedBy(process.env, 1).dist, slots: 10 })
    await makeStates(bed)
  })
  afterAll(() => bed[Symbol.asyncDispose]())

  const faultsWith = async (
    { name = 'park-1', ...change }: Partial<Case> & { name?: string },
    spoil: (texts: CommandTexts) => Partial<CommandTexts>,
  ) => {
    const [scenario] = scenarios
    if (scenario === undefined) throw new Error('There are no scenarios.')
    const point = { scenario, name: `main/${name}` }
    const given: Case = {
      id: 'control',
      point,
      moment: 'after',
      way: 'kill',
      aftermath: 'post-success',
      killsPostAt: null,
      ...change,
    }
    const commands = (one: HostedCase) => {
      const texts = commandTexts(one)
      return { ...texts, ...spoil(texts) }
    }
    return (await runCase(bed, given, commands)).map(({ kind }) => kind)
  }

  test('nothing where nothing is wrong', async () => {
    expect(await faultsWith({}, () => ({}))).toEqual([])
  })

  test('a command that stops the live color', async () => {
    const other =
      'if [ "$BLUE_GREEN_COLOR" = blue ]; then BLUE_GREEN_COLOR=green; else BLUE_GREEN_COLOR=blue; fi'
    const kinds = await faultsWith({}, ({ stop }) => ({ stop: `${other}\n${stop}` }))
    expect(kinds).toContain('a color was changed while the router named it')
    expect(kinds).toContain('requests were lost')
  })

  test('a switch that sends users nowhere for a moment', async () => {
    const kinds = await faultsWith({}, ({ switch: move }) => ({
      switch: move.replace('case $BLUE_GREEN_COLOR in', 'rm ready; sleep 1\n$&'),
    }))
    expect(kinds).toContain('requests were lost')
  })

  test('a deployment that lets users in before any check', async () => {
    const kinds = await faultsWith({ name: 'change:deploy-1' }, ({ deploy, switch: move }) => ({
      deploy: `${deploy}\n${work(move)}`,
    }))
    expect(kinds).toContain('users reached a color that had not passed or was stopped')
  })

  test('a command that leaves something running', async () => {
    const kinds = await faultsWith({}, ({ deploy }) => ({ deploy: `${deploy}\nsetsid sleep 30 >&- 2>&- &` }))
    expect(kinds).toEqual(['a process was left behind'])
  })

  test('a switch that is not undone', async () => {
    const kinds = await faultsWith({ aftermath: 'post-failure' }, ({ switch: move, observe }) => ({
      switch: `[ "$BLUE_GREEN_COLOR" = green ] || { : >back; exit 0; }\n${move}`,
      observe: `${observe.replace('; if', '; if [ -e back ]; then echo blue; elif')}`,
    }))
    expect(kinds).toContain('traffic or history is not as the closing table says')
  })

  test('a former owner that comes back', () => {
    const change = { kind: 'change', moment: 'begin', command: 'stop', color: 'blue', version: 'v1' } as const
    const log = [
      { ...change, by: 'one', fence: 1 },
      { ...change, by: 'two', fence: 2 },
      { ...change, by: 'one', fence: 2 },
    ]
    expect(ownershipFaults(log)).toEqual(['one ran stop after two had come'])
  })
})
