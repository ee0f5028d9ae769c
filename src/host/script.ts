/** Text of POSIX sh. Whatever a user wrote enters it through `quote` alone. */
import type { Environment } from '../targets/target.ts'

export function quote(text: string): string {
  if (text.includes('\0')) throw new TypeError('A text with a NUL character cannot be given to a shell.')
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * A script of which any shorter beginning does nothing, since a connection may break while it is sent. Inside, stdin is empty,
 * and descriptor 3 is the script's own stdin: it ends when the client does.
 */
export const script = (body: string): string => `main() {\n${body}\n}\n{ main 3<&0 </dev/null; exit "$?"; }\n`

/** The same for a script whose descriptor 3 is there already. */
export const innerScript = (body: string): string => `main() {\n${body}\n}\n{ main </dev/null; exit "$?"; }`

export function exportText(environment: Environment): string {
  return Object.entries(environment)
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new TypeError(`"${name}" cannot be the name of an environment variable.`)
      }
      return `${name}=${quote(value)}\nexport ${name}\n`
    })
    .join('')
}

/** A user's command with the environment it gets on top of what is there. */
export interface Command {
  readonly run: string
  readonly env: Environment
}

/**
 * A function that runs the commands one after the other until one fails. The text of a command stays a value, so that no
 * brace, quote or `exit` in it reaches our script, and it stands in no argument list, which every user of a host can read.
 */
export function commandFunction(name: string, commands: readonly Command[]): string {
  const subshells = commands.map(
    ({ run, env }) =>
      `(\n${exportText(env)}BG_COMMAND=${quote(run)}\nexport BG_COMMAND\n` +
      `exec sh -c 'c=$BG_COMMAND; unset BG_COMMAND; set -eu; eval "$c"'\n)`,
  )
  return `${name}() {\n${subshells.join(' && ') || ':'}\n}\n`
}

/** Words are quoted only where the shell needs it, to be pleasant to read. */
const shellWord = (text: string): string => (/^[\w./@:+,=-]+$/.test(text) ? text : quote(text))

/** What a person types. */
export const shell = (...words: readonly string[]): string => words.map(shellWord).join(' ')
