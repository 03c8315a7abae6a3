"""What a project, a person and a file are called, and what is refused."""
import unittest

import lab

UNKNOWN = "5" * 64


class Named(lab.LabTest):
    """Ada's project; Ben knows of it what he is told here."""

    @classmethod
    def setUpClass(cls):
        cls.shared = lab.Lab()
        cls.addClassCleanup(cls.shared.clean)
        cls.ada = cls.shared.node("ada", person="Ada")
        cls.project = cls.ada.json(
            "project", "create", "--title", "Cat", "--goal", "A film",
            "--medium", "short_film", "--licence", "CC-BY-SA-4.0")["id"]
        path = cls.shared.file("a.txt", "a" * 50000)
        work = cls.ada.json(
            "contribute", "--project", cls.project, path, "--title", "T",
            "--licence", "CC-BY-SA-4.0", "--accept-terms")
        cls.work, cls.root = work["id"], work["blobs"][0]["root"]

    def assert_refused(self, code, *args):
        error = self.ada.refused(*args).error
        self.assertEqual(error["code"], code, error)
        self.assertTrue(error["hint"], error)
        return error

    def test_what_is_followed_has_a_name_before_its_records_come(self):
        self.ada.json("project", "follow", UNKNOWN)
        prefix = UNKNOWN[:16]
        self.assert_refused(7, "wait", f"caught-up:{prefix}", "--timeout", "1")
        self.assertEqual(self.ada.json("seed", prefix)["id"], UNKNOWN)
        self.ada.json("want", "list", "--topic", prefix)
        self.assertEqual(self.ada.json("project", "unfollow", prefix)["id"],
                         UNKNOWN)
        self.assert_refused(3, "wait", f"caught-up:{prefix}", "--timeout", "1")

    def test_no_record_takes_the_name_of_what_is_followed(self):
        """Whoever likes makes a record whose id begins like another's."""
        for known in (self.project, self.work):
            awaited = known[:16] + "5" * 48
            self.ada.json("project", "follow", awaited)
            for command in (("seed", known[:16]), ("invite", known[:16]),
                            ("wait", f"caught-up:{known[:16]}")):
                error = self.assert_refused(4, *command)
                self.assertIn("more than one", error["error"])
            self.ada.json("project", "unfollow", awaited)
        self.ada.json("seed", self.project[:16])

    def test_a_person_is_seeded_by_the_name_that_lists_show(self):
        person = self.ada.json("person", "show")["person"]
        self.assertEqual(self.ada.json("seed", person[:16])["id"], person)

    def test_a_part_of_a_project_is_not_followed_for_it(self):
        for given in (self.work, self.work[:16]):
            for command in (("seed", given), ("project", "follow", given),
                            ("health", given), ("invite", given),
                            ("archive", "export", given, "--out", "x")):
                error = self.assert_refused(2, *command)
                self.assertIn("a contribution", error["error"])
                self.assertIn(self.project[:16], error["error"])
        topics = [t["id"] for t in self.ada.json("status")["topics"]]
        self.assertNotIn(self.work, topics)

    def test_who_waits_is_told_what_is_wrong(self):
        self.assert_refused(3, "wait", "caught-up:abcdef0123")
        for what in (f"here:{self.root[:16]}", f"held:{self.root[:16]}:1"):
            self.assertIn("64 digits", self.assert_refused(2, "wait", what)[
                "hint"])


if __name__ == "__main__":
    unittest.main()
