"""What work that was given up leaves on the disk, and how it goes."""
import os
import unittest

import lab

LICENCE = "CC-BY-4.0"
MIB = 1 << 20
OPTIONS = ("--network", "test-left", "--test-clock")


class LeftoversTest(lab.LabTest):
    def project(self, node):
        return node.json("project", "create", "--title", "Much", "--goal",
                         "All", "--medium", "short_film", "--licence",
                         LICENCE)["id"]

    @staticmethod
    def used(node):
        blobs = node.json("status")["blobs"]
        return blobs["bytes"] + blobs["partial_bytes"]

    @staticmethod
    def files(node):
        return [p for p in (node.home / "data" / "blobs").rglob("*")
                if p.is_file()]

    def test_a_folder_that_fails_midway_leaves_nothing_after_a_day(self):
        ada = self.node("ada", *OPTIONS, person="Ada")
        project = self.project(ada)
        folder = self.folder / "frames"
        folder.mkdir()
        for i in range(900):  # more than are taken in at once
            (folder / f"{i:03}.png").write_bytes(os.urandom(300))
        (folder / "film.mkv").write_bytes(os.urandom(3 * MIB))
        failed = ada.refused("contribute", "--project", project, folder,
                             "/proc/self/mem", "--title", "Frames",
                             "--licence", LICENCE, "--rights", "own_work")
        self.assertIn("/proc/self/mem", failed.error["error"])
        left = ada.json("status")["blobs"]["count"]
        self.assertGreater(left, 400)
        self.assertEqual(ada.json("gc")["findings"], [])
        self.assertEqual(self.files(ada), [])  # the film was not flushed yet
        ada.json("clock", "set", "+25h")
        done = ada.json("gc")
        self.assertEqual([f["what"] for f in done["findings"]],
                         ["unnamed"] * left)
        self.assertEqual(self.used(ada), 0)
        # Once the reason is gone it is taken in as if nothing had been.
        ada.json("contribute", "--project", project, folder, "--title",
                 "Frames", "--licence", LICENCE, "--rights", "own_work")
        self.assertEqual(ada.json("status")["blobs"]["count"], 901)

    def test_what_was_only_looked_into_goes_after_a_day(self):
        ada = self.node("ada", *OPTIONS, person="Ada")
        project = self.project(ada)
        film = self.file("film.mkv", os.urandom(90 * MIB))
        work = ada.json("contribute", "--project", project, "--title", "Film",
                        "--licence", LICENCE, "--rights", "own_work", film)
        root = work["blobs"][0]["root"]
        ben = self.node("ben", *OPTIONS)
        ada.meet(ben)
        ben.json("project", "follow", project)
        lab.until(lambda: ben.records(project) == ada.records(project),
                  "the records")
        for at in (5 * MIB, 70 * MIB):
            got = ben.run("cat", work["id"], "--range", f"{at}-{at + 99}",
                          text=False).stdout
            self.assertEqual(got, film.read_bytes()[at:at + 100])
        # Ada has shown that she has it; here it never is, whole.
        ben.run("--timeout", "60", "wait", f"held:{root}:1")
        part, = self.files(ben)
        # What is read ahead is counted, and no more than that is taken.
        lab.until(lambda: 0 < part.stat().st_blocks * 512 - MIB
                  < self.used(ben) < 90 * MIB, "the end of the fetch")
        self.assertEqual(ben.json("gc")["findings"], [])
        for node in (ada, ben):
            node.json("clock", "set", "+25h")
        dry = ben.json("gc", "--dry-run")["findings"]
        self.assertEqual([(f["what"], f["root"], f["topic"]) for f in dry],
                         [("left part", root, project)])
        self.assertEqual(ben.json("gc")["findings"], dry)
        self.assertEqual((self.files(ben), self.used(ben)), ([], 0))
        ben.json("get", work["id"], "--out", self.folder / "out")
        self.assertEqual(lab.sha256(self.folder / "out" / "film.mkv"),
                         lab.sha256(film))


if __name__ == "__main__":
    unittest.main()
