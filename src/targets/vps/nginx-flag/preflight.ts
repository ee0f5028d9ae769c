/** What is wrong between nginx on the host and the settings, found before anything is touched. */
import type { Problem, Traffic } from '../../target.ts'
import { look } from '../workplace.ts'
import { assemble } from './configuration.ts'
import { lookText, parseLook } from './flag.ts'
import { pasteText } from './paste.ts'
import { readFiles } from './reading.ts'
import type { FlagPlace } from './router.ts'
import { findTraps } from './traps.ts'

/** `observed`: where traffic is, which may still be asked meanwhile. */
export async function findFlagProblems(
  place: FlagPlace,
  observed: Promise<Traffic>,
  root = '/etc/nginx',
): Promise<readonly Problem[]> {
  const { settings } = place
  const [traffic, files, said] = await Promise.all([
    observed,
    readFiles(place, root),
    look(place, 'the look at the flag', lookText(settings.stateDirectory)),
  ])
  if (traffic.kind === 'unknown' || traffic.kind === 'mixed') {
    const isNew = parseLook(said).flag === 'absent'
    return troubles(isNew ? 'state-directory' : 'router', traffic.detail, traffic.repair)
  }
  const paste = pasteText({ settings, owner: parseLook(said).user, root })
  return findTraps({ settings, tree: assemble(files), complete: files.complete, paste })
}

/** Texts to copy are apart from each other: what is for a shell is not for an editor. */
function troubles(setting: string, detail: string, repair: readonly string[]): readonly Problem[] {
  const [first = '', ...rest] = repair.some((text) => text.includes('\n')) ? repair : [repair.join('\n')]
  return [
    { setting, what: `${detail}.`, fix: first },
    ...rest.map((fix) => ({
      setting: 'router',
      what: fix.startsWith('Where')
        ? 'Its files may be missing in nginx.'
        : 'Your site in nginx does not follow the color.',
      fix,
    })),
  ]
}
