"""Power cuts at any moment of a transfer: what was shown as held stays held,
and of what was on its way at most 64 MiB are lost.

TROUPE_ROUNDS cuts (4 unless told otherwise), at moments that follow from
TROUPE_SEED, which is printed.  Needs root (power.py).
"""
import os
import random
import unittest

import lab
import power
from relay import Relay
from test_peer import LICENCE

ROUNDS = int(os.environ.get("TROUPE_ROUNDS", "4"))
SEED = int(os.environ.get("TROUPE_SEED", random.randrange(1 << 32)))
MIB = 1 << 20
# A cut loses this much of a running transfer, and what was not yet written.
LOST_MAX = (64 + 32 + 8) * MIB
LARGE = 160 * MIB
# A folder of files that are flushed in groups.
PHOTOS, PHOTO = 150, 40 << 10


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
class PowerTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        print(f"TROUPE_SEED={SEED}")
        self.rng = random.Random(SEED)
        self.disk = power.Disk(self.folder)
        self.reader = lab.Node(self.disk.path / "reader")
        self.reader.log = self.folder / "reader.log"
        self.lab.nodes.append(self.reader)
        self.writer = self.node("writer", person="Ada")
        self.project = self.writer.json(
            "project", "create", "--title", "A hard life", "--goal",
            "To go on", "--medium", "song", "--licence", LICENCE)["id"]
        self.relay = Relay(self.writer.address)

    def clean(self):
        self.reader.kill()
        self.disk.unmount()
        self.relay.stop()
        super().clean()

    def begin(self):
        """The reader's machine is switched on."""
        self.reader.start()
        if not self.reader.json("status")["node"]:
            self.reader.json("init", "--node-only")

    def contribute(self, name, size):
        return self.writer.json(
            "contribute", "--project", self.project, self.file(
                name, self.rng.randbytes(size)), "--title", name,
            "--licence", LICENCE)["blobs"][0]["root"]

    def folder_of(self, name, count, size):
        """Photos, samples, pages: files of the middle size."""
        folder = self.folder / name
        folder.mkdir()
        for i in range(count):
            (folder / f"{i:04}.raw").write_bytes(self.rng.randbytes(size + i))
        return folder

    def held(self):
        """What the reader shows as held: records, and how many files."""
        topics = self.reader.json("status")["topics"]
        return (self.reader.records(self.project),
                sum(t["blobs_held"] for t in topics
                    if t["id"] == self.project))

    def cut(self):
        """The power goes; what was shown just before is still shown after."""
        before = self.held()
        self.disk.cut()
        self.reader.kill()
        self.disk.unmount()
        self.disk.mount()
        self.begin()
        after = self.held()
        self.assertLessEqual(before[0], after[0])
        self.assertLessEqual(before[1], after[1])
        self.assertEqual(self.reader.json("verify", "--data")["findings"], [])

    def test_what_was_shown_as_held_is_there_after_any_cut(self):
        self.begin()
        self.reader.json("peer", "add",
                         f"{self.writer.node}@{self.relay.address}")
        self.reader.json("seed", self.project)
        roots = [self.contribute("large", LARGE)]
        photos = 0
        for i in range(ROUNDS):
            roots += [self.contribute(f"small {i}", self.rng.randrange(
                3 * MIB))]
            self.writer.json(
                "contribute", "--project", self.project, self.folder_of(
                    f"photos {i}", PHOTOS, PHOTO), "--title", "photos",
                "--licence", LICENCE)
            photos += PHOTOS
            start = self.relay.bytes
            goal = self.rng.randrange(LARGE // ROUNDS)
            lab.until(lambda: self.relay.bytes - start >= goal
                      or self.held()[1] == len(roots) + photos, "bytes")
            self.cut()
        for root in roots:
            self.reader.run("wait", f"here:{root}")
        self.assertLess(self.relay.bytes,
                        LARGE + ROUNDS * (3 * MIB + LOST_MAX))
        lab.until(lambda: self.held()[1] == len(roots) + photos, "the photos")
        self.cut()
        self.assertEqual(self.held()[1], len(roots) + photos)

    def test_a_folder_that_was_taken_in_is_there_after_a_cut(self):
        self.reader.start()
        self.reader.init("Rita")
        self.project = self.reader.json(
            "project", "create", "--title", "An album", "--goal", "To stay",
            "--medium", "song", "--licence", LICENCE)["id"]
        photos = self.folder_of("album", PHOTOS, PHOTO)
        self.reader.json("contribute", "--project", self.project, photos,
                         "--title", "album", "--licence", LICENCE)
        self.cut()
        self.assertEqual(self.held()[1], PHOTOS)


if __name__ == "__main__":
    unittest.main()
