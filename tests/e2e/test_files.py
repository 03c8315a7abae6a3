"""Works of many files: folders, small blobs by the hundred, files in place."""
import filecmp
import os
import pathlib
import random
import unittest

import lab

SMALL = 1000
MIB = 1 << 20


def tree(folder):
    """The files below it, by their path."""
    return {str(path.relative_to(folder)): path
            for path in pathlib.Path(folder).rglob("*") if path.is_file()}


class Files(lab.LabTest):
    """A maker with a folder, and an archive that seeds the project."""

    def setUp(self):
        super().setUp()
        self.maker = self.node("maker", person="Ada")
        self.archive = self.node("archive")
        self.maker.meet(self.archive)
        self.project = self.maker.json(
            "project", "create", "--title", "Film", "--goal", "One film",
            "--medium", "short_film", "--licence", "CC0-1.0")["id"]

    def contribute(self, *paths, title="Work"):
        return self.maker.json("contribute", "--project", self.project, *paths,
                               "--title", title, "--licence", "CC0-1.0")

    def frames(self):
        """A thousand small files in folders, a large one, an empty one."""
        top = self.folder / "frames"
        top.mkdir()
        (top / "README.txt").write_bytes(b"Frames.\n")
        for i in range(SMALL):
            path = top / f"scene {i // 100}" / f"{i:04}.raw"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(os.urandom(random.randrange(1, 4096)))
        (top / "sound").mkdir()
        (top / "sound" / "take.wav").write_bytes(os.urandom(3 * MIB + 5))
        (top / "empty").write_bytes(b"")
        for i in range(20):
            (top / f"same {i}").write_bytes(b"the same in all of them")
        (top / ".hidden").write_bytes(b"not for others")
        (top / "link").symlink_to("/etc/passwd")
        return top

    def assert_same(self, top, out):
        expected = {f"{top.name}/{name}": path
                    for name, path in tree(top).items()
                    if name not in (".hidden", "link")}
        got = tree(out)
        self.assertEqual(set(got), set(expected))
        for name, path in expected.items():
            self.assertTrue(filecmp.cmp(path, got[name], shallow=False), name)

    def test_a_folder_of_thousands_comes_as_it_is(self):
        top = self.frames()
        work = self.contribute(top)
        count = SMALL + 23
        self.assertEqual((work["files"], work["passed_over"]), (count, 2))
        self.archive.json("seed", self.project)
        held = SMALL + 4  # what is the same in twenty is there once
        lab.until(lambda: self.archive.json("status")["blobs"]["count"] == held,
                  "all files")
        self.assertEqual(self.maker.json("status")["blobs"]["count"], held)
        out = self.maker.home.parent / "out"
        got = self.archive.json("get", work["id"], "--out", out)
        self.assertEqual((got["count"], len(got["files"])), (count, 128))
        self.assert_same(top, out)
        again = self.archive.json("get", work["id"], "--out", out)
        self.assertEqual(again["count"], count)
        self.assert_same(top, out)  # nothing twice
        one = self.archive.json("get", work["id"], "--out", out / "one",
                                "--file", "frames/scene 3/0301.raw")
        self.assertEqual(one["count"], 1)
        self.assertEqual(
            self.archive.run("cat", work["id"], "--file",
                             "frames/scene 3/0301.raw", text=False).stdout,
            (top / "scene 3" / "0301.raw").read_bytes())

    def test_the_first_of_a_thousand_are_shown_and_their_number(self):
        top = self.frames()
        count = SMALL + 23
        work = self.contribute(top)["id"]
        release = self.maker.json(
            "release", "publish", "--project", self.project, "--title", "Film",
            "--medium", "short_film", "--file", top, "--part", work,
            "--credit", self.maker.json("status")["person"] + "=frames")["id"]
        self.archive.json("seed", self.project)
        lab.until(lambda: release in self.archive.records(self.project),
                  "the release")
        for node in (self.maker, self.archive):
            shown = node.json("contribution", "show", work)
            names = [file["name"] for file in shown["files"]]
            self.assertEqual((shown["files_count"], len(names)), (count, 128))
            self.assertEqual(names, sorted(names))
            self.assertIn(f"{count}", node.run("contribution", "show",
                                               work).stdout)
            shown = node.json("release", "show", release)
            self.assertTrue(shown["in_force"])
            self.assertEqual([file["name"] for file in shown["files"]], names)
            self.assertEqual(shown["files_count"], count)
            self.assertEqual((shown["making_of"], shown["making_of_count"]),
                             ([], 0))
        lab.until(lambda: self.archive.json("status")["blobs"]["count"]
                  == SMALL + 4, "all files")
        out = self.folder / "out"
        got = self.archive.json("get", release, "--out", out)
        self.assertEqual(got["count"], count)
        self.assert_same(top, out)

    def test_keys_are_no_work(self):
        home = self.maker.home
        self.maker.refused("contribute", "--project", self.project,
                           home / "data", "--title", "T", "--licence",
                           "CC0-1.0")
        (home / "song.txt").write_bytes(b"la")
        work = self.contribute(home)
        self.assertEqual([blob["name"] for blob in work["blobs"]],
                         [f"{home.name}/song.txt", f"{home.name}/words"])

    def test_what_stands_there_is_neither_replaced_nor_followed(self):
        top = self.frames()
        work = self.contribute(top)
        out = self.maker.home.parent / "out"
        elsewhere = self.maker.home.parent / "elsewhere"
        elsewhere.mkdir()
        (out / "frames").mkdir(parents=True)
        (out / "frames" / "README.txt").write_bytes(b"mine")
        self.maker.json("get", work["id"], "--out", out)
        self.assertEqual((out / "frames" / "README.txt").read_bytes(), b"mine")
        self.assertEqual((out / "frames" / "README (2).txt").read_bytes(),
                         b"Frames.\n")
        away = self.maker.home.parent / "away"
        away.mkdir()
        (away / "frames").symlink_to(elsewhere)
        self.maker.refused("get", work["id"], "--out", away)
        self.assertEqual(list(elsewhere.iterdir()), [])

    def test_an_archive_that_stops_halfway_goes_on(self):
        work = self.contribute(self.frames())
        self.archive.json("seed", self.project)
        lab.until(lambda: self.archive.json("status")["blobs"]["count"] > 0,
                  "the first files")
        self.archive.kill()
        self.archive.start()
        self.archive.meet(self.maker)
        lab.until(lambda: self.archive.json("status")["blobs"]["count"]
                  == SMALL + 4, "all files")
        self.assertEqual(self.archive.json(
            "get", work["id"], "--out", self.maker.home.parent / "out")[
                "count"], SMALL + 23)

    def test_a_file_in_place_is_served_until_it_changes(self):
        size = 2048 * MIB
        path = self.maker.home.parent / "film.raw"
        with open(path, "wb") as film:
            film.truncate(size)
            for at in (0, 700 * MIB + 11, size - 1000):
                film.seek(at)
                film.write(os.urandom(1000))
        work = self.contribute(path, "--in-place")
        blobs = self.maker.home / "data" / "blobs"
        self.assertEqual([p for p in blobs.rglob("*") if p.is_file()], [])
        self.archive.json("project", "follow", self.project)
        lab.until(lambda: any(
            topic["id"] == self.project and topic["records"] >= 2
            for topic in self.archive.json("status")["topics"]), "the work")
        for at in (0, 700 * MIB, size - 1 * MIB):
            with open(path, "rb") as film:
                film.seek(at)
                expected = film.read(MIB)
            got = self.archive.run("cat", work["id"], "--range",
                                   f"{at}-{at + MIB - 1}", text=False).stdout
            self.assertEqual(got, expected)
        with open(path, "r+b") as film:
            film.seek(100)
            film.write(b"another cut")
        self.assertNotEqual(
            self.maker.run("cat", work["id"], "--range", "0-999",
                           check=False).returncode, 0)


if __name__ == "__main__":
    unittest.main()
