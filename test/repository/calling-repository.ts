import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../bed/folder.ts'
import { type ActEnd, runAct } from './act.ts'
import { root } from './root.ts'

const pathOf = (name: string) => `.github/workflows/${name}.yml`
export const workflowOf = (name: string) => readFileSync(join(root, pathOf(name)), 'utf8')

export const callers = [
  ...readFileSync(join(root, 'docs/guides/workflows.md'), 'utf8').matchAll(/^```yml\n([\s\S]*?)^```$/gm),
].map(([, text = '']) => text)
/** By the name of the workflow. */
export const caller = (name: string) => callers.find((text) => text.startsWith(`name: ${name}\n`)) ?? ''

/** What comes out of `needs`, as a job behind the caller's sees it. */
const witness = (job: string, path: string) => `
  witness:
    needs: ${job}
    if: \${{ always() }}
    runs-on: ubuntu-latest
    steps:
      - run: printf '%s' "$NEEDS" >'${path}'
        env:
          NEEDS: \${{ toJSON(needs.${job}) }}
`

/** A release named in `bad` is taken back after the switch. `host`: lines that say where the app is. */
const config = (app: string, host: string) => `
target: command
app: shop
${host}
state-directory: ${app}/state
commands:
  observe: cat ${app}/routed
  status: cat ${app}/$BLUE_GREEN_COLOR
  deploy: |
    echo running >${app}/$BLUE_GREEN_COLOR
    echo "$BLUE_GREEN_VERSION $BLUE_GREEN_IMAGE" >${app}/$BLUE_GREEN_COLOR.release
  ready: grep -qx running ${app}/$BLUE_GREEN_COLOR
  switch: echo $BLUE_GREEN_COLOR >${app}/routed
  stop: echo stopped >${app}/$BLUE_GREEN_COLOR
after-switch: '! grep -qx "$BLUE_GREEN_VERSION" ${app}/bad'
health-interval: 100ms
bake: 0s
drain: 0s
`

/** A repository that deploys with the callers of the guide, word for word, and an app of files. */
export async function repositoryOfCaller(host = '', secrets: Readonly<Record<string, string>> = {}) {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryFolder())
  const [repository, app, action] = [join(path, 'repository'), join(path, 'app'), join(path, 'action')]
  for (const name of ['action.yml', 'dist', '.github'])
    cpSync(join(root, name), join(action, name), { recursive: true })
  for (const folder of [join(repository, '.github/workflows'), app]) mkdirSync(folder, { recursive: true })
  const states = { routed: 'blue', blue: 'running', green: 'absent', bad: '' }
  for (const [name, text] of Object.entries(states)) writeFileSync(join(app, name), `${text}\n`)
  const write = (name: string, text: string) => writeFileSync(join(repository, '.github', name), text)
  const seen = join(path, 'needs')
  write('blue-green.yml', config(app, host))
  write('workflows/deploy.yml', caller('Deploy') + witness('deploy', seen))
  write('workflows/rollback.yml', caller('Roll back') + witness('rollback', seen))
  write('workflows/tested.yml', caller('Deploy and test'))
  write('workflows/copied.yml', workflowOf('rollback') + witness('rollback', seen))
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...words], {
      cwd: repository,
      encoding: 'utf8',
    }).trim()
  git('init', '-q', '-b', 'main')
  const place = { repository, action, home: path, secrets }
  const owned = stack.move()
  return {
    /** The next commit; its name is the version. */
    commit() {
      git('add', '.')
      git('commit', '-q', '--allow-empty', '-m', 'A release')
      return git('rev-parse', 'HEAD')
    },
    spoil: (version: string) => writeFileSync(join(app, 'bad'), `${version}\n`),
    push: (workflow = 'deploy'): ActEnd => runAct({ ...place, event: 'push', workflow: pathOf(workflow) }),
    dispatch: (workflow: string, inputs: Readonly<Record<string, string>> = {}): ActEnd =>
      runAct({ ...place, event: 'workflow_dispatch', workflow: pathOf(workflow), inputs }),
    read: (name: string) => readFileSync(join(app, name), 'utf8').trim(),
    /** Of the called job, for the jobs behind it. */
    needs: () => JSON.parse(readFileSync(seen, 'utf8')) as unknown,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
