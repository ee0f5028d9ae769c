/** Where traffic is, from what nginx answers and what the files say; and what a person does where that is not plain. */
import { type Color, otherColor, type Traffic } from '../../target.ts'
import type { Answer } from './answer.ts'
import { editText, includeLine } from './edits.ts'
import { type FlagFiles, manualLines } from './flag.ts'
import type { Listener } from './listeners.ts'
import { colorVariable, type FlagSettings, fileName, flagFolder } from './names.ts'
import { pasteText } from './paste.ts'

export interface Heard {
  readonly listener: Listener
  readonly answer: Answer
}

export interface Sight {
  readonly settings: FlagSettings
  /** The host, for people. */
  readonly host: string
  readonly heard: readonly Heard[]
  readonly files: FlagFiles
}

export function trafficOf(sight: Sight): Traffic {
  const { settings, host, heard, files } = sight
  if (files.flag === 'absent') {
    return unknown(
      `${flagFolder(settings.stateDirectory)} does not exist on ${host}: nginx there was not told of ${settings.app} yet`,
      setUpLines(sight),
    )
  }
  if (heard.length === 0) {
    return unknown(`no setting says where nginx on ${host} can be asked`, [
      '# give `url`, or `proxy-url: http://127.0.0.1:PORT`',
    ])
  }
  const troubles = heard.filter(({ answer }) => answer.kind !== 'color')
  if (troubles.length > 0) {
    return unknown(troubles.map(({ listener, answer }) => troubleOf(listener, answer, sight)).join('; '), [
      ...new Set(troubles.flatMap(({ listener, answer }) => repairOf(listener, answer, sight))),
    ])
  }
  return settledTraffic(sight)
}

const unknown = (detail: string, repair: readonly string[]): Traffic => ({ kind: 'unknown', detail, repair })

/** All of nginx names a color. */
function settledTraffic({ settings, host, heard, files }: Sight): Traffic {
  const named = (color: Color) =>
    heard.filter(({ answer }) => names(answer, color)).map(({ listener }) => listener.url)
  const [blue, green] = [named('blue'), named('green')]
  if (blue.length > 0 && green.length > 0) {
    return {
      kind: 'mixed',
      detail: `nginx on ${host} says blue at ${blue.join(', ')} and green at ${green.join(', ')}`,
      repair: [
        `# each server block must test the flag in ${flagFolder(settings.stateDirectory)}, with open_file_cache off:`,
        includeLine(settings.app),
        ...choices(settings),
      ],
    }
  }
  const color = blue.length > 0 ? 'blue' : 'green'
  if (files.flag === color) return { kind: 'color', color }
  if (files.flag === otherColor(color)) {
    return unknown(
      `nginx on ${host} says ${color}, and the flag in ${flagFolder(settings.stateDirectory)} says ${files.flag}: either nginx remembers ` +
        'files (open_file_cache), or it looks for the flag in another folder',
      ['sudo nginx -T | grep -n -e open_file_cache -e blue-green -e "-f "', ...choices(settings)],
    )
  }
  return unknown(
    `nginx on ${host} says ${color}, and in ${flagFolder(settings.stateDirectory)} ${
      files.flag === 'unready' ? 'the file "ready" is missing' : `${files.user} may not look`
    }: it looks for the flag in another folder, or what it remembers is old`,
    ['sudo nginx -T | grep -n -e open_file_cache -e "-f "', `ls -la ${flagFolder(settings.stateDirectory)}`],
  )
}

const choices = (settings: FlagSettings): readonly string[] =>
  (['blue', 'green'] as const).flatMap((color) => [
    `# to put traffic on ${color}:`,
    ...manualLines(settings.stateDirectory, color),
  ])

function troubleOf({ url }: Listener, answer: Answer, { settings, host, files }: Sight): string {
  const folder = flagFolder(settings.stateDirectory)
  switch (answer.kind) {
    case 'lost':
      return files.flag === 'unready'
        ? `nginx says lost at ${url}: ${folder}/ready is missing`
        : `nginx says lost at ${url}: its workers cannot see ${folder}/ready`
    case 'missing':
      return `nginx does not know the color at ${url}: its server block there does not include ${fileName(settings.app)}, or it takes the request for one from outside the host`
    case 'redirect':
      return `${url} only redirects to ${answer.location}`
    default:
      return `${url} on ${host}: ${answer.kind === 'other' ? answer.detail : answer.kind}`
  }
}

function repairOf({ url, address }: Listener, answer: Answer, sight: Sight): readonly string[] {
  const { settings, files } = sight
  const folder = flagFolder(settings.stateDirectory)
  switch (answer.kind) {
    case 'lost':
      if (files.flag === 'unready') {
        return [
          `# the flag is blue unless ${folder}/green is there; when that is right:`,
          `touch ${folder}/ready`,
        ]
      }
      return files.hidden.length > 0
        ? [`sudo chmod o+x ${files.hidden.join(' ')}`]
        : [
            `namei -l ${folder}/ready`,
            `# the paths after "-f" must be those of ${folder}:`,
            `sudo nginx -T | grep -n -e '-f '`,
          ]
    case 'missing':
      return setUpLines(sight)
    case 'redirect':
      return answer.location.startsWith('https:')
        ? [`# port ${address.port} only redirects: give the https address as \`url\``]
        : [`# give the address that does not redirect as \`url\`, or as \`proxy-url\``]
    default:
      return [
        `curl -ski ${url.replace(/ at .*$/, '')} --connect-to ::${address.host}:${address.port}`,
        `# where nginx listens elsewhere, name it: \`proxy-url: http://127.0.0.1:PORT\``,
      ]
  }
}

/** All that a server needs which was never told of the app. */
export const setUpLines = ({ settings, files }: Pick<Sight, 'settings' | 'files'>): readonly string[] => [
  '# paste on the server:',
  ...pasteText({ settings, owner: files.user }).split('\n'),
  '',
  ...editText(settings).split('\n'),
]

export const names = (answer: Answer, color: Color): boolean =>
  answer.kind === 'color' && answer.color === color

interface Doubts {
  readonly heard: readonly Heard[]
  /** Those that do not name `to`. */
  readonly doubts: readonly Heard[]
  readonly to: Color
  readonly app: string
}

/** Why nginx does not confirm a switch, and what to look at. */
export function describeDoubts({ heard, doubts, to, app }: Doubts): string {
  const old = doubts.filter(({ answer }) => names(answer, otherColor(to)))
  if (old.length === 0) return `${[...new Set(doubts.map(describeAnswer))].join('; ')}.`
  const urls = [...new Set(old.map(({ listener }) => listener.url))].join(', ')
  return (
    `it still says ${otherColor(to)} on ${old.length} of ${heard.length} connections, at ${urls}. It remembers files ` +
    `(open_file_cache) or looks in another folder. Write "open_file_cache off;" where ${colorVariable(app)} is set. ` +
    'Look with: sudo nginx -T | grep -n -e open_file_cache -e "-f "'
  )
}

function describeAnswer({ listener: { url }, answer }: Heard): string {
  switch (answer.kind) {
    case 'color':
      return `${url} says ${answer.color}`
    case 'lost':
      return `${url} says lost`
    case 'missing':
      return `${url} does not know the color`
    case 'redirect':
      return `${url} redirects to ${answer.location}`
    case 'other':
      return `${url}: ${answer.detail}`
  }
}
