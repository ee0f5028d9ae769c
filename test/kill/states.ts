/** The states that cases start from, made once by real deployments. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finished } from '../runner/runner.ts'
import type { Bed } from './bed.ts'
import type { Point } from './matrix.ts'
import { nextRelease, type Scenario, scenarios } from './scenarios.ts'
import { openScene } from './scene.ts'
import type { RunWanted } from './settings.ts'

export async function makeStates(bed: Bed): Promise<void> {
  await using scene = await openScene(bed, 'nothing')
  const run: RunWanted = { ...nextRelease, oldColor: 'warm' }
  for (const [version, start] of [
    ['v1', 'v1 on blue'],
    ['v2', 'v2 on green'],
  ] as const) {
    const step = scene.begin({ ...run, version }, { label: version })
    expectDone(await step.main())
    expectDone(await step.post('success'))
    await scene.site.keep(start)
  }
}

function expectDone({ code, log }: Finished): void {
  if (code !== 0) throw new Error(`A deployment that nobody disturbs has failed:\n${log}`)
}

/** Every script and every request a scenario runs when nobody stops it, and every command of the user's in it. */
export async function findPoints(bed: Bed, scenario: Scenario): Promise<readonly Point[]> {
  await using scene = await openScene(bed, scenario.start)
  const points = join(scene.site.folder, 'points')
  const step = scene.begin(scenario.run, { label: 'undisturbed', points })
  await step.main()
  await step.post(scenario.job)
  const names = existsSync(points) ? readFileSync(points, 'utf8').trim().split('\n') : []
  const inside = (await scene.log())
    .filter(({ moment, by }) => moment === 'begin' && by.endsWith(scenario.stage))
    .map(({ command, color }) => `${scenario.stage}/in:${command}-${color}`)
  return [...new Set([...names, ...inside])]
    .filter((name) => name.startsWith(`${scenario.stage}/`))
    .map((name) => ({ scenario, name }))
}

export const findAllPoints = async (bed: Bed): Promise<readonly Point[]> =>
  (await Promise.all(scenarios.map((scenario) => findPoints(bed, scenario)))).flat()
