#!/bin/sh
# run.sh [NAME...]: measures; a line of JSON a figure. `./do bench` builds first.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- sync reconcile million live start idle blob import
status=0
for name; do
    build/tests/bench/bench "$name" || status=1
done
exit $status
