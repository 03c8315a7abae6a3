#!/bin/sh
# run.sh [NAME...]: measures; a line of JSON a figure. `./do bench` builds first.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- author sync reconcile million live start idle blob bulk swarm lossy import reflink bundle files middle sparse sim
status=0
for name; do
    if [ "$name" = sim ]; then
        tests/sim/bench.sh || status=1
    elif [ "$name" = lossy ] || [ "$name" = reflink ]; then
        TROUPE_BUILD=$PWD/build /usr/bin/python3 "tests/bench/$name.py" || status=1
    else
        build/tests/bench/bench "$name" || status=1
    fi
done
exit $status
