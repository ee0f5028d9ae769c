#!/bin/sh
# Runs a command with Node 24 and all that the tests and the demo need, and installs first what is missing:
#   sh scripts/run.sh COMMAND [ARGUMENT...]
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "$*" >&2
  exit 1
}

[ "$(uname -s)" = Linux ] || fail 'To work on this action takes Linux: a container, a virtual machine or WSL will do.'

# A copy of the lockfile, and not a time, tells whether the packages are the right ones.
installed=node_modules/.installed-package-lock.json
if ! cmp -s package-lock.json "$installed"; then
  echo 'Installing the npm packages' >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$installed"
fi

sh scripts/programs.sh nginx:nginx flock:util-linux setsid:util-linux curl:curl ps:procps ip:iproute2

[ -x node_modules/.bin/node ] || fail "npm has no Node 24 for this machine ($(uname -m)): x64 and arm64 it has."
export PATH="$PWD/node_modules/.bin:$PWD/.cache/bin:$PATH:/usr/sbin:/sbin"
exec "$@"
