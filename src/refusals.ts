/** What is refused before anything is begun. */
import * as core from '@actions/core'
import { plainLine } from './github/plain.ts'
import type { SettingProblem } from './settings/problem.ts'

export function isLinux(): boolean {
  if (process.platform === 'linux') return true
  core.setFailed(
    'This action runs on Linux runners only; use `runs-on: ubuntu-latest` or a self-hosted Linux runner.',
  )
  return false
}

/** One annotation for all of them, so that none hides another. */
export function refuseSettings(problems: readonly SettingProblem[]): number {
  const lines = problems.map(({ text }) => plainLine(text))
  for (const line of lines) core.info(line)
  core.error([`Nothing was touched. ${count(lines.length)} in the settings:`, ...lines].join('\n'), {
    title: 'blue-green: settings',
  })
  return 1
}

const count = (problems: number): string => (problems === 1 ? '1 problem' : `${problems} problems`)
