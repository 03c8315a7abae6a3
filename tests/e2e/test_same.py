"""Whoever holds the same records is shown the same, at the same time.

Five people make random records (tests/vectors/authority/stories.py).  Two
daemons take them in, each in an order and in parts of its own; one of them
loses its index on the way.  Then both are asked about each record, on their
control sockets, and about some by the client.  TROUPE_STEPS is how many
records, TROUPE_STORY of how many a topic has at most, TROUPE_SEED the seed,
which is printed; all in one topic, under a seed of one's own:

    cd tests/e2e; TROUPE_BUILD=../../build TROUPE_STORY=2000 TROUPE_SEED=7 \\
        /usr/bin/python3 test_same.py
"""
import datetime
import json
import os
import pathlib
import random
import sys
import unittest

import msgpack

import lab
from test_control import Client

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"
sys.path[:0] = [str(VECTORS / "authority"), str(VECTORS / "records")]

import stories  # noqa: E402
from make import pack, public, record, text_hash  # noqa: E402

STEPS = int(os.environ.get("TROUPE_STEPS", "2000"))
# So many records, at most, after which another topic begins.
STORY = int(os.environ.get("TROUPE_STORY", "250"))
SHORT = 40  # in so few there is not always a handover
SEED = int(os.environ.get("TROUPE_SEED")
           or random.SystemRandom().randrange(2 ** 32))

# What is asked of each record of a kind, with the name of the param.
QUESTIONS = {
    None: (("record.show", "record"), ("tree", "record")),
    "project": (("project.show", "project"), ("class.progress", "project"),
                ("ledger", "project"), ("request.list", "project"),
                ("contribution.list", "project"), ("thread.list", "project"),
                ("rights.list", "project")),
    "request": (("request.show", "request"), ("contribution.list", "request")),
    "contribution": (("contribution.show", "contribution"),
                     ("thread.show", "record"), ("attribution", "record"),
                     ("feedback.list", "target")),
    "thread": (("thread.show", "record"),),
    "courage": (("courage.show", "courage"),),
    "release": (("release.show", "release"), ("credits", "release"),
                ("attribution", "record")),
    "income": (("split.show", "split"), ("split.draft", "income")),
    "split_proposal": (("split.show", "split"),),
    "split_final": (("split.show", "split"),),
}
# And of some by the client, byte by byte.
COMMANDS = {"project": (("project", "show"), ("request", "list", "--project")),
            "request": (("request", "show"),),
            "release": (("credits",),), "income": (("split", "show"),),
            "split_final": (("split", "show"),), "contribution": (("tree",),)}
SOME = 2        # of each kind and story
AT_ONCE = 64    # calls under way


def without_local(value):
    """What must not depend on the node, in the order in which it says it: not
    `local`, nor where a list goes on."""
    if isinstance(value, dict):
        return {key: without_local(one) for key, one in value.items()
                if key not in ("local", "next", "feedback_next")}
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

    def make(self, steps=STEPS, longest=STORY, always=()):
        """Stories, and all of their records with certificates."""
        made, raw, at = [], [], 0
        known = certificates(stories.Writer(0).people)
        while steps > 0:
            story = stories.Story(self.random.randrange(2 ** 32),
                                  min(steps, longest), always=always)
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

    def answers(self, node, questions):
        """What the node says on its socket to (method, params), as bytes."""
        client = Client(node)
        client.say([0, 0, "hello", [{"version": 1}]])
        self.assertIsNone(client.hear()[2])
        found = {}
        for start in range(0, len(questions), AT_ONCE):
            some = questions[start:start + AT_ONCE]
            client.say(*([0, start + i, method, [params]]
                         for i, (method, params) in enumerate(some)))
            for _ in some:
                answer = client.hear()
                self.assertIsNotNone(answer, [
                    q for i, q in enumerate(some) if start + i not in found])
                _, number, error, result = answer
                found[number] = (error is None, msgpack.packb(
                    error or without_local(result)))
        client.close()
        return [found[i] for i in range(len(questions))]

    def compare_all(self, questions):
        one, other = (self.answers(node, questions) for node in self.both)
        for question, mine, theirs in zip(questions, one, other):
            if mine != theirs:
                self.assertEqual(*(msgpack.unpackb(a[1], raw=False)
                                   for a in (mine, theirs)), question)
            self.assertEqual(mine, theirs, question)
        self.asked += len(questions)
        self.answered += sum(is_answer for is_answer, _ in one)

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
        questions = [("request.list", {"limit": 500}), ("ledger", {}),
                     ("project.list", {"limit": 500})]
        for story in made:
            questions.append(("record.list", {"topic": story.topic,
                                              "limit": 500}))
            for one in story.records:
                questions += [(method, {param: one.id, "limit": 500})
                              for method, param in QUESTIONS[None]
                              + QUESTIONS.get(one.kind, ())]
        self.compare_all(questions)
        for story in made:
            for kind, commands in COMMANDS.items():
                some = [one for one in story.records if one.kind == kind][
                    :SOME]
                for one in some:
                    for command in commands:
                        self.compare(*command, one.id.hex())
        self.compare("request", "list")
        self.assertGreater(self.answered, self.asked / 2)
        print(self.asked, "questions,", self.answered, "answered")

    def test_requests_are_listed_alike_before_their_works_are_read(self):
        self.random = random.Random(1)  # of which some are answered
        made, raw, now = self.make(STEPS // 2, SHORT,
                                   ("request", "contribution"))
        self.now = datetime.datetime.fromtimestamp(
            now // 1000, datetime.timezone.utc).isoformat()
        node = self.both[1]  # for a person's inbox all of it is read
        for story in made:
            node.json("project", "follow", story.topic.hex())
        self.take(node, raw, "part", forget=False)
        lists = [("request.list", {"limit": 500, **dict.fromkeys(some, True)})
                 for some in ((), ("no_answers",), ("open",), ("undecided",),
                              ("open", "no_answers"))]
        whole = [("record.show", {"record": one.id})
                 for story in made for one in story.records]
        shown = self.answers(node, whole + lists)[-len(lists):]
        for again in range(2):  # the second time they are there
            if again == 0:
                node.stop()
                node.start()
                node.json("clock", "set", self.now)
            for question, mine, theirs in zip(
                    lists, shown, self.answers(node, lists)):
                self.assertEqual(*(msgpack.unpackb(a[1], raw=False)
                                   for a in (mine, theirs)), question)
                self.assertTrue(mine[0], question)
        counts = [len(msgpack.unpackb(a[1], raw=False)["items"])
                  for a in shown]
        print(len(made), "topics,", counts, "requests")
        self.assertTrue(0 < counts[1] < counts[0], "some are answered")


if __name__ == "__main__":
    unittest.main()
