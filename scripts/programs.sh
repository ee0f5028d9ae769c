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
  case $packages in
    # The tests start their own; this one would hold port 80.
    *nginx*) [ ! -d /run/systemd/system ] || as_root systemctl disable --now nginx ;;
  esac
}

mkdir -p .cache
echo "Installing$packages" >&2
install >.cache/programs.log 2>&1 </dev/null && exit 0
[ -z "${CI:-}" ] || {
  cat .cache/programs.log >&2
  exit 1
}
echo "Not installed:$packages. The tests that need it are skipped; to have them: sudo apt-get install$packages" >&2
