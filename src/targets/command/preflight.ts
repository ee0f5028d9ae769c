import { inspectHost } from '../../host/inspection.ts'
import type { Color, Problem, Router } from '../target.ts'
import { tell } from './keeping.ts'
import { look, type Workplace } from './workplace.ts'

/** Also asks the user's command `manual` what a person would type, while there is time to ask. */
export async function findProblems(
  workplace: Workplace,
  router: Router,
  manual: Map<Color, readonly string[]>,
): Promise<readonly Problem[]> {
  const { settings, connection, surroundings } = workplace
  const place = { connection, stateDirectory: settings.stateDirectory, surroundings }
  const host = await inspectHost(place, 'commands')
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
