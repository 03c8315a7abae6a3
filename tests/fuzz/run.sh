#!/bin/sh
# Fuzzes every target for SECONDS (600), two at a time, and keeps what is new
# in tests/fuzz/corpus, minimised. usage: run.sh [SECONDS [NAME...]]
set -eu
cd "$(dirname "$0")/../.."
seconds=${1-600}
[ $# -gt 0 ] && shift
[ -f build-fuzz/build.ninja ] ||
    meson setup build-fuzz --native-file tests/clang.ini -Dfuzz=true \
        -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
ninja -C build-fuzz >/dev/null
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
status=0
fuzz_one() {
    name=$1
    target=build-fuzz/tests/fuzz/fuzz_$name
    found=build-fuzz/found/$name
    mkdir -p "$found" "tests/fuzz/corpus/$name"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="build-fuzz/crash-$name-" "$found" \
        "tests/fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1 || {
        echo "$name: found something, see build-fuzz/$name.log"
        return 1
    }
    "$target" -merge=1 -max_len=4096 "tests/fuzz/corpus/$name" "$found" \
        >>"build-fuzz/$name.log" 2>&1
    echo "$name: $seconds s, $(ls "tests/fuzz/corpus/$name" | wc -l) inputs"
}
while [ $# -gt 0 ]; do
    fuzz_one "$1" & first=$!
    second=
    [ $# -lt 2 ] || { fuzz_one "$2" & second=$!; shift; }
    shift
    wait $first || status=1
    [ -z "$second" ] || wait $second || status=1
done
exit $status
