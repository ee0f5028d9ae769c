/**
 * Deployments, accidents and ways back on this machine, under constant load: node test/demo/demo.ts [FOLDER]
 * Summaries and logs go to the folder. Ends with 1 when a request is lost or an act ends otherwise than it must, with 130
 * when interrupted. BLUE_GREEN_DIST names another folder of bundles.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { acts } from './acts.ts'
import { findAction } from './job.ts'
import { createPage } from './page.ts'
import { faultsOfUsers, type Played, play } from './play.ts'
import { openShop, users } from './shop.ts'

const root = join(import.meta.dirname, '../..')
const kept = resolve(process.argv[2] ?? join(root, '.cache/demo'))
const colored = process.stdout.isTTY === true && !process.env.NO_COLOR
const page = createPage({ acts, users: users.keepAlive + users.fresh, colored })

async function demonstrate(signal: AbortSignal): Promise<boolean> {
  const action = findAction(resolve(process.env.BLUE_GREEN_DIST ?? join(root, 'dist')))
  await mkdir(kept, { recursive: true })
  console.log(page.head())
  const begun = performance.now()
  await using shop = await openShop()
  let played = 0
  let faults: readonly string[] = []
  for (const act of acts) {
    const result = await play(shop, action, act, signal)
    played += 1
    console.log(page.row(played, result, await keep(played, result)))
    faults = result.faults
    if (faults.length > 0) break
  }
  signal.throwIfAborted()
  const { sent, lost } = await shop.closeDoors()
  // Those that were under way when the last act ended.
  if (faults.length === 0) faults = faultsOfUsers(lost)
  const ok = faults.length === 0
  if (!ok) console.log(page.faults(faults))
  const time = performance.now() - begun
  console.log(page.end({ ok, acts: played, time, sent, lost: lost.length, folder: here(kept) }))
  return ok
}

/** Returns where the summary is. */
async function keep(number: number, { act, summary, log }: Played): Promise<string> {
  const path = join(kept, `${number}-${act.name}`)
  await writeFile(`${path}.log`, `${log}\n`)
  await writeFile(`${path}.md`, summary)
  return here(`${path}.md`)
}

/** Short where it can be. */
const here = (path: string): string => {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(name)))
// Whoever reads through a pipe may leave early.
process.stdout.on('error', (error) => interrupted.abort(error))

try {
  process.exitCode = (await demonstrate(interrupted.signal)) ? 0 : 1
} catch (error) {
  if (!interrupted.signal.aborted || error instanceof SuppressedError) throw error
  console.error('Interrupted; nothing is left behind.')
  process.exitCode = 130
}
