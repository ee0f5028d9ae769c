/** Where a color runs, and the two ways to run something there: to look, and to change. */
import { askScript, parseAnswer } from '../../host/asking.ts'
import { type ChangePlace, lost } from '../../host/change.ts'
import type { Observation } from '../../host/guarded-change.ts'
import { ChangeFailed, type Environment } from '../target.ts'
import { judgeSurvey, type Survey, surveyText } from './compose/survey.ts'
import type { VpsSettings } from './settings.ts'

export interface Workplace extends ChangePlace {
  readonly settings: VpsSettings
  /** Hash of what is sent to run a release now. */
  readonly configuration: string
  /** The router, as a command that says what it names. */
  readonly observing: Observation
  survey(): Promise<Survey>
}

const lookTime = 60_000
/** What a script needs besides its own time to start and to end. */
const overhead = 30_000

/** What a command said that only looks. Throws ChangeFailed when it failed. */
export async function look(
  place: ChangePlace,
  name: string,
  run: string,
  env: Environment = {},
): Promise<string> {
  const { connection, surroundings } = place
  const commands = [{ run, env }]
  const finish = await connection.run(askScript({ commands, limit: lookTime }, { merged: false }), {
    signal: surroundings.signal,
    clock: surroundings.clock,
    timeout: lookTime + overhead,
  })
  if (finish.kind === 'lost') throw lost(name, connection, finish.detail)
  const { code, said } = parseAnswer(finish.stdout)
  if (code === 0) return said
  const why = finish.stderrTail.trim().split('\n').at(-1) || said.trim().split('\n').at(-1) || ''
  throw new ChangeFailed(
    `On ${connection.name}, ${name} ${code === null ? `did not end within ${lookTime / 1000} s` : `failed: ${why}`}.`,
  )
}

/** Asked once: what it says does not change in the time of a run. */
export function surveyOnce(place: ChangePlace, settings: VpsSettings): () => Promise<Survey> {
  let asked: Promise<Survey> | null = null
  const ask = async () => {
    const text = await look(place, 'the look at docker', surveyText(settings))
    return judgeSurvey(text, settings, place.connection.name)
  }
  return async () => {
    asked ??= ask()
    try {
      const survey = await asked
      if (survey.kind === 'unusable') asked = null
      return survey
    } catch (error) {
      asked = null
      throw error
    }
  }
}
