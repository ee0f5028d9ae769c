#!/bin/sh
# The action at work on this machine, under load: npm run demo [-- vps] [FOLDER]
set -eu
[ "${1:-}" != vps ] || sh scripts/go-tools.sh vps-app compose-v2
exec node test/demo/demo.ts "$@"
