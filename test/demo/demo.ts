/**
 * Deployments, accidents and ways back on this machine, under constant load: node test/demo/demo.ts [command | vps] [FOLDER]
 * Summaries and logs go to the folder. Ends with 1 when a request is lost, an act ends otherwise than it must or the machine lacks
 * something, with 130 when interrupted. BLUE_GREEN_DIST names another folder of bundles.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { demos, isDemoName } from './demos.ts'
import { findAction } from './job.ts'
import { createPage } from './page.ts'
import { faultsOfUsers, type Played, play } from './play.ts'
import { openDoors, users } from './shop.ts'

const [first, second] = process.argv.slice(2)
const [name, folder] = isDemoName(first) ? [first, second] : (['command', first] as const)
const { does, acts, lacking, open } = demos[name]
const root = join(import.meta.dirname, '../..')
const kept = resolve(folder ?? join(root, '.cache/demo', name))
const colored = process.stdout.isTTY === true && !process.env.NO_COLOR
const page = createPage({ does, acts, users: users.keepAlive + users.fresh, colored })

async function demonstrate(signal: AbortSignal): Promise<boolean> {
  const action = findAction(resolve(process.env.BLUE_GREEN_DIST ?? join(root, 'dist')))
  await mkdir(kept, { recursive: true })
  console.log(page.head())
  const begun = performance.now()
  await using shop = await open()
  await using doors = openDoors(shop.url)
  const played: Played[] = []
  let faults: readonly string[] = []
  for (const act of acts) {
    const result = await play({ shop, doors, action }, act, signal)
    played.push(result)
    console.log(page.row(played.length, result, await keep(played.length, result)))
    faults = result.faults
    if (faults.length > 0) break
  }
  signal.throwIfAborted()
  const { sent, lost } = await doors.close()
  // Those that were under way when the last act ended.
  if (faults.length === 0) faults = faultsOfUsers(lost)
  const ok = faults.length === 0
  if (!ok) console.log(page.faults(faults))
  const time = performance.now() - begun
  const ended = played.flatMap((each) => each.ended)
  const stages = ended.flatMap(({ ends }) => (ends.post === null ? [ends.main] : [ends.main, ends.post]))
  const proven = ended.flatMap((each) => each.proven ?? [])
  const total = { ok, acts: played.length, time, sent, lost: lost.length, proven, folder: here(kept) }
  console.log(page.end({ ...total, facts: shop.facts(stages.length) }))
  return ok
}

/** Returns where the summary is. */
async function keep(number: number, { act, ended }: Played): Promise<string> {
  const path = join(kept, `${number}-${act.name}`)
  await writeFile(`${path}.log`, `${ended.map(({ log }) => log).join('\n\nNext run\n')}\n`)
  await writeFile(`${path}.md`, ended.map(({ summary }) => summary).join(''))
  return here(`${path}.md`)
}

/** Short where it can be. */
const here = (path: string): string => {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(new Error(signal)))
// Whoever reads through a pipe may leave early.
process.stdout.on('error', (error) => interrupted.abort(error))

const lack = await lacking()
if (lack !== null) {
  console.error(lack)
  process.exit(1)
}
try {
  process.exitCode = (await demonstrate(interrupted.signal)) ? 0 : 1
} catch (error) {
  if (!interrupted.signal.aborted || error instanceof SuppressedError) throw error
  console.error('Interrupted; nothing is left behind.')
  process.exitCode = 130
}
