/** What the runner makes of the lines a step prints: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs */

export interface Command {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

export interface LogReader {
  readonly commands: readonly Command[]
  /** The lines as the page of the run shows them: masked, and without the commands that show nothing. */
  readonly shown: readonly string[]
  read(line: string): void
}

const registered = new Set(
  'add-mask add-matcher add-path debug echo endgroup error group internal-set-repo-path notice remove-matcher save-state set-env set-output stop-commands warning'.split(
    ' ',
  ),
)

/** `masks` is the job's: what one step hides stays hidden in all that follow. */
export function createLogReader(masks: Set<string>): LogReader {
  const commands: Command[] = []
  const shown: string[] = []
  let stopToken: string | null = null
  const mask = (line: string) =>
    [...masks]
      .sort((a, b) => b.length - a.length)
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), line)
  const obey = (command: Command, line: string): void => {
    if (stopToken !== null) {
      if (command.name !== stopToken) shown.push(mask(line))
      else stopToken = null
      return
    }
    commands.push(command)
    if (command.name === 'stop-commands') stopToken = command.data.toLowerCase()
    if (command.name === 'add-mask') addMask(masks, command.data)
    if (/^(error|warning|notice|group|debug)$/.test(command.name))
      shown.push(mask(`##[${command.name}]${command.data}`))
  }
  return {
    commands,
    shown,
    read(line) {
      const command = parseCommand(line, (name) => registered.has(name) || name === stopToken)
      if (command) obey(command, line)
      else shown.push(mask(line))
    },
  }
}

/** The value, and each of its lines. */
function addMask(masks: Set<string>, value: string): void {
  for (const secret of [value, ...value.split(/[\r\n]+/)]) if (secret.trim() !== '') masks.add(secret)
}

function parseCommand(line: string, isKnown: (name: string) => boolean): Command | null {
  const current = line.trimStart().match(/^::(.*?)::(.*)$/s)
  const parsed = current && commandOf(current[1] ?? '', ',', current[2] ?? '')
  if (parsed && isKnown(parsed.name)) return parsed
  const old = line.match(/##\[(.*?)\](.*)$/s)
  const parsedOld = old && commandOf(old[1] ?? '', ';', old[2] ?? '')
  return parsedOld && isKnown(parsedOld.name) ? parsedOld : null
}

function commandOf(head: string, separator: string, data: string): Command {
  const [, name = '', rest = ''] = head.match(/^(\S*)\s*(.*)$/s) ?? []
  const pairs = rest.split(separator).filter((pair) => pair.includes('='))
  const properties = pairs.map((pair) => [
    pair.slice(0, pair.indexOf('=')).trim(),
    unescaped(pair.slice(pair.indexOf('=') + 1)),
  ])
  return { name: name.toLowerCase(), properties: Object.fromEntries(properties), data: unescaped(data) }
}

const escapes: Readonly<Record<string, string>> = {
  '%0D': '\r',
  '%0A': '\n',
  '%3A': ':',
  '%2C': ',',
  '%25': '%',
}
const unescaped = (text: string): string =>
  text.replace(/%(0D|0A|3A|2C|25)/g, (sequence) => escapes[sequence] ?? sequence)
