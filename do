#!/bin/sh
# do: everything one does with a checkout of Troupe. `./do` alone lists it.
set -eu
cd "$(dirname "$0")"

BUILD_PACKAGES="gcc libc6-dev pkg-config meson ninja-build libuv1-dev
libsodium-dev libssl-dev libmsgpack-dev liblmdb-dev libinih-dev
libjansson-dev libunistring-dev libmagic-dev libcmocka-dev"
# Hashing many pieces at once; Debian has it for amd64 alone.
[ "$(dpkg --print-architecture 2>/dev/null)" != amd64 ] ||
    BUILD_PACKAGES="$BUILD_PACKAGES libipsec-mb-dev"
DEMO_PACKAGES="lomiri-wallpapers-20.04 fretsonfire-songs-muldjord
tango-icon-theme"
TEST_PACKAGES="clang libclang-rt-14-dev binutils mandoc shellcheck python3
python3-msgpack python3-nacl python3-cryptography python3-mnemonic iproute2
python3-libtorrent procps strace openssl e2fsprogs
xfsprogs mount"
BENCH_PACKAGES="iperf3"

usage() {
    cat <<'EOT'
./do build            build into build/
./do demo             build, then three daemons here make a small production
./do test [SUITE...]  build with gcc, and with clang and sanitizers; run all tests
./do bench [NAME...]  measure, each figure beside a limit of the same run
./do fuzz [SECONDS]   fuzz each target that long (600)
./do soak [N]         kill daemons at random moments N times (100), converge
EOT
}

say() { printf '%s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "do: this needs root and there is no sudo. Run as root: $*"
        exit 1
    fi
}

# Installs what is missing of $2..., and says once what for.
need() {
    why=$1
    shift
    missing=
    for p; do
        dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null |
            grep -qx installed || missing="$missing $p"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || {
        say "do: to $why, install:$missing"
        exit 1
    }
    say "do: installing from Debian, to $why:$missing"
    log=$(mktemp)
    # shellcheck disable=SC2086 # a list of words
    { as_root apt-get -q -o DPkg::Lock::Timeout=300 update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
            -o DPkg::Lock::Timeout=300 install --no-install-recommends \
            $missing; } >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        rm -f "$log"
        say "do: could not install:$missing"
        exit 1
    }
    rm -f "$log"
}

# setup DIR [MESON OPTION...]: DIR is made once, then only kept up to date.
setup() {
    dir=$1
    shift
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
        cat "$dir.log" >&2
        rm -rf "$dir" "$dir.log"
        exit 1
    }
    rm -f "$dir.log"
}

compile() {
    log=$(mktemp)
    ninja -C "$1" >"$log" 2>&1 || {
        grep -vE '^\[[0-9]+/[0-9]+\]' "$log" >&2
        rm -f "$log"
        exit 1
    }
    rm -f "$log"
}

build() {
    # shellcheck disable=SC2086
    need "build" $BUILD_PACKAGES
    setup build
    compile build
}

build_sanitized() {
    setup build-asan --native-file tests/clang.ini \
        -Db_sanitize=address,undefined -Db_lundef=false
    compile build-asan
}

# Runs the tests of one build folder and adds to `passed` and `failed`.
run_tests() {
    dir=$1
    shift
    say "== tests in $dir"
    # shellcheck disable=SC2086
    meson test -C "$dir" --no-rebuild --print-errorlogs $suites "$@" >&2 ||
        true
    counts=$(python3 tests/count.py "$dir/meson-logs/testlog.json")
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
}

test_all() {
    suites=
    for s; do suites="$suites --suite $s"; done
    # shellcheck disable=SC2086
    need "test" $BUILD_PACKAGES $DEMO_PACKAGES $TEST_PACKAGES
    build
    build_sanitized
    passed=0
    failed=0
    run_tests build
    run_tests build-asan
    if [ "$(id -u)" != 0 ]; then
        say "not run, because they need root: $(cat tests/root.list)"
    fi
    printf '%s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

case "${1-}" in
build)
    build
    say "built: build/daemon/trouped and build/ctl/troupe"
    ;;
demo)
    shift
    # shellcheck disable=SC2086
    need "build and run the demo on real files" $BUILD_PACKAGES $DEMO_PACKAGES
    build
    exec build/ctl/troupe demo "$@"
    ;;
test)
    shift
    test_all "$@"
    ;;
bench)
    shift
    # shellcheck disable=SC2086
    need "measure" $BUILD_PACKAGES $TEST_PACKAGES $BENCH_PACKAGES
    build
    exec tests/bench/run.sh "$@"
    ;;
fuzz)
    shift
    # shellcheck disable=SC2086
    need "fuzz" $BUILD_PACKAGES $TEST_PACKAGES
    exec tests/fuzz/run.sh "$@"
    ;;
soak)
    shift
    # shellcheck disable=SC2086
    need "soak" $BUILD_PACKAGES $DEMO_PACKAGES $TEST_PACKAGES
    build
    exec tests/e2e/soak.sh "${1-100}"
    ;;
*)
    usage
    [ -z "${1-}" ] || exit 2
    ;;
esac
