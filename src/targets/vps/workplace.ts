/** Where a color runs, and the two ways to run something there: to look, and to change. */
import { ask } from '../../host/asking.ts'
import type { ChangePlace } from '../../host/change.ts'
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

/** What a command said that only looks. Throws ChangeFailed when it failed. */
export async function look(
  place: ChangePlace,
  name: string,
  run: string,
  env: Environment = {},
): Promise<string> {
  const { code, said, stderr } = await ask(place, name, { commands: [{ run, env }], limit: lookTime })
  if (code === 0) return said
  const why = stderr.trim().split('\n').at(-1) || said.trim().split('\n').at(-1) || ''
  throw new ChangeFailed(
    `On ${place.connection.name}, ${name} ${code === null ? `did not end within ${lookTime / 1000} s` : `failed: ${why}`}.`,
  )
}

/** Asked once: what it says does not change in the time of a run. */
export function surveyOnce(place: ChangePlace, settings: VpsSettings): () => Promise<Survey> {
  let asked: Promise<Survey> | null = null
  const askDocker = async () => {
    const text = await look(place, 'the look at docker', surveyText(settings))
    return judgeSurvey(text, settings, place.connection.name)
  }
  return async () => {
    asked ??= askDocker()
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
