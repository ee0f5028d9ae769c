/** Functions of sh that scripts on the ledger share. */
import type { Lease } from '../targets/target.ts'
import { endRecordedFunction, processFunctions, putFunction } from './dead-man.ts'
import { quote } from './script.ts'

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
ours() {
  [ "$lease_line" != none ] || fail directory "$L/lease" 'it is gone'
  [ "$fence" = "$FENCE" ] && [ "$nonce" = "$NONCE" ]
}
put_lease() { put "$L/lease" "$1 $2 $3 $(date +%s) $4
$5"; }
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

/** What `ours` compares the lease with. */
export const leaseText = (lease: Lease): string => `FENCE=${lease.fence}\nNONCE=${word(lease.nonce)}\n`

/** Nonces stand between blanks in the lease. */
export function word(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(text) || text === '-')
    throw new TypeError(`"${text}" cannot be the nonce of a lease.`)
  return quote(text)
}
