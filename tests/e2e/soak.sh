#!/bin/sh
# Kills daemons at random moments N times, of bulk work and of the main story,
# and looks whether they recover; then shows two daemons with the same 2,000
# records the same. usage: soak.sh [N]; TROUPE_SEED=S repeats it.
set -eu
cd "$(dirname "$0")/../.."
export TROUPE_BUILD="${TROUPE_BUILD:-$PWD/build}" TROUPE_ROUNDS="${1-100}"
/usr/bin/python3 tests/e2e/test_kill.py
/usr/bin/python3 tests/e2e/test_kill_story.py
TROUPE_STEPS=2000 /usr/bin/python3 tests/e2e/test_same.py
