/** Workflows as GitHub would run them, on this machine: https://github.com/nektos/act */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findProgram } from '../programs.ts'

export interface ActRun {
  readonly repository: string
  readonly event: 'push' | 'workflow_dispatch'
  /** Path in the repository. */
  readonly workflow: string
  /** For what is kept between runs. */
  readonly home: string
  /** Folder of the action that `org/blue-green-action@v1` is. */
  readonly action: string
  readonly inputs?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
}

export interface ActEnd {
  readonly code: number | null
  readonly log: string
}

export function runAct({
  repository,
  event,
  workflow,
  home,
  action,
  inputs = {},
  secrets = {},
}: ActRun): ActEnd {
  mkdirSync(join(home, 'act'), { recursive: true })
  // Without it act asks which image to use.
  writeFileSync(join(home, 'act/actrc'), '')
  const { status, stdout, stderr } = spawnSync(
    findProgram('act') ?? 'act',
    [
      event,
      ...['--workflows', workflow],
      ...['--platform', 'ubuntu-latest=-self-hosted'],
      ...['--local-repository', `org/blue-green-action@v1=${action}`],
      ...['--secret', 'GITHUB_TOKEN=none'],
      ...['--action-cache-path', join(home, 'actions')],
      ...Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`]),
      // Without a value act takes it from its environment.
      ...Object.keys(secrets).flatMap((name) => ['--secret', name]),
      '--action-offline-mode',
      '--no-cache-server',
    ],
    {
      cwd: repository,
      encoding: 'utf8',
      timeout: 90_000,
      env: {
        ...process.env,
        ...secrets,
        ACT_DISABLE_VERSION_CHECK: '1',
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        XDG_CACHE_HOME: home,
        XDG_CONFIG_HOME: home,
      },
    },
  )
  return { code: status, log: stdout + stderr }
}
