/** A user's commands that only look: no lock and no fence, ended with their client and by their time. */
import { type ChangePlace, lost } from './change.ts'
import { lead, leaderScript } from './dead-man.ts'
import { type Observation, seconds } from './guarded-change.ts'
import { commandFunction, script } from './script.ts'

export interface Question extends Observation {
  /** What the commands say to stderr belongs to the answer. */
  readonly merged?: boolean
}

export interface Answer {
  /** null: the commands were ended before they could say anything. */
  readonly code: number | null
  readonly said: string
  readonly stderr: string
}

/** Milliseconds a script needs besides the time of its commands to start and to end. */
const overhead = 30_000

/** `name`: what is asked, for people. */
export async function ask(
  { connection, surroundings }: Pick<ChangePlace, 'connection' | 'surroundings'>,
  name: string,
  question: Question,
): Promise<Answer> {
  const finish = await connection.run(askScript(question), {
    signal: surroundings.signal,
    clock: surroundings.clock,
    timeout: question.limit + overhead,
  })
  if (finish.kind === 'lost') throw lost(name, connection, finish.detail)
  return { ...parseAnswer(finish.stdout), stderr: finish.stderrTail }
}

/** Bytes of what the commands said that are kept: the last ones. */
const saidLimit = 64 * 1024

function askScript({ commands, limit, merged = false }: Question): string {
  const body = `${commandFunction('commands', commands)}
answer() {
  { commands ${merged ? '2>&1' : ''}; printf '\\n%s' "$?"; } | ( trap '' TERM; exec tail -c ${saidLimit} )
}
ask answer ${seconds(limit)}
printf '%s' "$said"`
  return script(lead(leaderScript({ onClientDeath: 'end', mark: 'none', body })))
}

function parseAnswer(stdout: string): Pick<Answer, 'code' | 'said'> {
  const answer = /^([\s\S]*)\n(\d+)$/.exec(stdout)
  if (!answer) return { code: null, said: stdout }
  return { code: Number(answer[2]), said: (answer[1] ?? '').replace(/\n+$/, '') }
}
