"""The main story goes on while its daemons are killed at random moments.

TROUPE_ROUNDS kills (10 unless told otherwise), at moments that follow from
TROUPE_SEED, which is printed.
"""
import os
import random
import socket
import subprocess
import threading
import unittest

import lab

ROUNDS = int(os.environ.get("TROUPE_ROUNDS", "10"))
SEED = int(os.environ.get("TROUPE_SEED", random.randrange(1 << 32)))
LICENCE = "CC-BY-SA-4.0"


def free_port():
    """A port that stays the same over restarts, so that peers find back."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Killer(threading.Thread):
    """Kills one of the daemons, starts it again, and so on."""

    def __init__(self, nodes):
        super().__init__()
        self.nodes = nodes
        self.random = random.Random(SEED)
        self.pause = threading.Event()
        self.failure = None

    def run(self):
        try:
            for _ in range(ROUNDS):
                self.pause.wait(self.random.uniform(0.02, 0.4))
                node = self.random.choice(self.nodes)
                node.kill()
                node.start()
        except Exception as failure:  # told by the test's own thread
            self.failure = failure


class KillStory(lab.LabTest):
    """Leader, contributor and archivist, none of whom may die for good."""

    def setUp(self):
        super().setUp()
        print(f"TROUPE_SEED={SEED}", flush=True)
        self.told = {}  # node: ids that it said it had stored

    def person(self, name):
        node = self.node(name.lower(), "--listen",
                         f"127.0.0.1:{free_port()}", person=name)
        self.told[node] = set()
        return node

    def ask(self, node, *args):
        """The answer of a node, however often it has to be asked."""
        def answer():
            try:
                return node.json(*args)
            except (lab.CommandFailed, subprocess.TimeoutExpired, ValueError):
                return None  # it is dead, or just rising
        told = lab.until(answer, f"an answer to {args}")
        if "id" in told:
            self.told[node].add(told["id"])
        return told

    def scene(self, number):
        """One request, answered with a file, fetched, chosen and closed."""
        request = self.ask(
            self.leader, "request", "publish", "--project", self.project,
            "--title", f"Scene {number}", "--deliverable", "a drawing",
            "--kind", "other")["id"]
        self.seen(self.ben, request)
        work = self.ask(
            self.ben, "contribute", request,
            self.file(f"{number}.bin", os.urandom(300000)), "--title",
            f"Drawing {number}", "--licence", LICENCE, "--kind", "other",
            "--accept-terms")["id"]
        self.seen(self.leader, work)
        got = self.ask(self.leader, "get", work, "--out",
                       self.folder / "out")["files"][0]
        self.assertEqual(lab.sha256(got["path"]),
                         lab.sha256(self.folder / f"{number}.bin"))
        self.ask(self.leader, "select", work, "chosen")
        self.ask(self.leader, "request", "close", request, "--outcome",
                 "chosen", "--note", "Thank you")
        return work

    def seen(self, node, record):
        def there():
            try:
                return node.json("record", "show", record)["id"] == record
            except (lab.CommandFailed, subprocess.TimeoutExpired, ValueError):
                return False
        lab.until(there, f"{record} at {node.home.name}")

    def test_nothing_told_is_lost_and_all_agree_in_the_end(self):
        self.leader, self.ben = self.person("Ada"), self.person("Ben")
        archive = self.node("archive", "--listen",
                            f"127.0.0.1:{free_port()}")
        self.told[archive] = set()
        self.leader.meet(archive)
        self.ben.meet(archive)
        self.project = self.leader.json(
            "project", "create", "--title", "A hard life", "--goal",
            "To go on", "--medium", "short_film", "--licence", LICENCE)["id"]
        archive.json("seed", self.project)
        self.ben.json("project", "follow", self.project)

        killer = Killer([self.leader, self.ben, archive])
        killer.start()
        works = [self.scene(0)]
        while killer.is_alive():
            works.append(self.scene(len(works)))
        killer.join()
        self.assertIsNone(killer.failure)

        for node, told in self.told.items():
            self.assertEqual(told - node.records(), set(), node.home.name)
        ben = self.ben.json("person", "show")["person"]
        parts = [word for work in works for word in ("--part", work)]
        release = self.ask(
            self.leader, "release", "publish", "--project", self.project,
            "--title", "A hard life", "--medium", "short_film", "--file",
            self.file("film", "the end"), *parts, "--credit",
            f"{ben}=drawings")["id"]
        self.seen(archive, release)
        everything = self.leader.records(self.project)
        lab.until(lambda: archive.records(self.project) == everything
                  == self.ben.records(self.project), "the same records")
        lab.until(lambda: self.whole(archive), "all files in the archive")
        self.leader.kill()
        self.ben.kill()

        newcomer = self.node("cyd")
        newcomer.meet(archive)
        newcomer.json("seed", self.project)
        lab.until(lambda: newcomer.records(self.project) == everything,
                  "every record")
        lab.until(lambda: self.whole(newcomer), "every file")
        self.assertEqual(newcomer.run("verify", "--data").returncode, 0)

    def whole(self, node):
        for topic in node.json("status")["topics"]:
            if topic["id"] == self.project:
                return 0 < topic["blobs_known"] == topic["blobs_held"]
        return False


if __name__ == "__main__":
    unittest.main()
