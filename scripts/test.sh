#!/bin/sh
# Everything that must hold; arguments go to vitest: npm test -- test/checks
set -eu
sh scripts/check.sh
sh scripts/go-tools.sh
sh scripts/python-tools.sh
exec vitest run "$@"
