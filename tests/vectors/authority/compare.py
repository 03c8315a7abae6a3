#!/usr/bin/env python3
"""Verdicts of docs/protocol.md section 7 by proto/ and by verdicts.py.

`compare.py REPLAY [--seed N] [--sets N] [--seconds N]` makes sets of records at
random, judges them here, and has REPLAY (build/tests/vectors/replay) say the
same.  `--write` and `--check` make sets.json, or compare it.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from records import Record
from make import DOCUMENT, table
from stories import DAY, NOW, Story
from verdicts import Topic

HERE = pathlib.Path(__file__).parent


TEXTS = {row[0]: row[1].split(" (and")[0] for row in table(
    DOCUMENT.read_text().splitlines(), "reason")}


def text(verdict):
    state, reason, subject = verdict
    if state != "void":
        return state
    if subject is None:
        return "void: " + TEXTS[reason]
    return "void: %s%s %s" % (TEXTS[reason], "" if reason == "omits" else ":",
                              subject.hex())


def one_set(name, seed, steps):
    story = Story(seed, steps)
    raw = story.done()
    records = [Record(r) for r in raw]
    topic = Topic(story.topic, records)
    times = sorted(r.created for r in records)
    nows = sorted({times[len(times) // 2], max(story.at, NOW) + DAY})
    judgements = []
    for now in nows:
        verdicts = topic.judge(now)
        judgements.append({"now": now, "verdicts": [
            text(verdicts[r.id]) for r in records]})
    return {"name": name, "topic": story.topic.hex(),
            "records": [r.hex() for r in raw], "judgements": judgements}


def replay(program, sets):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(sets, file)
        file.flush()
        return subprocess.run([program, "authority", file.name],
                              capture_output=True, text=True)


def show(sets, lines):
    """Says of each difference what the record is."""
    by_name = {s["name"]: s for s in sets}
    for line in lines:
        if not line.endswith("(FAILED)"):
            continue
        place, got = line.split(": ", 1)
        name, index = place.rsplit("/", 1)
        if name in by_name:
            s = by_name[name]
            r = Record(bytes.fromhex(s["records"][int(index)]))
            print("%s %s %s\n    here  %s\n    proto %s" % (
                place, r.kind, r.id.hex()[:12],
                [j["verdicts"][int(index)] for j in s["judgements"]], got))
        else:
            print(line)


# Small sets that have every state and all but one reason among them, and each
# kind both void and not.
COMMITTED = (132, 504, 405, 1510, 1344, 559, 103, 1323, 15, 143, 414, 1266,
             1515, 156, 283, 291, 417, 827, 1180, 1466)


# Sets of so many records on which the two were not of one mind once.
FIXED = ((439455393, 80), (3711991007, 80), (2124757856, 80))


def committed():
    return [one_set("set %d" % seed, seed, 45) for seed in COMMITTED] + \
        [one_set("fixed %d" % seed, seed, steps) for seed, steps in FIXED]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("replay", nargs="?")
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(2 ** 32))
    parser.add_argument("--sets", type=int, default=10 ** 6)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    path = HERE / "sets.json"
    if args.write or args.check:
        made = json.dumps(committed(), indent=0, separators=(",", ":")) + "\n"
        if args.write:
            path.write_text(made)
        elif path.read_text() != made:
            sys.exit("sets.json: not what compare.py makes")
        return
    print("seed", args.seed)
    end = time.monotonic() + args.seconds
    done = records = 0
    while done < args.sets and time.monotonic() < end:
        seed = args.seed + done
        one = one_set("seed %d" % seed, seed, args.steps)
        result = replay(args.replay, [one])
        if result.returncode:
            show([one], result.stdout.splitlines())
            sys.exit("seed %d: %s%s" % (
                seed, result.stdout.splitlines()[-1], result.stderr))
        done += 1
        records += len(one["records"])
    print("%d sets of %d records agree" % (done, records))


if __name__ == "__main__":
    main()
