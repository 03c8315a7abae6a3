#!/bin/sh
# bench.sh: the simulator's figures, a line of JSON each, as the bench prints
# them.  What is simulated is the same on any machine; sim.large is not.
set -eu
# Thousands of nodes are spread over much memory: large pages, where there are.
export GLIBC_TUNABLES=glibc.malloc.hugetlb=1
status=0

# run OPTION...: one scenario
run() {
    line=$(build/tests/sim/sim "$@") || status=1
}

# field NAME: its number in the last run's line
field() {
    printf '%s\n' "$line" | sed "s/.*\"$1\": \([0-9.]*\).*/\1/"
}

# row NAME FIELD UNIT LIMIT
row() {
    awk -v name="sim.$1" -v value="$(field "$2")" -v unit="$3" -v limit="$4" '
    BEGIN {
        printf "{\"name\": \"%s\", \"value\": %s, \"unit\": \"%s\", ",
            name, value, unit
        printf "\"limit\": %s, \"ratio\": %.3g}\n", limit, value / limit
    }'
}

run --scenario steady --nodes 1000 --seconds 120
row steady_reached reached share 1
row steady_redundancy redundancy copies 0.1
row steady_p99 latency_p99_ms ms 360
row steady_memory memory_max_bytes B 1048576
run --scenario mass-failure --nodes 1000
row failure_at_once within_1s share 1
row failure_last latency_max_ms ms 10000
run --scenario join-empty
row join_redundancy redundancy copies 0.1
row join_wire bytes_per_record B/record 420
run --scenario steady --nodes 10000 --seconds 120
row large_reached reached share 1
row large wall_s s 60
exit $status
