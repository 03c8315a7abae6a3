#!/bin/sh
# The manual is what the table says, and completions are scripts.
# usage: help.sh TROUPE SOURCE_ROOT
set -eu
troupe=$1
root=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$troupe" help --man >"$dir/troupe.1"
cmp "$dir/troupe.1" "$root/docs/man/troupe.1" || {
    echo "docs/man/troupe.1 is old: troupe help --man > docs/man/troupe.1"
    exit 1
}
if command -v mandoc >/dev/null; then
    # Style asks for manuals that need not be installed here.
    mandoc -Tlint -W warning "$root/docs/man/troupe.1" \
        "$root/docs/man/trouped.8"
fi
"$troupe" completion bash >"$dir/bash"
sh -c 'command -v bash' >/dev/null && bash -n "$dir/bash"
"$troupe" completion zsh | grep -q '^#compdef troupe'
"$troupe" completion fish | grep -q '__fish_use_subcommand'
"$troupe" help | while read -r noun rest; do
    case $noun in
    init) [ -n "$rest" ] && "$troupe" help init | grep -q -- --no-passphrase ;;
    esac
done
