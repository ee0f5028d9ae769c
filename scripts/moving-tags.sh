#!/bin/sh
# Prints the tags that move to a new release, given all tags on stdin: sh scripts/moving-tags.sh v1.2.3
# A fix of an older line moves only the tags whose newest release it is.
set -eu
releases=$(printf '%s\n%s\n' "$(cat)" "$1" | grep -Ex 'v[0-9]+\.[0-9]+\.[0-9]+' | sort -V)
minor=${1%.*}
major=${minor%.*}
for line in "$major" "$minor"; do
  newest=$(echo "$releases" | grep -F "$line." | tail -n 1)
  [ "$newest" != "$1" ] || echo "$line"
done
