/** What is wrong in server blocks that look for the flag. */
import type { Problem } from '../../target.ts'
import { type Directive, inherited, type Place } from './configuration.ts'
import { colorVariable, type FlagSettings, flagFolder } from './names.ts'

export function flagTraps(
  { app, stateDirectory }: FlagSettings,
  places: readonly Place[],
): readonly Problem[] {
  const variable = colorVariable(app)
  const flag = `${flagFolder(stateDirectory)}/green`
  const blocks = new Map<Directive, readonly Directive[]>()
  for (const { directive, around } of places) {
    const server = around.at(-1)
    if (server?.name === 'server' && directive.name === 'set' && directive.arguments[0] === variable)
      blocks.set(server, around)
  }
  return [...blocks].flatMap(([server, around]) => [
    ...cacheTraps(server, around),
    ...folderTraps(server, flag, variable),
  ])
}

function cacheTraps(server: Directive, around: readonly Directive[]): readonly Problem[] {
  const cache = inherited('open_file_cache', around).at(-1)
  if (cache === undefined || cache.arguments[0] === 'off') return []
  return [
    {
      setting: 'router',
      what: `nginx remembers files (${cache.at}) in the server block at ${server.at}, so that it sees a switch late, and each worker at another time.`,
      fix: 'Write into that server block: open_file_cache off;',
    },
  ]
}

/** It may name the right color by chance, until the next switch. */
function folderTraps(server: Directive, flag: string, variable: string): readonly Problem[] {
  const looks = testedFiles(server)
  if (looks.includes(flag)) return []
  const instead = looks.length > 0 ? `, but for ${looks.join(', ')}` : ''
  return [
    {
      setting: 'state-directory',
      what: `The server block at ${server.at} does not look for ${flag}${instead}.`,
      fix: `Write into that server block: if (-f ${flag}) { set ${variable} green; }`,
    },
  ]
}

const testedFiles = ({ block }: Directive): readonly string[] =>
  (block ?? []).flatMap(({ name, arguments: words }) => {
    const [, path] = /^\( ?-f (.*?) ?\)$/.exec(words.join(' ')) ?? []
    return name === 'if' && path !== undefined ? [path] : []
  })
