"""Disks that are full, or fail: a clear error, nothing lost, and on it goes
when there is room again.  Needs root (a small tmpfs) and strace."""
import subprocess
import unittest

import lab
import power
from test_peer import LICENCE

MIB = 1 << 20
NO_SPACE_EXIT = 9


class SmallDiskTest(lab.LabTest):
    """Ada's node has room, Rita's is on a small file system in memory."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        power.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", self.disk)
        self.rita = lab.Node(self.disk / "rita")
        self.rita.log = self.folder / "rita.log"
        self.lab.nodes.append(self.rita)
        self.rita.start()
        self.rita.init("Rita")
        self.ada = self.node("ada", person="Ada")
        self.project = self.ada.json(
            "project", "create", "--title", "A full house", "--goal", "Room",
            "--medium", "song", "--licence", LICENCE)["id"]

    def clean(self):
        self.rita.kill()
        power.run("umount", self.disk)
        super().clean()

    def resize(self, megabytes):
        power.run("mount", "-o", f"remount,size={megabytes}m", self.disk)

    def contribute(self, node, name, size, check=True):
        content = bytes(str(name), "ascii") * (size // len(name))
        return node.run(
            "--json", "contribute", "--project", self.project,
            self.file(name, content), "--title", name, "--licence", LICENCE,
            "--accept-terms", check=check)

    def fill(self):
        ballast = self.disk / "ballast"
        with open(ballast, "wb") as out:
            try:
                while True:
                    out.write(bytes(4096))
                    out.flush()
            except OSError:
                pass
            try:
                out.close()
            except OSError:
                pass
        return ballast

    def blobs(self, node):
        return sum(t["blobs_held"] for t in node.json("status")["topics"]
                   if t["id"] == self.project)

    def test_what_has_no_room_waits_for_it_and_holds_up_nothing(self):
        self.rita.meet(self.ada)
        self.rita.json("seed", self.project)
        self.contribute(self.ada, "large", 40 * MIB)
        lab.until(lambda: self.rita.json("status")["warnings"], "a warning")
        self.contribute(self.ada, "small", MIB)
        lab.until(lambda: self.blobs(self.rita) == 1, "the small one")
        print(self.rita.json("status")["warnings"])
        self.resize(256)
        lab.until(lambda: self.blobs(self.rita) == 2, "the large one")
        self.assertEqual(self.rita.json("status")["warnings"], [])

    def test_on_a_full_disk_commands_say_so_and_change_nothing(self):
        self.rita.meet(self.ada)
        self.rita.json("project", "follow", self.project)
        first = self.rita.json("comment", self.project, "there is room")["id"]
        ballast = self.fill()
        before = self.rita.records()
        failure = None
        while failure is None:  # a page or two of the database may be free
            try:
                before.add(self.rita.json("comment", self.project, "none")["id"])
            except lab.CommandFailed as e:
                failure = e
        print(failure.code, failure.error)
        done = self.contribute(self.rita, "work", MIB, check=False)
        print(done.returncode, done.stderr)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.rita.records(), before)
        self.rita.json("status")
        ballast.unlink()
        last = self.rita.json("comment", self.project, "again")["id"]
        self.contribute(self.rita, "work", MIB)
        lab.until(lambda: before | {last} <= self.ada.records(), "all")
        self.assertEqual(self.rita.json("verify", "--data")["findings"], [])
        self.rita.stop()
        self.rita.start()
        self.assertLessEqual(before | {first, last}, self.rita.records())


if __name__ == "__main__":
    unittest.main()
