#!/usr/bin/python3
"""popularity.py ROOT: nothing counts what is popular.

Every name of an answer of the daemon, of a column or label of the client, of a
table of the store and of a field of a record is looked at: none of them is a
word by which other places count.
"""
import pathlib
import re
import sys

COUNTS = set("""like likes liked follower followers view views viewed play plays
    played vote votes star stars score scores rank ranking popular popularity
    favourite favourites upvotes reaction reactions hit hits rating ratings
    trending trend subscribers""".split())

# Where names stand, and how.
PLACES = (
    ("daemon/*.c", r'(?:pair_\w+|mp_put_text)\(\s*&?\w+,\s*"([^"]+)"'),
    ("ctl/*.c", r'\.columns = "([^"]+)"'),
    ("ctl/*.c", r'json_object_get\(\s*\w+,\s*"([^"]+)"'),
    ("store/*.c", r'\[[TI]_\w+\] =\s*(?:\{ *)?"([^"]+)"'),
    ("proto/kind_table.h", r'\bX\([^"\n]*"([^"]+)"'),
)


def words(name):
    # "More like this" is what is wished of a work, a role played what was done.
    name = re.sub("more_like|role_played", "", name.lower())
    return set(re.split(r"[^a-z]+", name))


def main(root):
    bad = 0
    for pattern, name in PLACES:
        found = 0
        for path in sorted(pathlib.Path(root).glob(pattern)):
            for match in re.finditer(name, path.read_text()):
                found += 1
                if words(match[1]) & COUNTS:
                    print(f"{path}: {match[1]}: a count of popularity?")
                    bad += 1
        print(f"{pattern}: {found} names")
        bad += found < 5  # nothing was found: the pattern is out of date
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
