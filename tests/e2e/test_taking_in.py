"""Files that are taken in are a job besides: others see it, watch it, and may
end it."""
import json
import os
import subprocess
import unittest

import lab

LICENCE = "CC-BY-4.0"
MIB = 1 << 20
LINKS = 2000


class TakingInTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.ada = self.node("ada", person="Ada")
        self.project = self.ada.json(
            "project", "create", "--title", "The Crowned Cat", "--goal",
            "A short film", "--medium", "short_film", "--licence",
            LICENCE)["id"]

    def words(self, path, *more):
        return ["contribute", "--project", self.project, path, "--title",
                "Crown", "--licence", LICENCE, *more]

    def jobs(self):
        return self.ada.json("job", "list")["items"]

    def begin(self, *args):
        return subprocess.Popen(
            [str(lab.TROUPE), "--home", str(self.ada.home), "--no-input",
             "--json", *map(str, args)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def test_what_was_made_is_told_to_whoever_asks_for_its_job(self):
        made = self.ada.json(*self.words(self.file("a.svg", "a" * 50000)))
        job, = self.jobs()
        self.assertEqual((job["what"], job["state"], job["unit"]),
                         ("contribute a.svg", "done", "bytes"))
        self.assertEqual((job["done"], job["total"]), (50000, 50000))
        number = str(job["id"])
        self.assertEqual(self.ada.json("job", "attach", number),
                         made | {"schema": "troupe/job-attach/1"})
        self.assertTrue(self.ada.json("wait", f"job:{number}")["done"])
        # It was not made once more, and it is too late to end it.
        works = self.ada.json("contribution", "list", "--project",
                              self.project)["items"]
        self.assertEqual([work["id"] for work in works], [made["id"]])

    def test_what_fails_fails_for_whoever_asks(self):
        absent = self.folder / "absent"
        failure = self.ada.refused(*self.words(absent))
        job, = self.jobs()
        self.assertEqual(job["state"], "failed")
        told = self.ada.refused("job", "attach", str(job["id"]))
        self.assertEqual((told.code, told.error["error"]),
                         (failure.code, failure.error["error"]))

    def test_another_terminal_watches_and_ends_it(self):
        # As much to hash as takes half a minute, and hardly any disk.
        folder = self.folder / "links"
        folder.mkdir()
        first = folder / "0"
        first.write_bytes(os.urandom(16 * MIB))
        for i in range(1, LINKS):
            os.link(first, folder / str(i))
        maker = self.begin(*self.words(folder, "--in-place"))
        job = lab.until(lambda: next((j for j in self.jobs() if
                                      j["done"] > 0), None), "the job")
        self.assertEqual((job["what"], job["state"], job["total"]),
                         ("contribute links", "running", LINKS * 16 * MIB))
        number = str(job["id"])
        watcher = self.begin("job", "attach", number)
        self.ada.json("job", "cancel", number)
        ends = [json.loads(p.communicate(timeout=lab.PATIENCE)[1]
                           .strip().splitlines()[-1])
                for p in (maker, watcher)]
        self.assertEqual((maker.returncode, watcher.returncode), (7, 7))
        for end in ends:
            self.assertIn("called off", end["error"])
        self.assertEqual([j["state"] for j in self.jobs()], ["cancelled"])
        works = self.ada.json("contribution", "list", "--project",
                              self.project)["items"]
        self.assertEqual(works, [])
        # What was called off can be done again.
        self.ada.json(*self.words(first))


if __name__ == "__main__":
    unittest.main()
