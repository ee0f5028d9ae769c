import type { Given } from '../../src/settings/given.ts'
import { readSettings, type Settings } from '../../src/settings/read.ts'

export const commands = 'observe: cat live\ndeploy: ./deploy\nswitch: ./switch\nstop: ./stop\n'

/** Enough for a deployment. */
export const enough = { target: 'command', app: 'shop', commands, 'color-url': 'http://{color}.local' }

/** Enough for an app of one service on the machine that runs the job. */
export const plainVps = {
  target: 'vps',
  app: 'shop',
  directory: '/srv/shop',
  'ssh-host': 'local',
  'blue-port': '3010',
  'green-port': '3020',
  url: 'https://shop.example.com',
}
export const givenOf = (
  inputs: Readonly<Record<string, string>>,
  config: string | null = null,
  environment: Readonly<Record<string, string>> = { GITHUB_SHA: 'c0ffee' },
): Given => ({ inputs, config: config === null ? null : { path: 'deploy.yml', text: config }, environment })

export function settingsOf(...given: Parameters<typeof givenOf>): Settings {
  const reading = readSettings(givenOf(...given))
  if (reading.kind === 'problems') throw new Error(reading.problems.map(({ text }) => text).join('\n'))
  return reading.settings
}

export function problemsOf(...given: Parameters<typeof givenOf>): readonly string[] {
  const reading = readSettings(givenOf(...given))
  return reading.kind === 'problems' ? reading.problems.map(({ text }) => text) : []
}
