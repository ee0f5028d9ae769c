import type { Owner } from '../targets/target.ts'

export function readOwner(environment: NodeJS.ProcessEnv, nonce: string): Owner {
  const run = environment.GITHUB_RUN_ID
  const attempt = environment.GITHUB_RUN_ATTEMPT || '1'
  return {
    nonce,
    run: run || 'local',
    attempt,
    job: environment.GITHUB_JOB || 'local',
    step: environment.GITHUB_ACTION || 'local',
    url: run ? urlOfRun(environment, run, attempt) : '',
    actor:
      environment.GITHUB_TRIGGERING_ACTOR ||
      environment.GITHUB_ACTOR ||
      environment.USER ||
      environment.LOGNAME ||
      'somebody',
  }
}

function urlOfRun(environment: NodeJS.ProcessEnv, run: string, attempt: string): string {
  const server = environment.GITHUB_SERVER_URL || 'https://github.com'
  return `${server}/${environment.GITHUB_REPOSITORY ?? ''}/actions/runs/${run}/attempts/${attempt}`
}
