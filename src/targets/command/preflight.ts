import { inspectScript } from '../../host/ledger-scripts.ts'
import { quote } from '../../host/script.ts'
import type { Color, Problem, Router } from '../target.ts'
import { tell } from './keeping.ts'
import { look, type Workplace } from './workplace.ts'

const timeout = 20_000

/** Also asks the user's command `manual` what a person would type, while there is time to ask. */
export async function findProblems(
  workplace: Workplace,
  router: Router,
  manual: Map<Color, readonly string[]>,
): Promise<readonly Problem[]> {
  const host = await inspect(workplace)
  const canRun = host.every(({ setting }) => setting === 'state-directory')
  return [
    ...missingCommands(workplace),
    ...host,
    ...(canRun ? await observeProblems(workplace, router) : []),
    ...(host.length === 0 ? await askManual(workplace, manual) : []),
  ]
}

const required = ['observe', 'deploy', 'switch'] as const

const missingCommands = ({ settings }: Workplace): readonly Problem[] =>
  required
    .filter((name) => settings.commands[name].length === 0)
    .map((name) => ({
      setting: 'commands',
      what: `There is no command "${name}".`,
      fix: `Give \`commands: { ${name}: … }\`.`,
    }))

async function inspect({ settings, connection, surroundings }: Workplace): Promise<readonly Problem[]> {
  const { signal, clock } = surroundings
  const finish = await connection.run(inspectScript(settings.stateDirectory), { signal, clock, timeout })
  if (finish.kind === 'lost') {
    return [
      {
        setting: 'commands',
        what: `${connection.name} does not answer: ${finish.detail}.`,
        fix: 'Try: sh -c true',
      },
    ]
  }
  return finish.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => hostProblem(line, connection.name, settings.stateDirectory))
}

function hostProblem(line: string, host: string, directory: string): Problem {
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
    return { setting: 'commands', what: `${host} has no /proc.`, fix: 'Run the commands on a Linux host.' }
  }
  const from = rest === 'flock' || rest === 'setsid' ? 'util-linux' : 'coreutils'
  return {
    setting: 'commands',
    what: `${host} has no command "${rest}".`,
    fix: `Install the package ${from}: apt-get install ${from}, or apk add ${rest === 'flock' ? 'flock' : from}`,
  }
}

async function observeProblems({ settings }: Workplace, router: Router): Promise<readonly Problem[]> {
  if (settings.commands.observe.length === 0) return []
  const traffic = await router.observe()
  if (traffic.kind !== 'unknown') return []
  return [{ setting: 'commands', what: `${traffic.detail}.`, fix: traffic.repair.join('\n') }]
}

async function askManual(
  workplace: Workplace,
  manual: Map<Color, readonly string[]>,
): Promise<readonly Problem[]> {
  if (workplace.settings.commands.manual.length === 0) return []
  const problems: Problem[] = []
  for (const color of ['blue', 'green'] as const) {
    const { code, said } = await look(workplace, 'manual', await tell(workplace, color))
    if (code === 0) manual.set(color, said.split('\n'))
    else
      problems.push({
        setting: 'commands',
        what: `"manual" for ${color} failed.`,
        fix: 'It only prints text; let it end with 0.',
      })
  }
  return problems
}
