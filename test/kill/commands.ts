/** What a user writes for a case: commands that cost next to nothing, note when they run, and can freeze the bundle half way. */
import { join } from 'node:path'
import type { HostedCase } from '../bed/color-host.ts'
import { observeCommand, switchCommand } from '../bed/flag.ts'

export type CommandTexts = Readonly<Record<'observe' | 'deploy' | 'switch' | 'stop' | 'remove', string>>

/** Lines of `logOf`, in the order in which commands began and ended. */
export interface Noted {
  /** Which run, and its main or post. */
  readonly by: string
  readonly kind: 'change' | 'hook'
  readonly moment: 'begin' | 'end'
  readonly command: string
  readonly color: string
  readonly version: string
  /** Of the lease, as the command found it. */
  readonly fence: number
}

/** Where commands run; null: the lease is not kept there. */
interface Place {
  readonly folder: string
  readonly stateDirectory: string | null
}

export const logOf = (folder: string): string => join(folder, 'commands.log')

export function parseLog(text: string): readonly Noted[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [by = '', kind, moment, command = '', color = '', version = '', fence] = line.split(' ')
      return { by, kind, moment, command, color, version, fence: Number(fence) } as Noted
    })
}

/** The bundle is frozen before its work or after it; the command itself goes on a moment later. */
export const noting = (
  one: Place,
  kind: Noted['kind'],
  name: string,
  work: string,
): string => `# command: ${name}
note() {
  fence=0
${
  one.stateDirectory === null
    ? ''
    : `  read -r fence rest <'${one.stateDirectory}/ledger/lease' || :
`
}  echo "$KILL_RUN-$KILL_STAGE ${kind} $1 ${name} $BLUE_GREEN_COLOR \${BLUE_GREEN_VERSION:--} $fence" >>'${logOf(one.folder)}'
}
pause() {
  case " \${KILL_AT-} " in
    *" $KILL_STAGE/in:${name}-$BLUE_GREEN_COLOR/$1 "*) ;;
    *) return 0 ;;
  esac
  : >"$KILL_TRAPPED"
  sleep 0.3
}
note begin
pause before
${work}
pause after
note end`

export const commandTexts = (one: HostedCase): CommandTexts => ({
  observe: `# command: observe\n${observeCommand(one.stateDirectory)}`,
  deploy: noting(one, 'change', 'deploy', one.commands.deploy),
  switch: noting(one, 'change', 'switch', switchCommand(one.stateDirectory)),
  stop: noting(one, 'change', 'stop', one.commands.stop),
  remove: noting(one, 'change', 'remove', one.commands.remove),
})

/** A command of the user's at a named point. */
export const hookText = ({ folder }: Pick<Place, 'folder'>, name: string): string =>
  noting({ folder, stateDirectory: null }, 'hook', name, ':')
