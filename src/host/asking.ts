/** A user's commands that only look: no lock and no fence, ended with their client and by their time. */
import { lead, leaderScript } from './dead-man.ts'
import { type Observation, seconds } from './guarded-change.ts'
import { commandFunction, script } from './script.ts'

/** Bytes of what the commands said that are kept: the last ones. */
const saidLimit = 64 * 1024

/** `merged`: what the commands say to stderr belongs to the answer. */
export function askScript({ commands, limit }: Observation, options: { readonly merged: boolean }): string {
  const body = `${commandFunction('commands', commands)}
answer() {
  { commands ${options.merged ? '2>&1' : ''}; printf '\\n%s' "$?"; } | ( trap '' TERM; exec tail -c ${saidLimit} )
}
ask answer ${seconds(limit)}
printf '%s' "$said"`
  return script(lead(leaderScript({ onClientDeath: 'end', mark: 'none', body })))
}

/** code null: the commands were ended before they could say anything. */
export function parseAnswer(stdout: string): { readonly code: number | null; readonly said: string } {
  const answer = /^([\s\S]*)\n(\d+)$/.exec(stdout)
  if (!answer) return { code: null, said: stdout }
  return { code: Number(answer[2]), said: (answer[1] ?? '').replace(/\n+$/, '') }
}
