/** Where traffic is, from what nginx answers and what the files say; and what a person does where that is not plain. */
import { type Color, otherColor, type Traffic } from '../../target.ts'
import { editText, includeLine } from './edits.ts'
import { type FlagFiles, manualLines, shellWord } from './flag.ts'
import { describeAnswer, type Heard, names } from './heard.ts'
import { type FlagSettings, fileName, flagFolder } from './names.ts'
import { pasteText } from './paste.ts'

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
    const repairs = troubles.map((each) => repairOf(each, sight))
    const different = new Map(repairs.map((repair) => [repair.join('\n'), repair]))
    return unknown(troubles.map((each) => troubleOf(each, sight)).join('; '), [...different.values()].flat())
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
  return files.flag === color ? { kind: 'color', color } : contradiction({ settings, host, files }, color)
}

/** nginx answers by something else than the flag that we would move. */
function contradiction({ settings, host, files }: Omit<Sight, 'heard'>, color: Color): Traffic {
  const folder = flagFolder(settings.stateDirectory)
  const found = {
    unready: `${folder}/ready is missing`,
    closed: `${files.user} may not look into ${folder}`,
    absent: `${folder} does not exist`,
    blue: `the flag in ${folder} says blue`,
    green: `the flag in ${folder} says green`,
  }[files.flag]
  return unknown(
    `nginx on ${host} says ${color}, and ${found}: either nginx remembers files (open_file_cache), or it looks for the flag in another folder`,
    [
      'sudo nginx -T | grep -n -e open_file_cache -e "-f "',
      `ls -la ${shellWord(folder)}`,
      ...(files.flag === otherColor(color) ? choices(settings) : []),
    ],
  )
}

const choices = (settings: FlagSettings): readonly string[] =>
  (['blue', 'green'] as const).flatMap((color) => [
    `# to put traffic on ${color}:`,
    ...manualLines(settings.stateDirectory, color),
  ])

function troubleOf(heard: Heard, { settings, files }: Sight): string {
  const said = describeAnswer(heard)
  if (heard.answer.kind === 'lost') {
    const ready = `${flagFolder(settings.stateDirectory)}/ready`
    return `${said}: ${files.flag === 'unready' ? `${ready} is missing` : `its workers cannot see ${ready}`}`
  }
  if (heard.answer.kind === 'missing') {
    return `${said}: its server block there does not include ${fileName(settings.app)}, or takes the request for one from outside the host`
  }
  return said
}

function repairOf({ listener: { url, address }, answer }: Heard, sight: Sight): readonly string[] {
  switch (answer.kind) {
    case 'lost':
      return visibility(sight)
    case 'missing':
      return followLines(sight)
    case 'redirect':
      return answer.location.startsWith('https:')
        ? [`# port ${address.port} only redirects: give the https address as \`url\``]
        : ['# give the address that does not redirect as `url`, or as `proxy-url`']
    default:
      return [
        `curl -ski ${url.replace(/ at .*$/, '')} --connect-to ::${address.host}:${address.port}`,
        '# where nginx listens elsewhere, name it: `proxy-url: http://127.0.0.1:PORT`',
      ]
  }
}

/** How the workers of nginx come to see the marker. */
function visibility({ settings, files }: Sight): readonly string[] {
  const folder = shellWord(flagFolder(settings.stateDirectory))
  if (files.flag === 'unready') {
    return [
      `# the flag is blue unless ${folder}/green is there; when that is right:`,
      `touch ${folder}/ready`,
    ]
  }
  if (files.hidden.length > 0) return [`sudo chmod o+x ${files.hidden.map(shellWord).join(' ')}`]
  return [
    `namei -l ${folder}/ready`,
    `# what is tested with -f must be in ${folder}:`,
    'sudo nginx -T | grep -n -e "-f "',
  ]
}

/** For a server that has the app's files, it seems. */
const followLines = ({ settings, files }: Sight): readonly string[] => [
  `Edit your site in nginx:\n${editText(settings)}`,
  `Where nginx does not find that file, paste this on the server first:\n${pasteText({ settings, owner: files.user })}`,
]

/** All that a server needs which was never told of the app: a text to paste, and one to edit by. */
const setUpLines = ({ settings, files }: Sight): readonly string[] => [
  `Paste this on the server:\n${pasteText({ settings, owner: files.user })}`,
  `Then edit your site in nginx:\n${editText(settings)}`,
]
