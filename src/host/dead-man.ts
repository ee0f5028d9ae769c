/**
 * A long command ends when nobody waits for it any more: killing an SSH client, or the process that started a command, leaves
 * the command running. It gets a session of its own, and watchers outside it that end the whole group. All of this is text of
 * sh; times in it are tenths of a second, or seconds where `sleep` takes them.
 */
import { innerScript, quote } from './script.ts'

/** 'finish': a client that dies half way leaves less harm behind when the command goes on, as with a switch of traffic. */
export type OnClientDeath = 'end' | 'finish'

/**
 * Process numbers are used again; a number with its start time (field 22 of /proc/PID/stat) and boot is not. The name in field
 * 2 may hold anything, hence the cut after the last parenthesis. Processes nobody reaped do not count as alive.
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export const processFunctions = `
stat_of() {
  stat=
  { while IFS= read -r stat_line || [ -n "$stat_line" ]; do stat="$stat $stat_line"; done <"/proc/$1/stat"; } 2>/dev/null
  [ -n "$stat" ]
}
start_of() {
  start=
  stat_of "$1" || return 1
  set -- \${stat##*)}
  start=\${20}
}
boot_of_host() {
  { read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null || boot=unknown
}
same_group() {
  [ ! -d "/proc/$1" ] || { start_of "$1" && [ "$start" = "$2" ]; }
}
alive() {
  group=$1
  for entry in /proc/[0-9]*; do
    stat_of "\${entry#/proc/}" || continue
    set -- \${stat##*)}
    case $1 in Z | X) continue ;; esac
    [ "$3" != "$group" ] || return 0
  done
  return 1
}
gone_within() {
  waited=0
  while alive "$1"; do
    [ "$waited" -lt "$2" ] || return 1
    sleep 0.1
    waited=$((waited + 1))
  done
}
end_group() {
  kill -s TERM -- "-$1" 2>/dev/null
  gone_within "$1" 100 && return 0
  kill -s KILL -- "-$1" 2>/dev/null
  gone_within "$1" 50
}
`

/**
 * end_recorded FILE: ends the group a change has left running. A switch, which outlives its client on purpose, first gets ten
 * seconds to end by itself. Fails when the group is still there in the end.
 */
export const endRecordedFunction = `
end_recorded() {
  [ -e "$1" ] || return 0
  recorded= began= booted= manner=
  { read -r recorded began booted manner <"$1"; } 2>/dev/null
  case $recorded in
    '' | *[!0-9]* | 0* | 1) ;;
    *)
      boot_of_host
      if [ "$booted" = "$boot" ] && same_group "$recorded" "$began"; then
        { [ "$manner" = finish ] && gone_within "$recorded" 100; } || end_group "$recorded" || return 1
      fi
      ;;
  esac
  rm -f "$1"
}
`

const watchClient = `${processFunctions}
while read -r rest; do :; done
trap '' TERM
exec </dev/null
same_group "$1" "$2" && end_group "$1"
`

const watchTime = `${processFunctions}
sleep "$3"
trap '' TERM
start_of "$1" && [ "$start" = "$2" ] || exit 0
kill -s USR1 "$4"
end_group "$1"
`

/**
 * For the leader of a session. Watchers are sessions of their own, and hold neither the streams people and protocol are read
 * from nor the locks. `run FUNCTION SECONDS` leaves the exit code in $code, `ask` what was said in $said as well.
 */
const leaderFunctions = `
watch_client=${quote(watchClient)}
watch_time=${quote(watchTime)}
watch() {
  BG_WATCH=$1 setsid sh -c 'eval "$BG_WATCH"' blue-green-watch "$leader" "$born" "$2" "$$" <&3 >/dev/null 2>&1 3<&- 8>&- 9>&- &
  watcher=$!
}
unwatch() {
  kill -s KILL -- "-$1" || kill -s KILL "$1"
  wait "$1"
} 2>/dev/null
relay() {
  trap '' HUP PIPE TERM
  while IFS= read -r said_line; do
    case $said_line in
      *"$mark "*)
        printf '%s' "\${said_line%"$mark "*}" >&4
        return "\${said_line##*"$mark "}"
        ;;
    esac
    printf '%s\\n' "$said_line" >&4
  done 4>&2 2>/dev/null
  return 143
}
run() {
  code=143
  [ -z "$ended" ] || return 0
  watch "$watch_time" "$2"
  timer=$watcher
  if [ "$on_client_death" = finish ]; then
    ( trap : TERM; "$1" 2>&1; printf '%s %s\\n' "$mark" "$?" ) 3<&- 8>&- 9>&- | relay 3<&- 8>&- 9>&-
  else
    ( "$1" ) >&2 3<&- 8>&- 9>&-
  fi
  code=$?
  [ -n "$late" ] || unwatch "$timer"
}
ask() {
  code=143 said=
  [ -z "$ended" ] || return 0
  watch "$watch_time" "$2"
  timer=$watcher
  said=$("$1" 3<&- 8>&- 9>&-)
  code=$?
  [ -n "$late" ] || unwatch "$timer"
}
record_group() {
  boot_of_host
  put "$1" "$leader $born $boot $on_client_death"
}
`

/** put FILE TEXT: the whole text is on the disk under that name, or the old file is untouched and $why says what failed. */
export const putFunction = `
put() {
  why=$(printf '%s\\n' "$2" | LC_ALL=C dd of="$1.new" conv=fsync 2>&1) && why=$(LC_ALL=C mv -f "$1.new" "$1" 2>&1) && return 0
  rm -f "$1.new"
  return 1
}
`

/**
 * The text of a session's leader, for `lead` below. `body` finds the functions above, $ended when the group was told to end,
 * and $late when that was because of its time.
 */
export function leaderScript(options: {
  readonly onClientDeath: OnClientDeath
  /** A word no command can say by chance: it ends the output of a command whose pipe a daemon may hold open. */
  readonly mark: string
  readonly body: string
}): string {
  return innerScript(`${processFunctions}${putFunction}${leaderFunctions}
ended= late= client=
trap 'ended=1' TERM
trap 'late=1' USR1
trap : HUP PIPE
on_client_death=${options.onClientDeath}
mark=${quote(options.mark)}
stat_of "$$"
set -- \${stat##*)}
leader=$3
start_of "$leader"
born=$start
if [ "$on_client_death" = end ]; then
  watch "$watch_client" 0
  client=$watcher
fi
${options.body}
[ -z "$client" ] || [ -n "$ended" ] || unwatch "$client"
exit 0`)
}

/**
 * Starts the leader and waits for it. In the foreground, since a shell without job control starts background jobs with
 * SIGINT and SIGQUIT ignored, which every daemon of a deployment would inherit.
 */
export const lead = (leader: string): string => `leader=${quote(leader)}
printf '%s' "$leader" | setsid sh -s
`
