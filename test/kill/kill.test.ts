import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { labPrograms } from '../bed/aws/aws-lab.ts'
import { lacksKubernetes } from '../bed/kubernetes/lacks-kubernetes.ts'
import { lacks } from '../programs.ts'
import { type Bed, type BedName, type BedOptions, startBed } from './bed.ts'
import { runCase } from './case.ts'
import { type CommandTexts, commandTexts } from './commands.ts'
import type { Case } from './matrix.ts'
import { ownershipFaults } from './owners.ts'
import { dist, describe as inWords, runShare } from './run.ts'
import { scenarios } from './scenarios.ts'
import { makeStates } from './states.ts'

const minutes = 60_000

/** What a command does, without what it notes. */
const work = (command: string) =>
  command
    .slice(command.indexOf('pause before\n'), command.indexOf('pause after'))
    .replace('pause before\n', '')

const lacksSsh = (): boolean => lacks('sshd', 'ssh-keygen')

/** The smallest share that has every kind of stop at every kind of point. */
async function keepsPromises(bed: BedName): Promise<void> {
  const report = await runShare({ bed, cases: 0, seed: 1, only: null }, console.log)
  console.log(inWords(report))
  expect(report.failed.map(({ given: { id }, verdicts }) => ({ id, verdicts }))).toEqual([])
  expect(report.run).toBeGreaterThan(4 * report.missed.length)
}

describe('a run that is stopped at any point leaves traffic, users and lease as promised', () => {
  test('with commands on this machine', () => keepsPromises('command'), 40 * minutes)
  test.skipIf(lacksSsh())('with commands over SSH', () => keepsPromises('ssh'), 40 * minutes)
  test.skipIf(lacksKubernetes())('in a cluster', () => keepsPromises('kubernetes'), 40 * minutes)
  test.skipIf(lacks(...labPrograms))('on ECS', () => keepsPromises('ecs'), 40 * minutes)
})

describe.skipIf(lacksSsh())('the harness sees', () => {
  let spoil: (texts: CommandTexts) => Partial<CommandTexts> = () => ({})
  const beds = new Map<BedName, Bed>()
  beforeAll(async () => {
    const commands: NonNullable<BedOptions['commands']> = (one) => {
      const texts = commandTexts(one)
      return { ...texts, ...spoil(texts) }
    }
    for (const name of ['command', 'ssh'] as const) {
      const bed = await startBed({ name, dist, commands })
      beds.set(name, bed)
      await makeStates(bed)
    }
  })
  afterAll(async () => {
    for (const bed of beds.values()) await bed[Symbol.asyncDispose]()
  })

  interface Wanted extends Partial<Case> {
    readonly bed?: BedName
    readonly scenario?: string
    readonly name?: string
  }
  const faultsWith = async (
    { bed: bedName = 'command', scenario: wanted = 'deploy', name = 'park-1', ...change }: Wanted,
    spoiled: typeof spoil,
  ) => {
    spoil = spoiled
    const [bed, scenario] = [beds.get(bedName), scenarios.find((one) => one.name === wanted)]
    if (bed === undefined || scenario === undefined) throw new Error('There is no such bed or scenario.')
    const given: Case = {
      id: 'control',
      point: { scenario, name: `main/${name}` },
      moment: 'after',
      way: 'kill',
      aftermath: 'post-success',
      killsPostAt: null,
      ...change,
    }
    const { verdicts, log } = await runCase(bed, given)
    onTestFailed(() => console.log(log))
    return verdicts.map(({ kind }) => kind)
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

  const cutOff = { bed: 'ssh', way: 'cut', aftermath: 'resume' } as const

  test('nothing where a cut connection is survived', async () => {
    expect(await faultsWith({ ...cutOff, name: 'change:switch-1' }, () => ({}))).toEqual([])
  })

  test('a command that goes on when its connection is cut', async () => {
    const kinds = await faultsWith(
      { ...cutOff, name: 'in:deploy-green', moment: 'before' },
      ({ deploy }) => ({
        deploy: `${deploy}\nsetsid sleep 30 >&- 2>&- &`,
      }),
    )
    expect(kinds).toEqual(['a process was left behind'])
  })

  test('a way back that does not lead back, after a cut', async () => {
    const kinds = await faultsWith(
      // From a cut before anything is begun a run may also end at once, and there is nothing to take back.
      { ...cutOff, scenario: 'broken', name: 'change:switch-1' },
      ({ switch: move }) => ({ switch: `[ "$BLUE_GREEN_COLOR" = green ] || exit 0\n${move}` }),
    )
    expect(kinds).toContain('cut off, it ended neither well nor where it had begun')
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
