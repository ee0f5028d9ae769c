#!/bin/sh
# Installs what the tests run and comes as Python packages into .cache/python, once. Puts the AWS lab and AWS's own command
# into .cache/bin.
# Where that cannot be done, CI fails; elsewhere one line says so, and the tests that run it are skipped.
set -eu
cd "$(dirname "$0")/.."

requirements=test/bed/aws/lab/requirements.txt
packages=.cache/python
bin=.cache/bin

# Some packages are built for one version of Python alone.
wanted() {
  python3 --version && cat "$requirements" scripts/python-tools.sh
}

install() {
  sh scripts/programs.sh python3:python3 pip3:python3-pip
  rm -rf "$packages" "$bin/aws-lab" "$bin/aws"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$packages" --requirement "$requirements" || return
  wanted >"$packages/installed"
  launch aws-lab '"$root/test/bed/aws/lab/lab.py"'
  launch aws '-m awscli'
}

launch() {
  cat >"$bin/$1" <<END
#!/bin/sh
root=\$(dirname "\$0")/../..
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="\$root/.cache/python" exec python3 $2 "\$@"
END
  chmod +x "$bin/$1"
}

mkdir -p .cache/bin
if [ -x "$bin/aws-lab" ] && [ -x "$bin/aws" ] && wanted 2>/dev/null | cmp -s - "$packages/installed"; then exit 0; fi
echo 'Installing the Python packages' >&2
install >.cache/python-tools.log 2>&1 </dev/null && exit 0
[ -z "${CI:-}" ] || {
  cat .cache/python-tools.log >&2
  exit 1
}
echo 'The AWS lab could not be installed (see .cache/python-tools.log). The tests that run it are skipped.' >&2
