/** A user's command on the runner: the same dead man's switch, with the process group kept in a folder of ours. */
import type { Clock } from '../clock.ts'
import { ChangeFailed, type Environment, type Hook, TargetUnreachable } from '../targets/target.ts'
import { type Connection, endingTime } from './connection.ts'
import { endRecordedFunction, lead, leaderScript, processFunctions, putFunction } from './dead-man.ts'
import { lastWords } from './failures.ts'
import { seconds } from './guarded-change.ts'
import { type Command, commandFunction, quote, script } from './script.ts'

export interface RunnerHook {
  readonly hook: Hook
  /** Lies over the hook's own environment. */
  readonly env: Environment
  /** Absolute path of a folder that exists; the process group is recorded in its file `pgid`. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly clock: Clock
  output(text: string): void
}

/** Throws ChangeFailed with the exit code and the tail of what was said; rejects with the signal's reason when aborted. */
export async function runOnRunner(connection: Connection, options: RunnerHook): Promise<void> {
  const { hook, env, folder, signal, clock } = options
  const finish = await connection.run(
    hookScript({ run: hook.run, env: { ...hook.env, ...env } }, folder, hook.timeout),
    {
      signal,
      clock,
      timeout: hook.timeout + 2 * endingTime,
      onStderr: (chunk) => options.output(chunk),
    },
  )
  if (finish.kind === 'lost')
    throw new TargetUnreachable(`The command was lost on ${connection.name}: ${finish.detail}`)
  const [, code = '143', ended] = /^finished (\d+) ?(\w*)/.exec(finish.stdout) ?? []
  if (ended)
    throw new ChangeFailed(
      `The command did not end within ${seconds(hook.timeout)} s and was ended.${lastWords(finish.stderrTail)}`,
    )
  if (code !== '0')
    throw new ChangeFailed(`The command ended with exit code ${code}.${lastWords(finish.stderrTail)}`)
}

/** Ends what an earlier process left running. Throws ChangeFailed when it cannot be ended. */
export async function endRecordedIn(
  connection: Connection,
  folder: string,
  options: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  const text = script(`${processFunctions}${endRecordedFunction}end_recorded ${quote(`${folder}/pgid`)}`)
  const finish = await connection.run(text, { ...options, timeout: 3 * endingTime })
  if (finish.kind === 'lost')
    throw new TargetUnreachable(`What ran on ${connection.name} is unknown: ${finish.detail}`)
  if (finish.code !== 0)
    throw new ChangeFailed(
      `A command that an earlier step left running could not be ended; see ${folder}/pgid.`,
    )
}

function hookScript(command: Command, folder: string, limit: number): string {
  const file = quote(`${folder}/pgid`)
  const leader = leaderScript({
    onClientDeath: 'end',
    mark: 'none',
    body: `${commandFunction('hook', [command])}
record_group ${file} || printf '%s\\n' "The process group could not be recorded: $why" >&2
run hook ${seconds(limit)}
[ -n "$ended" ] || rm -f ${file}
printf 'finished %s %s\\n' "$code" "\${ended:+ended}"`,
  })
  return script(`trap : HUP PIPE
${processFunctions}${endRecordedFunction}${putFunction}
${lead(leader)}
end_recorded ${file}`)
}
