#!/bin/sh
# One color of the app as a daemon: color.sh start|stop|remove|status COLOR
# In the folder $COLORS: COLOR.port is given; COLOR.pid and COLOR.log are written; VERSION.env, when there is one, makes
# that release misbehave (HEALTH=bad). The release is $BLUE_GREEN_VERSION. $NODE runs TypeScript.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
color=$2
pid=$(cat "$COLORS/$color.pid" 2>/dev/null) || pid=none

# The command line of a dead process that nobody has reaped is empty.
running() { grep -qs app-server "/proc/$pid/cmdline"; }

stop() {
  running || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  tries=0
  while running; do
    tries=$((tries + 1))
    [ $tries -ne 500 ] || { kill -KILL "$pid" || :; echo "$color did not end within 10 s and was killed" >&2; }
    sleep 0.02
  done
}

start() {
  stop
  VERSION=$BLUE_GREEN_VERSION
  PORT=$(cat "$COLORS/$color.port")
  COLOR=$color
  set -a
  [ ! -f "$COLORS/$VERSION.env" ] || . "$COLORS/$VERSION.env"
  export VERSION PORT COLOR NODE_COMPILE_CACHE="$COLORS/compile-cache"
  set +a
  setsid "${NODE:-node}" "$here/app-server.ts" >>"$COLORS/$color.log" 2>&1 </dev/null &
  echo $! >"$COLORS/$color.pid.new"
  mv "$COLORS/$color.pid.new" "$COLORS/$color.pid"
}

case $1 in
  start) start ;;
  stop) stop ;;
  remove) stop && rm -f "$COLORS/$color.pid" ;;
  status) if running; then echo running; elif [ "$pid" = none ]; then echo absent; else echo stopped; fi ;;
  *) echo "color.sh start|stop|remove|status COLOR" >&2; exit 2 ;;
esac
