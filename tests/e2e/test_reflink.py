"""A file system that can share the blocks of files: what is imported and what
is fetched out takes no room a second time.  Needs root (power.py)."""
import os
import unittest

import lab
import power

MIB = 1 << 20
SIZE = 64 * MIB


@unittest.skipIf(os.geteuid() != 0, "needs root to mount")
class ReflinkTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.disk = power.Disk(self.folder, "xfs", 512, "xfs")
        self.ada = lab.Node(self.disk.path / "ada")
        self.ada.log = self.folder / "ada.log"
        self.lab.nodes.append(self.ada)
        self.ada.start()
        self.ada.init("Ada")

    def clean(self):
        self.ada.kill()
        self.disk.unmount()
        super().clean()

    def used(self):
        power.run("sync", "-f", self.disk.path)
        disk = os.statvfs(self.disk.path)
        return (disk.f_blocks - disk.f_bfree) * disk.f_frsize

    def test_neither_import_nor_get_copies_the_bytes(self):
        film = self.disk.path / "film"
        film.write_bytes(os.urandom(SIZE))
        before = self.used()
        project = self.ada.json(
            "project", "create", "--title", "Cat", "--goal", "A film",
            "--medium", "short_film", "--licence", "CC0-1.0")["id"]
        work = self.ada.json(
            "contribute", "--project", project, "--title", "film", "--licence",
            "CC0-1.0", "--rights", "own_work", film)["id"]
        self.assertLess(self.used() - before, SIZE // 4)
        out = self.disk.path / "out"
        got, = self.ada.json("get", work, "--out", out)["files"]
        self.assertLess(self.used() - before, SIZE // 4)
        self.assertEqual(lab.sha256(got["path"]), lab.sha256(film))
        # They are files of their own: to change one changes no other.
        with open(got["path"], "r+b") as file:
            file.write(b"mine")
        self.assertEqual(self.ada.json("verify", "--data")["findings"], [])


if __name__ == "__main__":
    unittest.main()
