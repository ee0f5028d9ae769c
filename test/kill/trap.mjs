/**
 * Preloaded into a bundle under test: names every script the bundle runs, here or over SSH, and freezes the bundle at one of them:
 * before the script is handed over, while it runs, or after its shell has ended and before the bundle hears of it. The same goes
 * for every request to a cluster. Whoever waits for it then kills it, interrupts it, cuts its connection or lets it go on.
 *
 * KILL_POINTS: a file that gets the names. KILL_AT: `STAGE/NAME-COUNT/before|during|after`, several with blanks. KILL_TRAPPED: a
 * file that appears when the bundle is frozen. The file of that name and `.seen` appears when it has been stopped, that with
 * `.later` holds what it writes to the ledger since. KILL_BIN: a folder of programs that win over those of the host.
 */
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { getPriority, setPriority } from 'node:os'
import { Duplex } from 'node:stream'
import { arriveAt, freeze, freezeAndTell, keepDocument, stage } from './freezing.mjs'
import './requests.mjs'

// With many cases side by side, users and colors must not wait for processors longer than the bundles do.
setPriority(Math.min(getPriority() + 4, 19))

const { KILL_TRAPPED, KILL_BIN } = process.env
// For the user's commands, which can freeze the bundle too.
process.env.KILL_STAGE = stage

/** What a script says of the change or the look it is, where the user's commands do not name themselves in a comment. */
const works = [
  ['up', ' up -d --no-deps'],
  ['fetch', 'docker_for() {'],
  ['remove', 'docker rm $ids'],
  ['stop', 'docker stop $ids'],
  ['switch', 'mv -f green off/green'],
  ['switch', 'mv -f off/green green'],
  ['survey', 'part compose compose version'],
  ['containers', 'docker inspect --format'],
  ['flag', 'flag=unready'],
]

/** By what the script does. Renewals come by a timer, and are not counted. */
function nameOf(script) {
  const command = /# command: (\S+)/g
  const commands = [...script.matchAll(command)].map(([, name]) => name).filter((name) => name !== 'observe')
  const work = commands[0] ?? works.find(([, text]) => script.includes(text))?.[0] ?? 'host'
  if (script.includes('\nCLAIM=')) return 'acquire'
  if (script.includes('put_lease "$fence" "$nonce" "$status"')) return null
  if (script.includes('put_lease "$fence" "$nonce" parked')) return 'park'
  if (script.includes('put_lease "$fence" - free')) return 'free'
  if (script.includes('put "$L/document"')) return 'write'
  if (script.includes('put "$L/state-')) return 'keep'
  if (script.includes('lock_change\n')) return `change:${work}`
  if (script.includes('hook() {')) return `hook:${work}`
  if (script.includes('answer() {')) return `look:${script.includes('# command: observe') ? 'observe' : work}`
  if (script.includes('\nshow() {')) return 'read'
  if (script.includes('for tool in')) return 'inspect'
  if (script.includes('[ -e nginx.conf ]')) return 'configuration'
  if (script.includes("for name in 'deployed-")) return 'record'
  if (script.includes('end_recorded ')) return 'end-recorded'
  throw new Error(`The trap has no name for this script:\n${script}`)
}

function keepWritten(script) {
  const [, quoted] = /put "\$L\/document" '(\{.*\})' \|\| fail/.exec(script) ?? []
  if (quoted !== undefined) keepDocument(quoted.replaceAll("'\\''", "'"))
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** Hands a script over with `send`; `surroundings`: text of sh that goes before it. */
function handOver(script, surroundings, send) {
  const name = nameOf(script)
  if (name === null) return send(surroundings + script)
  const isAt = arriveAt(name)
  if (isAt('before')) freezeAndTell()
  keepWritten(script)
  const tell = `: >${quote(KILL_TRAPPED ?? '')}`
  const during = isAt('during') ? `${tell}\n` : ''
  const after = isAt('after') ? `trap ${quote(tell)} EXIT\n` : ''
  const sent = send(surroundings + during + after + script)
  // What has been sent is on its way already, and the answer waits until the bundle goes on.
  if (during || after) freeze()
  return sent
}

const { spawn } = childProcess
childProcess.spawn = (command, args, options) => {
  const child = spawn(command, args, options)
  if (command === 'sh' && args?.[0] === '-s') {
    const { stdin } = child
    const write = stdin.write.bind(stdin)
    stdin.write = (script, ...rest) => {
      stdin.write = write
      return handOver(script, '', (text) => write(text, ...rest))
    }
  }
  return child
}
syncBuiltinESMExports()

/** Servers take no variables from their clients. */
const exported =
  Object.entries(process.env)
    .filter(([name]) => name.startsWith('KILL_'))
    .map(([name, value]) => `export ${name}=${quote(value ?? '')}\n`)
    .join('') + (KILL_BIN ? `export PATH=${quote(KILL_BIN)}:$PATH\n` : '')

const { write } = Duplex.prototype
Duplex.prototype.write = function (chunk, ...rest) {
  const isScript =
    typeof chunk === 'string' && chunk.startsWith("echo 'blue-green: here begins the script'\n")
  return isScript
    ? handOver(chunk, exported, (text) => write.call(this, text, ...rest))
    : write.call(this, chunk, ...rest)
}
