/** The flag as files: nginx says green while `green` is there, and lost while `ready` is not. All of this is text of sh. */
import type { Observation } from '../../../host/guarded-change.ts'
import { quote } from '../../../host/script.ts'
import type { Color } from '../../target.ts'
import { flagFolder } from './names.ts'

const limit = 10_000

/** For the comparison in the same script as a change. Says nothing, and fails, where nginx would say lost. */
export const flagObservation = (stateDirectory: string): Observation => ({
  commands: [
    {
      run: `cd ${quote(flagFolder(stateDirectory))}
[ -f ready ] || { echo "$PWD/ready is missing" >&2; exit 1; }
if [ -f green ]; then echo green; else echo blue; fi`,
      env: {},
    },
  ],
  limit,
})

/**
 * A rename needs no free block on the disk. The file is made only where somebody has removed it, and removed only where the
 * folder it came from is gone. Whoever says which color it is makes the flag readable again where it was not.
 */
export const flipText = (stateDirectory: string, to: Color): string =>
  `cd ${quote(flagFolder(stateDirectory))}\n${
    to === 'green'
      ? '[ -f green ] || mv -f off/green green 2>/dev/null || : >green'
      : '[ ! -f green ] || mv -f green off/green 2>/dev/null || rm -f green'
  }\n[ -f ready ] || : >ready`

/** What a person types: right whatever is there. */
export function manualLines(stateDirectory: string, to: Color): readonly string[] {
  const path = shellWord(`${flagFolder(stateDirectory)}/green`)
  return [to === 'green' ? `touch ${path}` : `rm -f ${path}`]
}

/** Quoted only where the shell needs it, to be pleasant to read. */
export const shellWord = (text: string): string => (/^[\w./@:+,-]+$/.test(text) ? text : quote(text))

export type FlagWord = Color | 'absent' | 'closed' | 'unready'

/** What the files say, and what nginx may need to be told. */
export interface FlagFiles {
  /** absent: no such folder; closed: we may not look into it; unready: without its marker. */
  readonly flag: FlagWord
  /** Who deploys. */
  readonly user: string
  /** Folders on the way to the flag into which users other than their owner and group cannot look. */
  readonly hidden: readonly string[]
}

export const lookText = (stateDirectory: string): string => `folder=${quote(flagFolder(stateDirectory))}
near=$folder
while [ ! -d "$near" ]; do near=\${near%/*} near=\${near:-/}; done
if [ ! -x "$near" ]; then flag=closed
elif [ "$near" != "$folder" ]; then flag=absent
elif [ ! -f "$folder/ready" ]; then flag=unready
elif [ -f "$folder/green" ]; then flag=green
else flag=blue
fi
printf 'flag %s\\nuser %s\\n' "$flag" "$(id -un)"
while [ "$near" != / ]; do
  case $(ls -ld "$near") in ?????????[xt]*) ;; *) printf 'hidden %s\\n' "$near" ;; esac
  near=\${near%/*} near=\${near:-/}
done`

export function parseLook(said: string): FlagFiles {
  const of = (kind: string) =>
    said
      .split('\n')
      .filter((line) => line.startsWith(`${kind} `))
      .map((line) => line.slice(kind.length + 1))
  const flag = of('flag')[0] ?? ''
  return {
    flag: isFlagWord(flag) ? flag : 'closed',
    user: of('user')[0] ?? '',
    hidden: of('hidden'),
  }
}

const words: readonly string[] = ['blue', 'green', 'absent', 'closed', 'unready'] satisfies FlagWord[]
const isFlagWord = (text: string): text is FlagWord => words.includes(text)
