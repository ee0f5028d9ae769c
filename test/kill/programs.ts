/** `docker` and `mv` on a VPS: what changes a color or traffic is noted, and can freeze the bundle half way. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { App } from '../bed/vps/host.ts'
import { findProgram } from '../programs.ts'
import { noting } from './commands.ts'
import { textOf } from './ledger.ts'

const switchesOf = ({ directory }: App): string => join(directory, 'switches.log')

/** Every move of the flag, with the health of what users were sent to. */
export const readSwitches = (app: App) =>
  textOf(switchesOf(app))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [color = '', health = ''] = line.split(' ')
      return { color, health }
    })

export async function wrapPrograms(app: App): Promise<void> {
  const bin = join(app.directory, 'bin')
  await mkdir(bin)
  for (const [name, text] of Object.entries({ docker: dockerText(app), mv: moveText(app) })) {
    const path = join(bin, name)
    await writeFile(path, text)
    await chmod(path, 0o755)
  }
}

const place = ({ directory, stateDirectory }: App) => ({ folder: directory, stateDirectory })
const real = (name: string) => `'${findProgram(name) ?? name}'`

const dockerText = (app: App): string => `#!/bin/sh
case "$*" in
  *--dry-run*) work= ;;
  *' up '*) work=up ;;
  'pull '*) work=fetch ;;
  'stop '*) work=stop ;;
  'rm '*) work=remove ;;
  *) work= ;;
esac
[ -n "$work" ] || exec ${real('docker')} "$@"
set -e
[ -n "\${BLUE_GREEN_COLOR-}" ] || BLUE_GREEN_COLOR=$(${real('docker')} inspect --format '{{index .Config.Labels "com.docker.compose.project"}}' "$2")
BLUE_GREEN_COLOR=\${BLUE_GREEN_COLOR##*-}
${noting(place(app), 'change', '$work', `${real('docker')} "$@"`)}
`

const moveText = (app: App): string => `#!/bin/sh
case "$*" in
  '-f off/green green') BLUE_GREEN_COLOR=green ;;
  '-f green off/green') BLUE_GREEN_COLOR=blue ;;
  *) exec ${real('mv')} "$@" ;;
esac
set -e
ids=$(${real('docker')} ps -aq --filter label=com.docker.compose.project=${app.name}-$BLUE_GREEN_COLOR)
health=$(${real('docker')} inspect --format '{{.State.Health.Status}}' \${ids:-none} 2>/dev/null) || health=absent
echo "$BLUE_GREEN_COLOR $health" >>'${switchesOf(app)}'
${noting(place(app), 'change', 'switch', `${real('mv')} "$@"`)}
`
