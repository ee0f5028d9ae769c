import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { phaseNames, results } from '../../src/deployment/report.ts'
import { catalog, isSettingName, settingNames } from '../../src/settings/catalog/catalog.ts'
import { targetsOf } from '../../src/settings/catalog/setting.ts'
import type { Given } from '../../src/settings/given.ts'
import { outputNames } from '../../src/settings/outputs.ts'
import { readSettings } from '../../src/settings/read.ts'
import { commandNames } from '../../src/targets/command/settings.ts'
import { hookNames, modes } from '../../src/targets/intent.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))

const examples = filesIn('examples')
const pages = ['README.md', ...filesIn('docs'), ...examples].filter((path) => path.endsWith('.md'))
const configs = examples.filter((path) => basename(path) === 'blue-green.yml')

interface Example {
  readonly place: string
  readonly content: unknown
}

const yamlBlocks = pages.flatMap((path): Example[] =>
  [...read(path).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([block, text = ''], index) => ({
    place: `${path}, block ${index + 1}: ${block.split('\n')[1]}`,
    content: parse(text),
  })),
)
const yamlFiles = examples
  .filter((path) => path.endsWith('.yml'))
  .map((path): Example => ({ place: path, content: parse(read(path)) }))
const yamlExamples = [...yamlBlocks, ...yamlFiles]

type Map = Readonly<Record<string, unknown>>
const isMap = (value: unknown): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const mapsIn = (value: unknown): readonly Map[] => {
  if (Array.isArray(value)) return value.flatMap(mapsIn)
  return isMap(value) ? [value, ...Object.values(value).flatMap(mapsIn)] : []
}

/** The inputs of every step in a workflow, a job or a list of steps that uses this action. */
const stepsOf = ({ content }: Example): readonly Map[] =>
  mapsIn(content)
    .filter(({ uses }) => typeof uses === 'string' && uses.startsWith('org/blue-green-action@'))
    .map((step) => (isMap(step.with) ? step.with : {}))

/** A file for `config`, or a part of one. */
const isConfig = (example: Example): boolean =>
  isMap(example.content) && !isCompose(example) && Object.keys(example.content).every(isSettingName)

/** The rest of its file is not shown. */
const isPart = (example: Example): boolean => isConfig(example) && !configs.includes(example.place)

const isCompose = ({ place, content }: Example): boolean =>
  basename(place).startsWith('docker-compose.') && isMap(content) && isMap(content.services)

const machine = { GITHUB_SHA: 'c0ffee', RUNNER_ENVIRONMENT: 'self-hosted' }

function problemsOf(given: Pick<Given, 'inputs' | 'config'>): readonly string[] {
  const reading = readSettings({ ...given, environment: machine })
  return reading.kind === 'problems' ? reading.problems.map(({ text }) => text) : []
}

/** What an expression comes to, where not any text will do. */
const filledIn: Readonly<Record<string, string>> = {
  mode: 'rollback',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  'ssh-known-hosts': `SHA256:${'A'.repeat(43)}`,
}

/** `config` is the one of the example. */
function problemsOfStep(inputs: Map, place: string): readonly string[] {
  const texts = Object.entries(inputs).map(([name, value]): [string, string] => [
    name,
    String(value).replaceAll(/\$\{\{.*?\}\}/g, () => filledIn[name] ?? '1.4.2'),
  ])
  const config = inputs.config === undefined ? null : configBeside(place)
  return problemsOf({ inputs: Object.fromEntries(texts), config })
}

function configBeside(place: string) {
  const [first = ''] = configs
  const path = configs.find((config) => dirname(config) === dirname(place)) ?? first
  return { path, text: read(path) }
}

/** What a part of a file leaves to the rest of it. */
const rests: readonly Map[] = [
  `
target: command
app: shop
color-url: 'http://{color}.local'
commands: { observe: cat live, deploy: ./deploy, switch: ./switch, stop: ./stop }
`,
  `
target: vps
app: shop
url: https://shop.example.com
directory: /srv/shop
blue-port: 3010
green-port: 3020
ssh-host: local
`,
  `
target: kubernetes
app: shop
url: https://shop.example.com
image: registry.example.com/shop:2
`,
  `
target: ecs
app: shop
url: https://shop.example.com
image: registry.example.com/shop:2
listener-arn: arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2
`,
  // For a part with services of its own.
  `
target: kubernetes
app: shop
`,
  `
target: ecs
app: shop
ecs-service: '{service}-{color}'
listener-arn: arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2
`,
].map((text) => parse(text))

/** With the rest that finds least wrong with them, of those whose target has all of these settings. */
function problemsOfConfig(content: Map): readonly string[] {
  const fitting = rests.filter(({ target }) =>
    Object.keys(content).every(
      (name) => isSettingName(name) && targetsOf(catalog[name]).some((one) => one === target),
    ),
  )
  const [least = []] = fitting
    .map((rest) => problemsOfPart({ ...rest, ...content }))
    .toSorted((one, other) => one.length - other.length)
  return least
}

/** A part may be one of an input, which has expressions. */
function problemsOfPart(content: Map): readonly string[] {
  const text = JSON.stringify(content).replaceAll(/\$\{\{.*?\}\}/g, '1.4.2')
  return problemsOf({ inputs: {}, config: { path: 'part.yml', text } })
}

const workflows = yamlExamples.filter(({ content }) => isMap(content) && 'jobs' in content)

/** Commands without SSH run on the runner itself. */
const isOnTheMachine = (example: Example): boolean =>
  stepsOf(example).some((step) => {
    const { target, 'ssh-host': host } = { ...(parse(configBeside(example.place).text) as Map), ...step }
    return target === 'command' && host === undefined
  })

describe('examples', () => {
  it.each(yamlExamples.filter((example) => stepsOf(example).length > 0))(
    '$place: its steps would run',
    (example) => {
      expect(stepsOf(example).flatMap((step) => problemsOfStep(step, example.place))).toEqual([])
    },
  )

  it.each(yamlExamples.filter(isPart))('$place: its settings are good', ({ content }) => {
    expect(problemsOfConfig(content as Map)).toEqual([])
  })

  it.each(yamlExamples)('$place has steps, settings or services of compose', (example) => {
    expect([stepsOf(example).length > 0, isConfig(example), isCompose(example)]).toContain(true)
  })

  it.each(configs)('%s needs nothing besides but a key or an image', (path) => {
    const config = { path, text: read(path) }
    const given = parse(config.text) as Map
    const inputs = {
      ...(given['ssh-host'] !== undefined && { 'ssh-key': filledIn['ssh-key'] ?? '' }),
      ...((given.target === 'kubernetes' || given.target === 'ecs') && {
        image: 'registry.example.com/shop:2',
      }),
    }
    expect(problemsOf({ inputs, config })).toEqual([])
  })

  it('the first step a reader sees has at most 15 lines', () => {
    const [, step = ''] = /^(- uses: org\/blue-green-action[\s\S]*?)^```$/m.exec(read('README.md')) ?? []
    expect(step).toContain('target: vps')
    expect(step.trimEnd().split('\n').length).toBeLessThanOrEqual(15)
  })

  it.each(workflows)('$place: a workflow runs one at a time, with few permissions', ({ content }) => {
    const { concurrency, permissions } = content as Record<string, Map>
    expect(concurrency).toMatchObject({ 'cancel-in-progress': false })
    expect(permissions).toEqual({ contents: 'read' })
  })

  it.each(workflows.filter(isOnTheMachine))('$place: a workflow runs where its lock is kept', (example) => {
    for (const job of Object.values((example.content as { jobs: Map }).jobs)) {
      expect(job).toMatchObject({ 'runs-on': expect.arrayContaining(['self-hosted']) })
    }
  })
})

/** Words with a dash that are no setting: of ours, of the runner, of the tools in the recipes. */
const otherWords = new Set<string>([
  ...outputNames,
  ...phaseNames,
  ...hookNames,
  ...modes,
  ...commandNames,
  ...results,
  'failure-or-cancelled',
  'rolled-back-from',
  'max-latency',
  'cloudwatch-alarm',
  'not-live',
  'go-back',
  'go-forward',
  'give-up',
  'deployed-blue',
  'deployed-green',
  'state-blue',
  'state-green',
  'blue-shop',
  'blue-green-action',
  'id-token',
  'role-duration-seconds',
  'runs-on',
  'timeout-minutes',
  'cancel-in-progress',
  'self-hosted',
])

/** Of the app in all examples, and of what belongs to it. */
const isOfTheApp = (word: string) => word.startsWith('shop-')

/** Generated tables are held to the settings by a test of their own. */
const withoutBlocks = (text: string) =>
  text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/<!-- (\w+):start -->[\s\S]*?<!-- \1:end -->/g, '')
const codeIn = (path: string) =>
  [...withoutBlocks(read(path)).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)

describe.each(pages)('%s', (path) => {
  it('names only settings that exist', () => {
    const named = codeIn(path).flatMap((code) => /^([a-z]+(?:-[a-z0-9]+)+)(?:$|: )/.exec(code)?.[1] ?? [])
    expect(
      named.filter((name) => !isSettingName(name) && !otherWords.has(name) && !isOfTheApp(name)),
    ).toEqual([])
  })

  it('gives settings values that they take', () => {
    const given = codeIn(path).flatMap((code) => {
      const [, name, value] = /^([a-z][a-z0-9-]*): (.+)$/.exec(code) ?? []
      const isExample =
        name !== undefined && isSettingName(name) && value !== undefined && !value.includes('…')
      return isExample ? [{ [name]: parse(value) as unknown }] : []
    })
    const refused = given.flatMap((setting) =>
      problemsOfConfig({ ...setting }).filter((text) => isAbout(text, setting)),
    )
    expect(refused).toEqual([])
  })

  it('links to what is there', () => {
    const links = [...withoutBlocks(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    expect(links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(path, link))).toEqual([])
  })
})

/** A value can be good where its mode demands more than this test gives. */
const isAbout = (problem: string, setting: Map) =>
  Object.keys(setting).some((name) => problem.startsWith(`\`${name}`))

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const path = file === '' ? from : join(dirname(from), file)
  if (!existsSync(join(root, path))) return false
  return anchor === undefined || anchorsOf(path).includes(anchor)
}

/** As GitHub makes them from headings. */
const anchorsOf = (path: string) =>
  [...withoutBlocks(read(path)).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe('the way through the docs', () => {
  it('reaches every page and example from the README in two clicks', () => {
    const linked = (path: string) =>
      [...read(path).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^https?:/.test(link))
        .map((link) => join(dirname(path), link))
    const first = linked('README.md')
    const second = first
      .filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
      .flatMap(linked)
    const reached = new Set(['README.md', ...first, ...second])
    expect([...pages, ...examples].filter((path) => !reached.has(path))).toEqual([])
  })

  it('the README names every target, and every mode that is not built yet', () => {
    const readme = read('README.md')
    const words = ['vps', 'kubernetes', 'ecs', 'stage', 'promote', 'abort']
    expect(words.filter((word) => !readme.includes(`\`${word}\``))).toEqual([])
    expect(settingNames.every((name) => readme.includes(`| \`${name}\` |`))).toBe(true)
  })

  it('the nginx of the quick start is the one of the example', () => {
    const lines = (text: string) =>
      text
        .split('\n')
        .map((line) => line.replace(/\s+#.*$/, '').trim())
        .filter((line) => /^(upstream|set|if|return|proxy_pass|open_file_cache|location)/.test(line))
    const [, snippet = ''] = /^```nginx\n([\s\S]*?)^```$/m.exec(read('docs/targets/command.md')) ?? []
    expect(lines(snippet)).not.toEqual([])
    expect(lines(read('examples/command/nginx.conf'))).toEqual(expect.arrayContaining(lines(snippet)))
  })
})

describe('troubleshooting', () => {
  const source = filesIn('src').map(read).join('').replaceAll('\\`', '`')
  const messages = [...read('docs/troubleshooting.md').matchAll(/^\| `([^`]+)`/gm)].map(
    ([, code = '']) => code,
  )
  const pieces = (message: string) =>
    message
      .split(/…|200-299|NAME/)
      .map((piece) => piece.replaceAll(/^[\s",]+|[\s",.]+$/g, ''))
      .filter((piece) => piece.length > 4)

  it.each(messages)('%s: the code says so', (message) => {
    expect(pieces(message).filter((piece) => !source.includes(piece))).toEqual([])
  })
})
