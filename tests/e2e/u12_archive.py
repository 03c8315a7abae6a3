"""U12: the archive survives.

A short film's records and files are on two machines, and an archivist has
pledged to hold them.  Both machines are destroyed while the archivist's loses
its power in the midst of a file.  A newcomer who knows the archivist alone,
another who has nothing but a disk, and the maker on a new machine get
everything back that had arrived, and are told what had not.

TROUPE_MIB says how much (2048 is the story's own size).  Needs root.
"""
import json
import math
import os
import random
import shutil
import unittest

import lab
import power
from relay import Gate

MIB = 1 << 20
TOTAL = int(os.environ.get("TROUPE_MIB", "96")) * MIB
WORKS, RECORDS = 16, 500
LICENCE = "CC-BY-4.0"


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
class Archive(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(12)
        self.disk = power.Disk(self.folder, "archive", 3 * TOTAL // MIB + 512)
        self.archivist = lab.Node(self.disk.path / "s")
        self.archivist.log = self.folder / "s.log"
        self.lab.nodes.append(self.archivist)
        self.relay = None

    def clean(self):
        self.archivist.kill()
        self.disk.unmount()
        if self.relay:
            self.relay.stop()
        super().clean()

    def work(self, node, name, size):
        """A contribution of one file; its root."""
        path = self.file(name, b"".join(
            self.random.randbytes(MIB) for _ in range(size // MIB)))
        root = node.json(
            "contribute", "--project", self.project, "--title", name,
            "--licence", LICENCE, "--rights", "own_work", "--accept-terms",
            path)["blobs"][0]["root"]
        path.unlink()
        return root

    def makers(self):
        """Ada leads and Ben contributes: records and files by both."""
        ada = self.node("ada", person="Ada")
        ben = self.node("ben", person="Ben")
        self.person = ada.json("status")["person"]
        self.words = self.folder / "words"
        shutil.copy(ada.home / "words", self.words)
        ben.meet(ada)
        self.project = ada.json(
            "project", "create", "--title", "The Crowned Cat", "--goal",
            "A short film", "--medium", "short_film", "--licence",
            LICENCE)["id"]
        ada.json("request", "publish", "--project", self.project, "--title",
                 "Draw the crown", "--deliverable", "One image", "--kind",
                 "image")
        ben.json("seed", self.project)
        ada.json("seed", self.project)
        lab.until(lambda: self.project in ben.records(), "the project")
        self.roots = {self.work((ada, ben)[i % 2], f"work {i}", TOTAL // WORKS)
                      for i in range(WORKS)}
        count = RECORDS - len(ada.records(self.project))
        ada.json("record", "import", self.file("drafts", "".join(json.dumps({
            "kind": "comment", "topic": self.project, "fields": {
                "target": self.project, "text": f"day {i}"}}) + "\n"
            for i in range(count))))
        for root in self.roots:
            for node in (ada, ben):
                node.run("wait", f"here:{root}")
        lab.until(lambda: len(ben.records(self.project)) >= RECORDS, "all")
        return ada, ben

    def begin(self):
        """The archivist's machine is switched on."""
        self.archivist.start()

    def held(self, node):
        topic, = [t for t in node.json("status")["topics"]
                  if t["id"] == self.project]
        return topic["blobs_held"]

    def assert_complete(self, node, records):
        self.assertEqual(node.records(self.project), records)
        self.assertEqual(node.json("verify", "--data")["findings"], [])

    def pledge(self, ada):
        """The archivist comes to hold everything that there is."""
        self.begin()
        self.archivist.json("init", "--node-only")
        self.relay = Gate(ada.address, math.inf)
        self.archivist.json("peer", "add", f"{ada.node}@{self.relay.address}")
        self.archivist.json("seed", self.project)
        for root in self.roots:
            self.archivist.run("wait", f"here:{root}")
        lab.until(lambda: self.archivist.records(self.project)
                  >= ada.records(self.project), "the records")

    def disaster(self, ada, ben):
        """A last work has come in part when the power goes, and for its
        makers' machines there is no morning.  Its root, and all records."""
        ben.stop()  # else it might come from him, and whole
        before = self.relay.passed
        self.relay.limit = before + 24 * MIB
        last = self.work(ada, "last", min(TOTAL // 2, 256 * MIB))
        lab.until(lambda: self.relay.passed - before > 12 * MIB, "a part")
        records = self.archivist.records(self.project)
        self.disk.cut()
        for node in (self.archivist, ada, ben):
            node.kill()
        for node in (ada, ben):
            shutil.rmtree(node.home)
        self.disk.unmount()
        self.disk.mount()
        return last, records

    def test_the_archive_survives(self):
        ada, ben = self.makers()
        self.pledge(ada)
        last, records = self.disaster(ada, ben)

        self.begin()
        self.assertGreaterEqual(len(records), RECORDS)
        self.assert_complete(self.archivist, records)
        self.assertGreaterEqual(self.held(self.archivist), len(self.roots))
        # It goes through its records for what it lacks, and says so.
        want, = lab.until(
            lambda: self.archivist.json("want", "list")["items"], "the want")
        self.assertEqual(want["root"], last)

        self.newcomer(records)
        bundle = self.export(last)
        self.archivist.stop()
        heir = self.from_disk(bundle, records, last)
        self.begin()
        self.maker_returns()
        self.revive(heir)

    def newcomer(self, records):
        """Somebody who knows the archivist alone."""
        node = self.node("newcomer", person="Nora")
        node.meet(self.archivist)
        node.json("seed", self.project)
        for root in self.roots:
            node.run("wait", f"here:{root}")
        lab.until(lambda: node.records(self.project) >= records, "records")
        self.assert_complete(node, records)
        node.stop()

    def export(self, last):
        bundle = self.folder / "cat.bundle"
        done = self.archivist.json("archive", "export", self.project, "--out",
                                   bundle)
        self.assertEqual(done["blobs"], len(self.roots) + 1)
        self.assertEqual([hole["root"] for hole in done["holes"]], [last])
        return bundle

    def from_disk(self, bundle, records, last):
        """Somebody who has a disk and no network at all."""
        node = lab.Node(self.folder / "heir")
        node.under = ["unshare", "--net"]
        self.lab.nodes.append(node)
        node.start()
        node.init("Hedy")
        done = node.json("archive", "import", bundle)
        self.assertEqual([hole["root"] for hole in done["holes"]], [last])
        self.assertEqual(node.json("status")["peers"], [])
        self.assert_complete(node, records)
        self.assertGreaterEqual(self.held(node), len(self.roots))
        return node

    def maker_returns(self):
        """Ada, by her words: she leads what she led."""
        node = self.node("new")
        back = node.json("person", "recover", "--words-file", self.words,
                         "--no-passphrase")
        self.assertEqual(back["person"], self.person)
        node.meet(self.archivist)
        node.json("project", "follow", self.project)
        lab.until(lambda: self.project in node.records(), "the project")
        self.assertEqual(node.json("person", "show")["name"], "Ada")
        news = node.json("project", "news", self.project, "I am back")["id"]
        lab.until(lambda: news in self.archivist.records(self.project), "it")
        shown = self.archivist.json("record", "show", news)
        self.assertTrue(shown["in_force"], shown)

    def revive(self, heir):
        """Anyone may go on with it, even without a network."""
        ident = heir.json("project", "revive", self.project)["id"]
        shown = heir.json("project", "show", ident)
        self.assertEqual(shown["title"], "The Crowned Cat")
        self.assertEqual(shown["revives"], self.project)


if __name__ == "__main__":
    unittest.main()
