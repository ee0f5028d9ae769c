/**
 * Preloaded into a bundle under test: names every script the bundle runs, and freezes the bundle at one of them, before the
 * script is handed to its shell or after the shell has ended and before the bundle hears of it. Whoever waits for it then
 * kills it, interrupts it or lets it go on.
 *
 * KILL_POINTS: a file that gets the names. KILL_AT: `STAGE/NAME-COUNT/before|after`, several with blanks. KILL_TRAPPED: a file
 * that appears when the bundle is frozen; what it has written to the ledger since is in the file of that name and `.later`.
 */
import childProcess from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setPriority } from 'node:os'
import { basename, dirname } from 'node:path'

// With many cases side by side, users and colors must not wait for processors longer than the bundles do.
setPriority(4)

const stage = basename(dirname(process.argv[1] ?? ''))
const { KILL_POINTS, KILL_TRAPPED } = process.env
const killAt = (process.env.KILL_AT ?? '').split(' ')
// For the user's commands, which can freeze the bundle too.
process.env.KILL_STAGE = stage
process.env.KILL_PID = String(process.pid)

/** By what the script does; the user's commands name themselves in a comment. Renewals come by a timer, and are not counted. */
function nameOf(script) {
  const command = /# command: (\S+)/g
  const commands = [...script.matchAll(command)].map(([, name]) => name)
  if (script.includes('\nCLAIM=')) return 'acquire'
  if (script.includes('put_lease "$fence" "$nonce" "$status"')) return null
  if (script.includes('put_lease "$fence" "$nonce" parked')) return 'park'
  if (script.includes('put_lease "$fence" - free')) return 'free'
  if (script.includes('put "$L/document"')) return 'write'
  if (script.includes('put "$L/state-')) return 'keep'
  if (script.includes('lock_change\n')) return `change:${commands.find((name) => name !== 'observe')}`
  if (script.includes('hook() {')) return `hook:${commands[0]}`
  if (script.includes('answer() {')) return `look:${commands[0]}`
  if (script.includes('\nshow() {')) return 'read'
  if (script.includes('for tool in')) return 'inspect'
  if (script.includes("for name in 'deployed-")) return 'record'
  if (script.includes('end_recorded ')) return 'end-recorded'
  throw new Error(`The trap has no name for this script:\n${script}`)
}

function keepOperation(script) {
  const [, quoted] = /put "\$L\/document" '(\{.*\})' \|\| fail/.exec(script) ?? []
  if (quoted === undefined) return
  const { operation } = JSON.parse(quoted.replaceAll("'\\''", "'"))
  writeFileSync(`${KILL_TRAPPED}.later`, JSON.stringify(operation))
}

let frozen = false
function freeze() {
  frozen = true
  writeFileSync(KILL_TRAPPED, '')
  process.kill(process.pid, 'SIGSTOP')
}

const counts = new Map()
function count(name) {
  const number = (counts.get(name) ?? 0) + 1
  counts.set(name, number)
  return `${name}-${number}`
}

function watchScript(child, script) {
  const name = nameOf(script)
  if (name === null) return
  const point = `${stage}/${count(name)}`
  if (KILL_POINTS) appendFileSync(KILL_POINTS, `${point}\n`)
  if (killAt.includes(`${point}/before`)) freeze()
  if (frozen) keepOperation(script)
  if (!killAt.includes(`${point}/after`)) return
  const emit = child.emit.bind(child)
  child.emit = (event, ...values) => {
    if (event === 'exit') freeze()
    return emit(event, ...values)
  }
}

const { spawn } = childProcess
childProcess.spawn = (command, args, options) => {
  const child = spawn(command, args, options)
  if (command === 'sh' && args?.[0] === '-s') {
    const { stdin } = child
    const write = stdin.write.bind(stdin)
    stdin.write = (script, ...rest) => {
      stdin.write = write
      watchScript(child, script)
      return write(script, ...rest)
    }
  }
  return child
}
syncBuiltinESMExports()
