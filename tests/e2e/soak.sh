#!/bin/sh
# Kills daemons at random moments N times and looks whether they recover.
# usage: soak.sh [N]; TROUPE_SEED=S repeats a run.
set -eu
cd "$(dirname "$0")/../.."
TROUPE_BUILD=${TROUPE_BUILD:-$PWD/build} TROUPE_ROUNDS=${1-100} \
    exec /usr/bin/python3 tests/e2e/test_kill.py
