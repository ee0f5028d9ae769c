#!/bin/sh
# Builds the two bundles into a folder: sh scripts/package.sh FOLDER
# ncc cannot read what TypeScript 7 offers to tools (https://github.com/vercel/ncc/issues/1336), so tsc goes first. The
# modules' numbers come from their paths, so lib/ is where it is in every build.
set -eu
rm -rf lib "$1"
tsc
for entry in main post; do
  ncc build "lib/$entry.js" --out "$1/$entry" --no-cache --license licenses.txt
done
# ssh2's helper for PuTTY's agent on Windows.
rm -f "$1"/*/pagent.exe
rm -rf lib
