/** The action as a workflow uses it, main and post. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lacks } from '../programs.ts'
import { runAct } from './act.ts'
import { root } from './root.ts'

const hasBundles = existsSync(join(root, 'dist/main/index.js'))
if (!hasBundles) console.warn('Skipped: there is no dist, which `npm run package` builds')

const folder = mkdtempSync(join(tmpdir(), 'act-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const repository = join(folder, 'repository')
/** Where the "app" is: what the commands write, and nothing that runs. */
const app = join(folder, 'app')
const read = (name: string) => readFileSync(join(app, name), 'utf8').trim()

const workflow = '.github/workflows/deploy.yml'
const jobs = `
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      # act puts a copy of the work tree in its place.
      - uses: actions/checkout@v6
      - id: deploy
        uses: ./
        with:
          target: command
          app: shop
          version: v2
          state-directory: ${app}/state
          commands: |
            observe: cat ${app}/routed
            status: cat ${app}/$BLUE_GREEN_COLOR
            deploy: echo running >${app}/$BLUE_GREEN_COLOR; echo $BLUE_GREEN_VERSION >${app}/version
            ready: grep -qx running ${app}/$BLUE_GREEN_COLOR
            switch: echo $BLUE_GREEN_COLOR >${app}/routed
            stop: echo stopped >${app}/$BLUE_GREEN_COLOR
          health-interval: 100ms
          bake: 0s
          drain: 0s
      - run: |
          echo "\${{ steps.deploy.outputs.result }} \${{ steps.deploy.outputs.active-color }}" >${app}/outputs
          cat ${app}/blue >${app}/blue-while-the-job-runs
`

function prepare(): void {
  for (const name of ['action.yml', 'dist'])
    cpSync(join(root, name), join(repository, name), { recursive: true })
  mkdirSync(join(repository, '.github/workflows'), { recursive: true })
  writeFileSync(join(repository, workflow), jobs)
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...words], {
      cwd: repository,
    })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'A repository that deploys')

  mkdirSync(app)
  writeFileSync(join(app, 'routed'), 'blue\n')
  writeFileSync(join(app, 'blue'), 'running\n')
  writeFileSync(join(app, 'green'), 'absent\n')
}

describe.skipIf(!hasBundles || lacks('act', 'git'))('a workflow', () => {
  it('deploys, and has post retire the old color', { timeout: 300_000 }, () => {
    prepare()
    const home = join(folder, 'home')
    const { code, log } = runAct({ repository, event: 'push', workflow, home, action: repository })
    expect(code, log).toBe(0)
    expect(read('outputs')).toBe('deployed green')
    expect(read('version')).toBe('v2')
    expect(read('routed')).toBe('green')
    expect(read('blue-while-the-job-runs')).toBe('running')
    expect(read('blue')).toBe('stopped')
  })
})
