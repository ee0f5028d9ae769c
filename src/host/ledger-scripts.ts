/**
 * The ledger as files under the state directory, each change of it one script. `lease.lock` is held for milliseconds,
 * `change.lock` for a whole change; neither is ever removed, or two could hold "the" lock.
 */
import type { Claim, Lease, Owner } from '../targets/target.ts'
import { leaseText, ledgerPrelude, word } from './ledger-prelude.ts'
import { quote, script } from './script.ts'

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
look || fail directory "$L" 'it is gone'
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

/** Says name and content, a line each, of those files that `writeScript` wrote and that are there. */
export const readFileScript = (directory: string, names: readonly string[]) =>
  script(`${ledgerPrelude(directory)}
look || exit 0
for name in ${names.map(quote).join(' ')}; do
  [ -e "$L/$name" ] || continue
  content=$(cat "$L/$name") || fail directory "$L/$name" 'not readable'
  printf '%s %s\\n' "$name" "$content"
done`)

/** Says what a host lacks, a line each, and changes nothing. */
export const inspectScript = (directory: string): string =>
  script(`DIR=${quote(directory)}
for tool in flock setsid dd base64 mktemp mv head tail date sleep; do
  command -v "$tool" >/dev/null 2>&1 || printf 'tool %s\\n' "$tool"
done
[ -r /proc/self/stat ] || printf 'proc /proc\\n'
near=$DIR/ledger
while [ ! -e "$near" ] && [ -n "$near" ]; do near=\${near%/*}; done
[ -d "\${near:-/}" ] && [ -w "\${near:-/}" ] && [ -x "\${near:-/}" ] || printf 'directory %s\\n' "\${near:-/}"`)
