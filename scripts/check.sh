#!/bin/sh
# What needs no test to be seen: format, layering, types.
set -eu
biome check --error-on-warnings
tsc --noEmit -p test
