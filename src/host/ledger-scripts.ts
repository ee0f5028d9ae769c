/**
 * The ledger as files under the state directory, each change of it one script. `lease.lock` is held for milliseconds,
 * `change.lock` for a whole change; neither is ever removed, or two could hold "the" lock.
 */
import type { Claim, Lease, Owner } from '../targets/target.ts'
import { endRecordedFunction, processFunctions, putFunction } from './dead-man.ts'
import { quote, script } from './script.ts'

/**
 * `fail KIND PATH DETAIL` ends the script; `parseFailure` reads it. Waiting for a lock polls, because the flock of busybox has
 * no time limit.
 */
const failFunctions = `
fail() {
  printf 'failed %s\\n%s\\n%s\\n' "$1" "$2" "$3"
  exit 1
}
lock() {
  tries=0
  while :; do
    flock -n "$1"
    case $? in
      0) return 0 ;;
      1) ;;
      *) fail flock "$L" '' ;;
    esac
    [ "$tries" -lt "$2" ] || return 1
    sleep 0.05
    tries=$((tries + 1))
  done
}
lock_lease() { lock 8 200 || fail busy "$L/lease.lock" ''; }
lock_change() { lock 9 600 || fail change "$L/change.lock" "$(cat "$L/pgid" 2>/dev/null)"; }
end_former() { end_recorded "$L/pgid" || fail group "$L/pgid" "$recorded"; }
`

/** Sets lease_line, fence, nonce, status, renewed, ttl, owner and floor. What cannot be read is never taken for a free lease. */
const leaseFunctions = `
is_number() {
  case $1 in '' | *[!0-9]* | 0?* | ????????????????*) return 1 ;; esac
}
garbage() { fail garbage "$1" "$(LC_ALL=C printf '%.200s' "$2")"; }
read_floor() {
  floor=0
  [ -e "$L/fence" ] || return 0
  { IFS= read -r floor <"$L/fence"; } 2>/dev/null && is_number "$floor" && return 0
  [ -e "$L/lease" ] || garbage "$L/fence" "$floor"
  floor=0
}
read_lease() {
  lease_line=none fence=0 nonce=- status=free renewed=0 ttl=0 owner=
  read_floor
  if [ ! -e "$L/lease" ]; then
    [ -e "$L/fence" ] || [ ! -e "$L/document" ] || fail fence "$L/fence" ''
    fence=$floor
    return 0
  fi
  [ -r "$L/lease" ] || fail directory "$L/lease" 'not readable'
  { IFS= read -r lease_line && IFS= read -r owner; } <"$L/lease" || garbage "$L/lease" "$lease_line"
  case $lease_line in *[!0-9A-Za-z._\\ -]*) garbage "$L/lease" "$lease_line" ;; esac
  set -- $lease_line
  [ $# = 5 ] && is_number "$1" && is_number "$4" && is_number "$5" || garbage "$L/lease" "$lease_line"
  case $3 in held | parked | free) ;; *) garbage "$L/lease" "$lease_line" ;; esac
  case $owner in '{'*'}') ;; *) garbage "$L/lease" "$owner" ;; esac
  fence=$1 nonce=$2 status=$3 renewed=$4 ttl=$5
}
ours() { [ "$fence" = "$FENCE" ] && [ "$nonce" = "$NONCE" ]; }
put_lease() { put "$L/lease" "$1 $2 $3 $(date +%s) $4
$5"; }
`

const showFunctions = `
show_lease() { printf '%s\\n%s\\n%s\\n%s\\n' "$(date +%s)" "$fence" "$lease_line" "$owner"; }
show_document() {
  if [ -e "$L/document" ]; then
    printf 'document\\n'
    cat "$L/document" || fail directory "$L/document" 'not readable'
  else
    printf 'none\\n'
  fi
  printf 'end\\n'
}
`

/** A folder that cannot be looked into is not an empty one: the nearest folder that exists must let us in. */
const directoryFunctions = `
look() {
  near=$L
  while [ ! -d "$near" ] && [ -n "$near" ]; do near=\${near%/*}; done
  [ -x "\${near:-/}" ] || fail directory "\${near:-/}" 'no permission'
  [ "$near" = "$L" ] || return 1
  [ -r "$L" ] || fail directory "$L" 'no permission'
}
open_ledger() {
  look || {
    why=$( ( umask 022; LC_ALL=C mkdir -p "$DIR" 2>&1 && LC_ALL=C mkdir -m 700 "$L" 2>&1 ) ) || look || fail directory "$DIR" "$why"
  }
  [ -w "$L" ] || fail directory "$L" 'not writable'
}
`

/** What every script that touches the ledger begins with. */
export function ledgerPrelude(directory: string): string {
  if (!directory.startsWith('/'))
    throw new TypeError(`The state directory must be an absolute path, not "${directory}".`)
  const own = directory.replace(/(?<=.)\/+$/, '')
  return [
    `DIR=${quote(own)}\nL=$DIR/ledger\n`,
    processFunctions,
    endRecordedFunction,
    putFunction,
    failFunctions,
    leaseFunctions,
    directoryFunctions,
  ].join('')
}

/** Compares fence and nonce; for scripts that hold lease.lock. */
export const leaseText = (lease: Lease): string => `FENCE=${lease.fence}\nNONCE=${word(lease.nonce)}\n`

/** Nonces stand between blanks in the lease. */
function word(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(text) || text === '-')
    throw new TypeError(`"${text}" cannot be the nonce of a lease.`)
  return quote(text)
}

export const readScript = (directory: string): string =>
  script(`${ledgerPrelude(directory)}${showFunctions}
show() {
  read_lease
  printf 'view\\n'
  show_lease
  show_document
}
if ! look; then
  printf 'view\\n%s\\n0\\nnone\\n\\nnone\\nend\\n' "$(date +%s)"
elif [ -e "$L/lease.lock" ]; then
  { opened=1; lock_lease; show; } 8<"$L/lease.lock"
  [ -n "$opened" ] || fail directory "$L/lease.lock" 'not readable'
else
  show
fi`)

export interface AcquireOptions {
  readonly owner: Owner
  readonly claim: Claim
  readonly unchangedMark: string | null
  /** Seconds. */
  readonly ttl: number
}

export const acquireScript = (directory: string, options: AcquireOptions): string =>
  script(`${ledgerPrelude(directory)}${showFunctions}
NONCE=${word(options.owner.nonce)}
OWNER=${quote(JSON.stringify(options.owner))}
CLAIM=${options.claim}
MARK=${quote(options.unchangedMark ?? '')}
TTL=${options.ttl}
may_take() {
  [ "$status" != held ] || [ "$CLAIM" = break ] || [ "$lease_line" = "$MARK" ] && return 0
  [ "$CLAIM" = own ] && [ "$nonce" = "$NONCE" ] && return 0
  [ $(($(date +%s) - renewed)) -gt "$ttl" ]
}
take() {
  state=whole
  next=$fence
  [ "$floor" -le "$next" ] || next=$floor
  next=$((next + 1))
  if put "$L/fence" "$next" && put_lease "$next" "$NONCE" held "$TTL" "$OWNER"; then
    fence=$next
  elif [ "$nonce" = "$NONCE" ]; then
    state=degraded
  else
    fail write "$L/lease" "$why"
  fi
}
open_ledger
opened=
{
  opened=1
  lock_lease
  read_lease
  may_take || {
    printf 'held\\n'
    show_lease
    exit 0
  }
  take
} 8>>"$L/lease.lock"
[ -n "$opened" ] || fail write "$L/lease.lock" ''
end_former
opened=
{
  opened=1
  lock_change
} 9>>"$L/change.lock"
[ -n "$opened" ] || fail write "$L/change.lock" ''
printf 'acquired\\n%s %s\\n' "$fence" "$state"
show_document`)

/** `action` runs under lease.lock, with the lease read and found to be ours. */
const ownScript = (directory: string, lease: Lease, action: string): string =>
  script(`${ledgerPrelude(directory)}${leaseText(lease)}
look || { printf 'lost\\n'; exit 0; }
opened=
{
  opened=1
  lock_lease
  read_lease
  ours || { printf 'lost\\n'; exit 0; }
  ${action}
  printf 'kept\\n'
} 8>>"$L/lease.lock"
[ -n "$opened" ] || fail write "$L/lease.lock" ''`)

const putLease = (nonce: string, status: string) =>
  `put_lease "$fence" ${nonce} ${status} "$ttl" "$owner" || fail write "$L/lease" "$why"`

/** Keeps the status: a renewal on its way must not take back a parked lease. */
export const renewScript = (directory: string, lease: Lease) =>
  ownScript(directory, lease, putLease('"$nonce"', '"$status"'))
export const parkScript = (directory: string, lease: Lease) =>
  ownScript(directory, lease, putLease('"$nonce"', 'parked'))
export const freeScript = (directory: string, lease: Lease) =>
  ownScript(directory, lease, putLease('-', 'free'))

/** `name`: a file of the ledger. */
export const writeScript = (directory: string, lease: Lease, name: string, text: string) =>
  ownScript(directory, lease, `put "$L/${name}" ${quote(text)} || fail write "$L/${name}" "$why"`)

/** A file that `writeScript` wrote; `none` when there is no such file. */
export const readFileScript = (directory: string, names: readonly string[]) =>
  script(`${ledgerPrelude(directory)}
look || exit 0
for name in ${names.map(quote).join(' ')}; do
  [ -e "$L/$name" ] || continue
  content=$(cat "$L/$name") || fail directory "$L/$name" 'not readable'
  printf '%s %s\\n' "$name" "$content"
done`)
