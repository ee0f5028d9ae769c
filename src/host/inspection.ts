/** Whether a host has what our scripts need, and lets us keep the ledger. */
import type { Problem } from '../targets/target.ts'
import type { ChangePlace } from './change.ts'
import { inspectScript } from './ledger-scripts.ts'
import { quote } from './script.ts'

const timeout = 20_000

/** `setting`: the one to name for what is not of the state directory. */
export async function inspectHost(
  { connection, stateDirectory, surroundings }: ChangePlace,
  setting: string,
): Promise<readonly Problem[]> {
  const { signal, clock } = surroundings
  const finish = await connection.run(inspectScript(stateDirectory), { signal, clock, timeout })
  if (finish.kind === 'lost') {
    return [
      {
        setting,
        what: `${connection.name} does not answer: ${finish.detail}.`,
        fix: 'Try: sh -c true',
      },
    ]
  }
  return finish.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => hostProblem(line, { host: connection.name, directory: stateDirectory, setting }))
}

interface Inspected {
  readonly host: string
  readonly directory: string
  readonly setting: string
}

function hostProblem(line: string, { host, directory, setting }: Inspected): Problem {
  const blank = line.indexOf(' ')
  const [kind, rest] = [line.slice(0, blank), line.slice(blank + 1)]
  if (kind === 'directory') {
    return {
      setting: 'state-directory',
      what: `${directory} cannot be written on ${host}: ${rest} is not ours to write.`,
      fix: `sudo install -d -o "$(id -un)" ${quote(directory)}`,
    }
  }
  if (kind === 'proc') {
    return { setting, what: `${host} has no /proc.`, fix: 'Run the commands on a Linux host.' }
  }
  const from = rest === 'flock' || rest === 'setsid' ? 'util-linux' : 'coreutils'
  return {
    setting,
    what: `${host} has no command "${rest}".`,
    fix: `Install the package ${from}: apt-get install ${from}, or apk add ${rest === 'flock' ? 'flock' : from}`,
  }
}
