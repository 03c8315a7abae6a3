#!/bin/sh
# check.sh SIM SCENARIO [OPTION...]: a seed that is always the same, twice, with
# output equal to the byte but for the time that it took; then one of the moment.
set -eu
sim=$1
scenario=$2
shift 2

run() {
    "$sim" --scenario "$scenario" "$@" | sed 's/, "wall_s": [0-9.]*//'
}

once=$(run "$@" --seed 1)
again=$(run "$@" --seed 1)
printf '%s\n' "$once"
[ "$once" = "$again" ] || {
    printf 'the same seed gave:\n%s\n' "$again"
    exit 1
}
seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
"$sim" --scenario "$scenario" "$@" --seed "$seed"
