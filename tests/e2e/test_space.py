"""Disks that are full, or fail: a clear error, nothing lost, and on it goes
when there is room again.  Needs root (a small tmpfs) and strace."""
import os
import unittest

import lab
import power
from test_peer import LICENCE

MIB = 1 << 20
PHOTOS, PHOTO = 400, 100 << 10  # more than the small disk has room for
FAILED_EXIT, NO_SPACE_EXIT = 1, 9


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
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

    def contribute_folder(self, node, count, size, check=True):
        """Files that are taken in, and fetched, in groups."""
        folder = self.folder / "photos"
        if not folder.exists():
            folder.mkdir()
            for i in range(count):
                (folder / f"{i:04}.raw").write_bytes(os.urandom(size))
        return node.run(
            "--json", "contribute", "--project", self.project, folder,
            "--title", "photos", "--licence", LICENCE, "--accept-terms",
            check=check)

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

    def room_warnings(self):
        return [w for w in self.rita.json("status")["warnings"]
                if "room" in w]

    def blobs(self, node):
        return sum(t["blobs_held"] for t in node.json("status")["topics"]
                   if t["id"] == self.project)

    def test_what_has_no_room_waits_for_it_and_holds_up_nothing(self):
        self.rita.meet(self.ada)
        self.rita.json("seed", self.project)
        self.contribute(self.ada, "large", 40 * MIB)
        lab.until(lambda: self.room_warnings(), "a warning")
        self.contribute(self.ada, "small", MIB)
        lab.until(lambda: self.blobs(self.rita) == 1, "the small one")
        want, = self.rita.json("want", "list", "--topic", self.project)["items"]
        self.assertEqual((want["state"], want["why"], want["size"]),
                         ("no_room", "seed", 40 * MIB))
        self.resize(256)
        lab.until(lambda: self.blobs(self.rita) == 2, "the large one")
        self.assertEqual(self.rita.json("want", "list")["items"], [])
        lab.until(lambda: not self.room_warnings(), "no warning")

    def test_on_a_full_disk_commands_say_so_and_change_nothing(self):
        self.rita.meet(self.ada)
        self.rita.json("project", "follow", self.project)
        lab.until(lambda: self.project in self.rita.records(), "the project")
        first = self.rita.json("comment", self.project, "there is room")["id"]
        ballast = self.fill()
        before = self.rita.records()
        failure = None
        while failure is None:  # a page or two of the database may be free
            try:
                before.add(self.rita.json("comment", self.project, "none")["id"])
            except lab.CommandFailed as e:
                failure = e
        self.assertEqual(failure.code, NO_SPACE_EXIT)
        self.assertIn("Free some space", failure.error["hint"])
        done = self.contribute(self.rita, "work", MIB, check=False)
        self.assertEqual(done.returncode, NO_SPACE_EXIT, done.stderr)
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


    def test_a_disk_that_is_full_in_the_midst_of_a_folder_takes_the_rest_later(
            self):
        self.rita.meet(self.ada)
        self.rita.json("project", "follow", self.project)
        lab.until(lambda: self.project in self.rita.records(), "the project")
        before = self.rita.records()
        done = self.contribute_folder(self.rita, PHOTOS, PHOTO, check=False)
        self.assertEqual(done.returncode, NO_SPACE_EXIT, done.stderr)
        self.assertEqual(self.rita.records(), before)
        self.assertLess(self.blobs(self.rita), PHOTOS)
        tmp, = (self.disk / "rita").rglob("blobs/tmp")
        self.assertEqual(list(tmp.iterdir()), [])
        self.assertEqual(self.rita.json("verify", "--data")["findings"], [])
        self.resize(256)
        self.contribute_folder(self.rita, PHOTOS, PHOTO)
        self.assertEqual(self.blobs(self.rita), PHOTOS)

    def test_a_folder_that_has_no_room_comes_as_far_as_it_fits(self):
        self.rita.meet(self.ada)
        self.rita.json("seed", self.project)
        self.contribute_folder(self.ada, PHOTOS, PHOTO)
        lab.until(lambda: self.room_warnings(), "a warning")
        self.assertLess(self.blobs(self.rita), PHOTOS)
        self.resize(256)
        lab.until(lambda: self.blobs(self.rita) == PHOTOS, "all of it")
        self.assertEqual(self.rita.json("verify", "--data")["findings"], [])


class BadDiskTest(lab.LabTest):
    """Writes and flushes that fail now and then, as a dying disk's do."""

    def under(self, fault):
        """strace that stays aside, so that the daemon is our own child."""
        return ["strace", "-D", "-f", "-qq", "-o", "/dev/null",
                "-e", "signal=none", "-e", f"inject={fault}"]

    def records(self, node, project):
        """None while the database is not open."""
        try:
            return node.records(project)
        except lab.CommandFailed as e:
            self.assertEqual(e.code, FAILED_EXIT, e.err)
            return None

    def suffer(self, fault):
        ada = self.node("ada", person="Ada")
        project = ada.json(
            "project", "create", "--title", "Rust", "--goal", "To last",
            "--medium", "song", "--licence", LICENCE)["id"]
        rita = self.node("rita", person="Rita")
        rita.meet(ada)
        rita.json("seed", project)
        rita.stop()
        rita.under = self.under(fault)
        rita.start()
        content = bytes(range(256)) * (20 * MIB // 256)
        root = ada.json("contribute", "--project", project, self.file(
            "work", content), "--title", "work", "--licence",
            LICENCE)["blobs"][0]["root"]
        photos = self.folder / "photos"
        photos.mkdir()
        for i in range(40):
            (photos / f"{i}.raw").write_bytes(os.urandom(30000 + i))
        roots = [root] + [b["root"] for b in ada.json(
            "contribute", "--project", project, photos, "--title", "photos",
            "--licence", LICENCE)["blobs"]]
        said, failures = [], 0
        for i in range(30):
            try:
                said.append(rita.json("comment", project, f"{i}")["id"])
            except lab.CommandFailed as e:
                failures += 1
                self.assertIn(e.code, (FAILED_EXIT, NO_SPACE_EXIT), e.err)
                self.assertTrue(e.error["hint"], e.err)
        self.assertTrue(failures > 0 or "index_behind" in rita.log.read_text())
        held = lab.until(lambda: self.records(rita, project), "the database")
        rita.kill()
        rita.under = []
        rita.start()
        self.assertLessEqual(held | set(said), rita.records(project))
        for root in roots:
            rita.run("wait", f"here:{root}")
        lab.until(lambda: set(said) <= ada.records(project), "every word")
        self.assertEqual(rita.json("verify", "--data")["findings"], [])
        rita.stop()
        ada.stop()
        # Nor did any connection end in the middle of what was sealed for it.
        self.assertNotIn("BAD_CIPHERTEXT", ada.log.read_text())

    def test_flushes_that_fail(self):
        self.suffer("fdatasync,syncfs:error=EIO:when=9+3")

    def test_writes_that_fail(self):
        self.suffer("pwrite64:error=EIO:when=30+7")

    def test_writes_that_find_no_room(self):
        self.suffer("pwrite64,pwritev,writev:error=ENOSPC:when=30+7")


if __name__ == "__main__":
    unittest.main()
