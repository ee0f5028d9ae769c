/**
 * One change by a user's commands, in one script: take change.lock, look at the router, then under lease.lock compare the fence
 * and record the process group, then run. A new owner that wrote its fence thus finds our group recorded and ends it, or its
 * fence makes us refuse; and it waits for change.lock before it looks at anything.
 */
import type { Color, Lease } from '../targets/target.ts'
import { lead, leaderScript, type OnClientDeath } from './dead-man.ts'
import { leaseText, ledgerPrelude } from './ledger-prelude.ts'
import { type Command, commandFunction, quote, script } from './script.ts'

export type RouterWord = Color | 'none'
/** What was observed; 'unknown' for a command that failed or said anything else. */
export type Observed = RouterWord | 'unknown'

export interface GuardedChange {
  /** Absolute path of the state directory. */
  readonly directory: string
  readonly lease: Lease
  readonly commands: readonly Command[]
  /** Milliseconds for all commands together. */
  readonly limit: number
  readonly observe: Observation | null
  /** Words of the router that allow the change; null: any. */
  readonly allowed: readonly RouterWord[] | null
  /** Observe again after commands that ended with 0. */
  readonly confirm: boolean
  readonly onClientDeath: OnClientDeath
  /**
   * A full disk does not stop the change: what cannot be recorded is left out. change.lock still keeps the next owner waiting,
   * it can only not end our command.
   */
  readonly lenient: boolean
  /** A file of the ledger, written before the commands start. */
  readonly record: { readonly name: string; readonly text: string } | null
  /** Files of the ledger, removed after commands that ended with 0. */
  readonly forget: readonly string[]
  /** 'ignore': goes on without a lease that is gone or damaged, and without locks where there is no place for them. */
  readonly unreadableLedger?: 'refuse' | 'ignore'
}

export interface Observation {
  readonly commands: readonly Command[]
  /** Milliseconds. */
  readonly limit: number
}

export type ChangeResult =
  | { readonly kind: 'refused-color'; readonly observed: Observed }
  | { readonly kind: 'refused-fence'; readonly fence: number }
  | {
      readonly kind: 'finished'
      readonly code: number
      /** Ended by its time limit, or by a new owner of the lease. */
      readonly ended: 'late' | 'ended' | null
      readonly observed: Observed | null
      /** What the commands wrote to $BLUE_GREEN_OUTPUT. */
      readonly output: string
    }
  /** The leader of the commands died: some of them may have run. */
  | { readonly kind: 'unknown' }

/** Bytes of $BLUE_GREEN_OUTPUT that are read. */
export const outputLimit = 256 * 1024

/** Milliseconds a change may wait for locks and for the end of what it has to end, besides the time of its commands. */
export const changeOverhead = 90_000

export const seconds = (milliseconds: number) => Math.max(1, Math.ceil(milliseconds / 1000))

export function guardedChangeScript(change: GuardedChange): string {
  const leader = leaderScript({
    onClientDeath: change.onClientDeath,
    mark: `ended-${change.lease.nonce}`,
    body: leaderBody(change),
  })
  // What a deployment starts outlives the job; with this variable the runner would end it when the job completes.
  const ignores = change.unreadableLedger === 'ignore'
  return script(`${ledgerPrelude(change.directory)}
unset RUNNER_TRACKING_ID
trap : HUP PIPE
lead_change() {
  ${lead(leader)}
  left=$?
}
${ignores ? '( open_ledger ) >/dev/null' : `look || fail directory "$L" 'it is gone'`}
opened=
{
  opened=1
  lock_change
  end_former
  lead_change
  end_former
  rm -f "$L"/output.??????
} 9>>"$L/change.lock"
[ -n "$opened" ] || ${ignores ? 'lead_change' : `fail write "$L/change.lock" ''`}
exit "$left"`)
}

const overtaken = 'overtaken() { read_lease; ! ours; }'

/** A lease that is gone or damaged names nobody; the highest fence there was tells whether somebody has come since. */
const overtakenForCertain = `overtaken() {
  if ( read_lease ) >/dev/null; then
    read_lease
    [ "$lease_line" = none ] || { ! ours; return; }
    [ "$fence" -gt "$FENCE" ]
  else
    ( read_floor; [ "$floor" -gt "$FENCE" ] ) >/dev/null
  fi
}`

function leaderBody(change: GuardedChange): string {
  const ignores = change.unreadableLedger === 'ignore'
  return `${ledgerPrelude(change.directory)}${leaseText(change.lease)}${wordFunction(change.observe)}
${commandFunction('change', change.commands)}
${change.allowed ? compareText(change.allowed) : ''}
${ignores ? overtakenForCertain : overtaken}
begin() {
  ! overtaken || { printf 'refused fence %s\\n' "$fence"; exit 0; }
  ${recordText(change)}
}
opened=
{
  opened=1
  lock_lease
  begin
} 8>>"$L/lease.lock"
[ -n "$opened" ] || ${ignores ? 'begin' : `fail write "$L/lease.lock" ''`}
BLUE_GREEN_OUTPUT=$(LC_ALL=C mktemp "$L/output.XXXXXX" 2>&1) || ${
    change.lenient ? 'BLUE_GREEN_OUTPUT=/dev/null' : 'fail write "$L" "$BLUE_GREEN_OUTPUT"'
  }
export BLUE_GREEN_OUTPUT
run change ${seconds(change.limit)}
result=$code word=
${change.confirm ? '[ "$result" != 0 ] || observed_word' : ''}
if [ -z "$ended" ]; then
  ${change.forget.length > 0 ? `[ "$result" != 0 ] || rm -f ${change.forget.map((name) => `"$L/"${quote(name)}`).join(' ')}` : ''}
  rm -f "$L/pgid"
fi
printf 'finished %s %s %s\\n' "$result" "\${late:+late}\${ended:+ended}" "\${word:-}"
[ "$BLUE_GREEN_OUTPUT" = /dev/null ] || head -c ${outputLimit} "$BLUE_GREEN_OUTPUT" | base64
rm -f "$L"/output.??????
printf 'end\\n'`
}

/** Sets $word to what the router names by the user's commands: the last line of what they said, if it is a word we know. */
function wordFunction(observe: Observation | null): string {
  if (!observe) return ''
  return `${commandFunction('observe', observe.commands)}
observed_word() {
  ask observe ${seconds(observe.limit)}
  word=\${said##*
}
  [ "$code" = 0 ] || word=unknown
  case $word in blue | green | none) ;; *) word=unknown ;; esac
}`
}

const compareText = (allowed: readonly RouterWord[]) => `observed_word
case $word in
  ${allowed.join(' | ')}) ;;
  *) printf 'refused color %s\\n' "$word"; exit 0 ;;
esac`

function recordText({ record, lenient }: GuardedChange): string {
  const or = (file: string) => (lenient ? ':' : `{ fail write "${file}" "$why"; }`)
  const writes = record
    ? `put "$L/${record.name}" ${quote(record.text)} || ${or(`$L/${record.name}`)}\n  `
    : ''
  return `${writes}record_group "$L/pgid" || ${or('$L/pgid')}`
}

export function parseChange(stdout: string): ChangeResult {
  const [first = '', ...rest] = stdout.split('\n')
  const [verdict, ...words] = first.split(' ')
  if (verdict === 'refused' && words[0] === 'color')
    return { kind: 'refused-color', observed: observed(words[1]) ?? 'unknown' }
  if (verdict === 'refused') return { kind: 'refused-fence', fence: Number(words[1]) }
  const end = rest.indexOf('end')
  if (verdict !== 'finished' || end < 0) return { kind: 'unknown' }
  const [code, ended, word] = words
  return {
    kind: 'finished',
    code: Number(code),
    ended: ended?.startsWith('late') ? 'late' : ended === 'ended' ? 'ended' : null,
    observed: observed(word),
    output: Buffer.from(rest.slice(0, end).join(''), 'base64').toString('utf8'),
  }
}

const words: readonly string[] = ['blue', 'green', 'none', 'unknown']

function observed(word: string | undefined): Observed | null {
  return word !== undefined && words.includes(word) ? (word as Observed) : null
}
