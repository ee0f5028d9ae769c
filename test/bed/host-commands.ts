import type { CaseAddresses } from './cases.ts'

/** Shell text that reads BLUE_GREEN_COLOR and BLUE_GREEN_VERSION. */
export type HostCommands = Readonly<Record<'deploy' | 'stop' | 'remove' | 'status', string>>

/** Nothing but shell built-ins, save for the pause: a command must cost less than starting a process in any language. */
export const hostCommands = ({ folder, control }: CaseAddresses): HostCommands => {
  const ask = (request: string) => `want="${request} $$"
asked='${control}'.$BLUE_GREEN_COLOR
echo "$want" >"$asked"
tries=0
until read -r state <'${folder}'/$BLUE_GREEN_COLOR && [ "$state" = "$want" ]; do
  tries=$((tries + 1))
  [ $tries -lt 1000 ] || { echo 'the color host does not answer' >&2; exit 1; }
  read -r now <"$asked" && [ "$now" = "$want" ] || { echo 'another command has come since' >&2; exit 1; }
  sleep 0.005
done`
  return {
    deploy: ask('running $BLUE_GREEN_VERSION'),
    stop: ask('stopped -'),
    remove: ask('absent -'),
    status: `read -r state rest <'${folder}'/$BLUE_GREEN_COLOR && echo "$state"`,
  }
}
