#!/bin/sh
# Every header compiles alone. usage: headers.sh SOURCE_ROOT
set -eu
cd "$1"
status=0
for header in proto/*.h store/*.h daemon/*.h ctl/*.h; do
    [ -f "$header" ] || continue
    echo "#include \"$header\"" |
        cc -std=gnu11 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -fsyntax-only \
            -x c - || { echo "$header does not compile alone"; status=1; }
done
exit $status
