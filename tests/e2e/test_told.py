"""What one is told of files that cannot go, or come from, where they should:
which mistake it was, what to do next, and nothing is left behind."""
import os
import signal
import subprocess
import unittest

import lab
from relay import Gate

LICENCE = "CC-BY-4.0"
MIB = 1 << 20


class ToldTest(lab.LabTest):
    """Ada's project with a work of hers; Ben's node knows it."""

    def setUp(self):
        super().setUp()
        self.ada = self.node("ada", person="Ada")
        self.project = self.ada.json(
            "project", "create", "--title", "The Crowned Cat", "--goal",
            "A short film", "--medium", "short_film", "--licence",
            LICENCE)["id"]
        self.work = self.contribute(self.file("note.txt", "a note"))

    def contribute(self, path, *more):
        return self.ada.json("contribute", "--project", self.project, path,
                             "--title", "Crown", "--licence", LICENCE,
                             *more)["id"]

    def assert_told(self, code, *args, says, hint, node=None):
        failure = (node or self.ada).refused(*args)
        self.assertEqual(failure.code, code, failure)
        self.assertIn(says, failure.error["error"])
        self.assertIn(hint, failure.error["hint"])

    def test_what_is_not_there_to_be_read(self):
        self.assert_told(2, "cat", self.work, "--range", "7-9",
                         says="the file has 6 bytes", hint="before its end")
        self.assertEqual(self.ada.run("cat", self.work, "--range", "4-99",
                                      text=False).stdout, b"te")
        for get in ("get", "cat"):
            self.assert_told(3, get, self.work, "--file", "other",
                             says="no file of that name", hint="record show")
            self.assert_told(3, get, self.project,
                             says="has no files", hint="contribution list")

    def test_where_nothing_can_be_written(self):
        taken = self.file("taken", "a file")
        for out in (taken, self.folder / "no" / "such", taken / "below"):
            self.assert_told(3, "get", self.work, "--out", out,
                             says=f"cannot write to {out}", hint="folder")
        self.assertEqual(taken.read_bytes(), b"a file")

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount")
    def test_a_disk_that_is_only_read(self):
        out = self.folder / "disc"
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs",
                        out], check=True)
        self.addCleanup(subprocess.run, ["umount", out], check=True)
        large = self.contribute(self.file("large", os.urandom(2 * MIB)))
        for work in (self.work, large):
            self.assert_told(3, "get", work, "--out", out,
                             says=f"cannot write to {out}", hint="folder")

    def test_a_torrent_that_is_there_already_is_named(self):
        release = self.ada.json(
            "release", "publish", "--project", self.project, "--title", "Cat",
            "--medium", "short_film", "--part", self.work, "--file",
            self.file("film", "a film"), "--credit",
            self.ada.json("status")["person"] + "=all")["id"]
        torrent = self.file("cat.torrent", "mine")
        bundle = self.folder / "cat.troupe"
        self.assert_told(5, "release", "bundle", release, "--out", bundle,
                         "--torrent", torrent, says=str(torrent),
                         hint="--torrent")
        self.assertEqual(torrent.read_bytes(), b"mine")
        self.assertEqual(list(self.folder.glob("cat.troupe*")), [])

    def test_an_archive_for_which_there_is_no_room(self):
        self.contribute(self.file("large", os.urandom(2 * MIB)))
        bundle = self.folder / "cat.troupe"
        self.ada.run("archive", "export", self.project, "--out", bundle)
        conf = self.folder / "ben" / "config" / "troupe.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text("[node]\nquota = 1MB\n")
        ben = self.node("ben")
        failure = ben.refused("archive", "import", bundle)
        self.assertEqual(failure.code, 9, failure)
        self.assertIn("no room for 1 file", failure.error["error"])
        self.assertIn("troupe.conf", failure.error["hint"])
        self.assertIn('"no_room":1', failure.out)  # and what came is told
        conf.write_text("[node]\nquota = 10MB\n")
        ben.process.send_signal(signal.SIGHUP)
        lab.until(lambda: ben.json("status")["blobs"]["quota_bytes"]
                  == 10000000, "the quota")
        done = ben.json("archive", "import", bundle)
        self.assertEqual((done["no_room"], done["holes"]), (0, []))

    def test_files_may_stand_with_their_roles_alone(self):
        path = self.file("film", "a film")
        done = self.ada.json("contribute", "--project", self.project,
                             "--role", f"preview={path}", "--title", "Film",
                             "--licence", LICENCE)
        self.assertEqual([b["name"] for b in done["blobs"]], ["film"])
        self.assert_told(2, "contribute", "--project", self.project,
                         says="which files", hint="--role")
        self.assert_told(2, "contribute", says="REQUEST or --project",
                         hint="help contribute")

    def test_a_pledge_without_a_bound_is_not_one_of_nothing(self):
        self.ada.run("seed", self.project)
        told = self.ada.run("pledge", "list").stdout
        self.assertIn("no bound", told)
        self.assertNotIn("0 B", told)

    def test_who_interrupts_is_told_that_it_goes_on(self):
        large = self.contribute(self.file("large", os.urandom(8 * MIB)))
        ben = self.node("ben")
        gate = Gate(self.ada.address, 4 * MIB)
        self.addCleanup(gate.stop)
        ben.json("peer", "add", f"{self.ada.node}@{gate.address}")
        ben.json("project", "follow", self.project)
        ben.run("wait", f"caught-up:{self.project}")
        command = subprocess.Popen(
            [lab.TROUPE, "--home", ben.home, "get", large, "--out",
             self.folder / "out"], stderr=subprocess.PIPE, text=True)
        lab.until(lambda: any(j["state"] == "running" and j["done"] > 0
                              for j in ben.json("job", "list")["items"]),
                  "the job")
        command.send_signal(signal.SIGINT)
        told = command.communicate(timeout=lab.PATIENCE)[1]
        self.assertEqual(command.returncode, -signal.SIGINT)
        self.assertIn("troupe job attach 1", told)
        self.assertIn("troupe job cancel 1", told)
        gate.limit = float("inf")
        ben.run("get", large, "--out", self.folder / "out")
        ben.run("wait", "job:1")
        self.assertEqual([p.name for p in (self.folder / "out").iterdir()],
                         ["large"])


if __name__ == "__main__":
    unittest.main()
