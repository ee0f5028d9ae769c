/** The flag that nginx reads on every request, and the commands a user would write for it. */
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Color } from '../../src/targets/target.ts'

/** With `null` the router names nobody until the first switch. */
export async function createFlag(stateDirectory: string, color: Color | null): Promise<void> {
  await mkdir(join(stateDirectory, 'off'), { recursive: true })
  await writeFile(join(stateDirectory, 'off', 'green'), '')
  if (color === 'green') await flip(stateDirectory, 'green')
  if (color !== null) await writeFile(join(stateDirectory, 'ready'), '')
}

export async function flip(stateDirectory: string, to: Color): Promise<void> {
  const [on, off] = [join(stateDirectory, 'green'), join(stateDirectory, 'off', 'green')]
  await (to === 'green' ? rename(off, on) : rename(on, off))
}

export function readFlag(stateDirectory: string): Color | null {
  if (!existsSync(join(stateDirectory, 'ready'))) return null
  return existsSync(join(stateDirectory, 'green')) ? 'green' : 'blue'
}

export const observeCommand = (stateDirectory: string): string =>
  `cd '${stateDirectory}'; if [ ! -e ready ]; then echo none; elif [ -e green ]; then echo green; else echo blue; fi`

/** A rename of a file that exists needs no free disk block; `ready` comes last, so that nobody is routed before. */
export const switchCommand = (stateDirectory: string): string => `cd '${stateDirectory}'
case $BLUE_GREEN_COLOR in
  green) [ -e green ] || mv off/green green ;;
  blue) [ ! -e green ] || mv green off/green ;;
esac
[ -e ready ] || : >ready`
