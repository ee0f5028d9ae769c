/** Gathers what a user gave, from inputs, the file they name, and the few facts of the runner that settings depend on. */
import { readFileSync } from 'node:fs'
import { readInputs } from './github/inputs.ts'
import type { Given } from './settings/given.ts'

export function readGiven(environment: NodeJS.ProcessEnv): Given {
  const inputs = readInputs(environment)
  return { inputs, config: readConfig(inputs.config), environment: factsOf(environment) }
}

function readConfig(path: string | undefined): Given['config'] {
  if (path === undefined) return null
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch {
    return null
  }
}

function factsOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const { GITHUB_SHA = '', RUNNER_ENVIRONMENT = '' } = environment
  return {
    GITHUB_SHA,
    RUNNER_ENVIRONMENT,
    GITHUB_REPOSITORY_VISIBILITY: visibilityIn(environment.GITHUB_EVENT_PATH),
  }
}

/** The runner has no variable for it; an event without a repository, or none at all, tells nothing. */
function visibilityIn(eventPath: string | undefined): string {
  try {
    const event = JSON.parse(readFileSync(eventPath ?? '', 'utf8')) as {
      repository?: { visibility?: string }
    }
    return event.repository?.visibility ?? ''
  } catch {
    return ''
  }
}
