"""A pledge to a person: one quota for all that is theirs, whatever comes to be
theirs (docs/control-api.md)."""
import os
import unittest

import lab

LICENCE = "CC-BY-4.0"
MIB = 1 << 20


class PersonTest(lab.LabTest):
    def project(self, node, title):
        """A project on the call board."""
        project = node.json("project", "create", "--title", title, "--goal",
                            "All", "--medium", "short_film", "--licence",
                            LICENCE)["id"]
        self.request(node, project)
        return project

    @staticmethod
    def request(node, project):
        node.json("request", "publish", "--project", project, "--title",
                  "More", "--deliverable", "A word", "--kind", "text")

    def work(self, node, project, size):
        path = self.file("noise.bin", os.urandom(size))
        return node.json("contribute", "--project", project, "--title", "It",
                         "--licence", LICENCE, "--rights", "own_work",
                         "--accept-terms", path)["blobs"][0]["root"]

    @staticmethod
    def used(node):
        blobs = node.json("status")["blobs"]
        return blobs["bytes"] + blobs["partial_bytes"]

    @staticmethod
    def policies(node):
        return {t["id"]: t["policy"] for t in node.json("status")["topics"]}

    @staticmethod
    def waits(node):
        """How many files wait for room."""
        return sum(w["state"] == "no_room"
                   for w in node.json("want", "list")["items"])

    def setUp(self):
        super().setUp()
        for name in ("ada", "ben"):  # what they show would be copies elsewhere
            conf = self.folder / name / "config" / "troupe.conf"
            conf.parent.mkdir(parents=True)
            conf.write_text("[leases]\ntell = no\n")
        self.ada = self.node("ada", person="Ada")
        self.ben = self.node("ben", person="Ben")
        self.keeper = self.node("keeper")
        self.people = {n: n.json("person", "show")["person"]
                       for n in (self.ada, self.ben)}
        for node in (self.ben, self.keeper):
            self.ada.meet(node)
        self.ben.meet(self.keeper)

    def test_one_quota_is_for_the_sum_of_all_that_is_theirs(self):
        projects = [self.project(self.ada, f"P{i}") for i in range(3)]
        roots = [self.work(self.ada, project, MIB)
                 for project in projects for _ in range(2)]
        # Thousands of small ones would come in one go, too.
        folder = self.folder / "small"
        folder.mkdir()
        for i in range(100):
            (folder / f"{i}").write_bytes(os.urandom(15 << 10))
        self.ada.json("contribute", "--project", projects[0], "--title", "S",
                      "--licence", LICENCE, "--rights", "own_work",
                      "--accept-terms", *sorted(folder.iterdir()))
        self.keeper.json("seed", self.people[self.ada], "--quota", 4 * MIB)
        lab.until(lambda: set(projects) <= set(self.policies(self.keeper)),
                  "the projects")
        lab.until(lambda: self.waits(self.keeper) and not any(
            w["state"] in ("due", "fetching")
            for w in self.keeper.json("want", "list")["items"]),
            "a full pledge")
        self.assertLessEqual(self.used(self.keeper), 4 * MIB)
        self.assertGreater(self.used(self.keeper), 3 * MIB)
        # What is seeded for itself takes nothing of the pledge.
        self.keeper.json("seed", projects[2])
        for root in roots[4:]:
            self.keeper.run("wait", f"here:{root}")
        self.keeper.json("seed", self.people[self.ada], "--quota", 50 * MIB)
        for root in roots:
            self.keeper.run("wait", f"here:{root}")
        lab.until(lambda: not self.waits(self.keeper), "the rest")

    def test_what_is_handed_over_is_theirs_and_what_they_founded_stays(self):
        founded = self.project(self.ada, "Founded")
        followed = self.project(self.ben, "Followed")
        far = self.project(self.ben, "Far")
        farther = self.project(self.ben, "Farther")
        self.keeper.json("project", "follow", followed)
        self.keeper.json("seed", self.people[self.ada])
        lab.until(lambda: self.policies(self.keeper).get(founded) == "seed",
                  "what she founded")
        self.assertEqual(self.policies(self.keeper)[followed], "follow")
        self.assertNotIn(far, self.policies(self.keeper))
        # Each gives what they lead to the other.
        for project in (followed, far, farther):
            self.ben.json("role", "handover", project, self.people[self.ada])
        self.ada.json("role", "handover", founded, self.people[self.ben])
        lab.until(lambda: self.policies(self.keeper)[followed] == "seed",
                  "what was handed to her")
        # Of one that nobody here follows only the call board can tell.
        self.assertFalse({far, farther} & set(self.policies(self.keeper)))
        for project in (far, farther):
            self.ada.json("project", "follow", project)
            self.ada.run("wait", f"caught-up:{project}")
        self.request(self.ada, far)
        self.ada.json("edit", farther, "--goal", "More than all")
        for project in (far, farther):
            lab.until(lambda: self.policies(self.keeper).get(project) == "seed",
                      "what she speaks for")
        self.assertEqual(self.policies(self.keeper)[founded], "seed")
        root = self.work(self.ben, founded, MIB)
        self.keeper.run("wait", f"here:{root}")
        # With the pledge all of it ends.
        refused = self.keeper.refused("person", "unfollow",
                                      self.people[self.ada])
        self.assertEqual(refused.code, 10, refused.err)
        self.keeper.json("person", "unfollow", self.people[self.ada],
                         "--last-copy")
        self.keeper.json("seed", self.people[self.ben])
        lab.until(lambda: self.policies(self.keeper)[followed] == "seed"
                  and self.policies(self.keeper)[far] == "seed",
                  "what he founded")


if __name__ == "__main__":
    unittest.main()
