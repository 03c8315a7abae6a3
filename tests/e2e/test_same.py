"""Whoever holds the same records is shown the same, at the same time.

Five people make random records (tests/vectors/authority/stories.py).  Two
daemons take them in, each in an order and in parts of its own; one of them
loses its index on the way.  TROUPE_STEPS is how many records, TROUPE_SEED the
seed, which is printed.
"""
import datetime
import json
import os
import pathlib
import random
import sys
import unittest

import lab

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"
sys.path[:0] = [str(VECTORS / "authority"), str(VECTORS / "records")]

import stories  # noqa: E402
from make import pack, public, record, text_hash  # noqa: E402

STEPS = int(os.environ.get("TROUPE_STEPS", "250"))
STORY = 250     # records, at most, after which another topic begins
SEED = int(os.environ.get("TROUPE_SEED")
           or random.SystemRandom().randrange(2 ** 32))

# What is asked of each record of a kind, besides `record show` and `tree`.
QUESTIONS = {
    "project": (("project", "show"), ("class", "progress"), ("ledger",),
                ("request", "list", "--project"),
                ("contribution", "list")),
    "request": (("request", "show"), ("contribution", "list")),
    "contribution": (("contribution", "show"), ("thread", "show")),
    "thread": (("thread", "show"),),
    "courage": (("courage", "show"),),
    "release": (("release", "show"), ("credits",)),
    "income": (("split", "show"),),
    "split_proposal": (("split", "show"),),
    "split_final": (("split", "show"),),
}


def without_local(value):
    """What must not depend on the node, in the order in which it says it."""
    if isinstance(value, dict):
        return {key: without_local(one) for key, one in value.items()
                if key != "local"}
    if isinstance(value, list):
        return [without_local(one) for one in value]
    return value


def certificates(people):
    """For each device of each person."""
    return {public(device): person.certificate(public(device))
            for person in people
            for device in (person.device, person.key(0),
                           text_hash("spare" + person.id.hex()))}


class Same(lab.LabTest):
    """A person's node and an archive, which never meet."""

    def setUp(self):
        super().setUp()
        print("seed", SEED)
        self.random = random.Random(SEED)
        self.both = [
            self.node("one", "--network", "lab", "--test-clock",
                      person="Frida"),
            self.node("other", "--network", "lab", "--test-clock")]

    def profiles(self):
        for person, name in zip(stories.Writer(0).people, stories.NAMES):
            parts, _ = record(1, person, topic=person.id,
                              fields={"name": name})
            yield parts

    def make(self):
        """Stories, and all of their records with certificates."""
        made, raw, at, steps = [], [], 0, STEPS
        known = certificates(stories.Writer(0).people)
        while steps > 0:
            story = stories.Story(self.random.randrange(2 ** 32),
                                  min(steps, STORY))
            steps -= len(story.records)
            made.append(story)
            at = max(at, story.at)
            for parts, one in zip(story.raw, story.records):
                raw.append(pack(parts[:3] + [known[one.signer]]))
        raw += map(pack, self.profiles())
        return made, raw, at + stories.DAY

    def take(self, node, raw, name, forget):
        """Imports all of it, in some order and in some parts."""
        node.json("clock", "set", self.now)
        raw = list(raw)
        self.random.shuffle(raw)
        cut = self.random.randrange(1, len(raw))
        for n, part in enumerate((raw[:cut], raw[cut:], raw[:cut])):
            result = node.json("record", "import",
                               self.file(f"{name}{n}", b"".join(part)))
            self.assertEqual(result["refused"], 0, result["errors"])
            if forget and n == 0:
                node.kill()
                for path in (node.home / "data").glob("index.mdb*"):
                    path.unlink()
                node.start()
                node.json("clock", "set", self.now)

    def ask(self, node, *question):
        done = node.run("--json", *question, check=False)
        if done.returncode != 0:
            return done.returncode, done.stderr
        return 0, json.dumps(without_local(json.loads(done.stdout)))

    def compare(self, *question):
        one, other = (self.ask(node, *question) for node in self.both)
        self.assertEqual(one, other, question)
        self.asked += 1
        self.answered += one[0] == 0

    def test_two_nodes_with_the_same_records_show_the_same(self):
        self.asked = self.answered = 0
        made, raw, now = self.make()
        self.now = datetime.datetime.fromtimestamp(
            now // 1000, datetime.timezone.utc).isoformat()
        for n, node in enumerate(self.both):
            for story in made:  # else the call board's window drops some
                if story.records[0].id == story.topic:
                    node.json("project", "follow", story.topic.hex())
            self.take(node, raw, f"part{n}-", forget=n == 1)
        for story in made:
            self.compare("record", "list", "--topic", story.topic.hex(),
                         "--limit", "1000")
            for one in story.records:
                ident = one.id.hex()
                self.compare("record", "show", ident)
                self.compare("tree", ident)
                for question in QUESTIONS.get(one.kind, ()):
                    self.compare(*question, ident)
        self.compare("request", "list")
        self.compare("ledger")
        self.assertGreater(self.answered, self.asked / 2)
        print(self.asked, "questions,", self.answered, "answered")


if __name__ == "__main__":
    unittest.main()
