#!/bin/sh
# Sees that programs are there, and installs the Debian packages of those that are not:
#   sh scripts/programs.sh PROGRAM:PACKAGE...
# Where that cannot be done, CI fails; elsewhere one line names them, and the tests that need them are skipped.
set -eu
cd "$(dirname "$0")/.."
# Debian keeps servers where an ordinary user does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

packages=
for pair; do
  command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair#*:}"
done
[ -n "$packages" ] || exit 0

# RUNLEVEL keeps a package from starting its server at once where there is no systemd.
as_root() {
  set -- env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "$@"
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

install() {
  command -v apt-get || return
  as_root apt-get -q update || return
  # shellcheck disable=SC2086 # a list
  as_root apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=120 $packages || return
  # The tests start their own; these would hold ports 80 and 5000, and let people in.
  switch_off nginx nginx
  switch_off openssh-server ssh.socket ssh.service
  switch_off docker.io docker.socket docker.service containerd.service
  switch_off docker-registry docker-registry.service
  switch_off containerd containerd.service
}

# PACKAGE SERVICE...: only where it was just installed; what a distribution does not have is not there to be switched off.
switch_off() {
  case $packages in
    *" $1"*) ;;
    *) return 0 ;;
  esac
  shift
  [ ! -d /run/systemd/system ] || as_root systemctl disable --now "$@" || :
}

mkdir -p .cache
echo "Installing$packages" >&2
install >.cache/programs.log 2>&1 </dev/null && exit 0
[ -z "${CI:-}" ] || {
  cat .cache/programs.log >&2
  exit 1
}
echo "Not installed:$packages. The tests that need it are skipped; to have them: sudo apt-get install$packages" >&2
