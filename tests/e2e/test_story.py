"""The main job: publish, answer, direct, choose, release, archive, inherit."""
import glob
import unittest

import lab

PICTURE = sorted(glob.glob("/usr/share/backgrounds/*.jpg"))[0]
STEM = sorted(glob.glob(
    "/usr/share/games/fretsonfire/data/songs/muldjord/*/guitar.ogg"))[0]
LICENCE = "CC-BY-SA-4.0"


class Story(lab.LabTest):
    """Leader, contributor, archivist and a newcomer, each its own daemon."""

    def test_the_archive_outlives_leader_and_contributor(self):
        leader = self.node("leader", person="Ada")
        contributor = self.node("contributor", person="Ben")
        archivist = self.node("archivist")
        for node in (leader, contributor):
            node.meet(archivist)

        project = leader.json(
            "project", "create", "--title", "The Crowned Cat", "--goal",
            "A short film about a cat", "--medium", "short_film", "--licence",
            LICENCE)["id"]
        request = leader.json(
            "request", "publish", "--project", project, "--title",
            "Draw the crown", "--deliverable", "A crown for the cat",
            "--kind", "image", "--reference", PICTURE, "--deadline",
            "+14d")["id"]
        archivist.json("seed", project)

        found = lab.until(
            lambda: contributor.json("request", "list", "--kind", "image",
                                     "--open")["items"], "the request")
        self.assertEqual([item["id"] for item in found], [request])
        contributor.json("project", "follow", project)
        lab.until(lambda: request in contributor.records(project),
                  "the project's records")

        earlier = contributor.json(
            "contribute", "--project", project, STEM, "--title",
            "Guitar stem", "--licence", LICENCE, "--accept-terms")["id"]
        refused = contributor.refused("contribute", request, PICTURE,
                                      "--title", "Crown")
        self.assertEqual(refused.code, 10)
        crown = contributor.json(
            "contribute", request, PICTURE, "--title", "Crown", "--licence",
            LICENCE, "--from", earlier, "--relation", "inspired", "--thanks",
            "The stem set the mood", "--accept-terms")["id"]

        lab.until(lambda: crown in leader.records(project), "the crown")
        out = self.folder / "out"
        files = leader.json("get", crown, "--out", out)["files"]
        self.assertTrue(files[0]["verified"])
        self.assertEqual(lab.sha256(files[0]["path"]), lab.sha256(PICTURE))

        leader.json("direct", crown, "A little more gold, please")
        leader.json("select", crown, "chosen", "--reason", "It shines")
        leader.json("request", "close", request, "--outcome", "chosen",
                    "--note", "Thank you all")
        film = self.file("film.txt", "the finished film " * 100000)
        draft = leader.json("release", "draft", "--project", project,
                            "--part", crown)
        self.assertIn("Ben", [line["name"] for line in draft["credits"]])
        missing = leader.refused(
            "release", "publish", "--project", project, "--title",
            "The Crowned Cat", "--medium", "short_film", "--file", film, "--part",
            crown)
        self.assertEqual(missing.code, 5)
        self.assertIn("Ben", missing.err)
        ben = contributor.json("person", "show")["person"]
        release = leader.json(
            "release", "publish", "--project", project, "--title",
            "The Crowned Cat", "--medium", "short_film", "--file", film, "--part",
            crown, "--credit", f"{ben}=crown")["id"]
        lab.until(lambda: release in archivist.records(project), "the release")
        lab.until(lambda: self.held(archivist, project), "all blobs")

        expected = leader.records(project)
        leader.stop()
        contributor.stop()
        newcomer = self.node("newcomer", person="Cyd")
        newcomer.meet(archivist)
        newcomer.json("seed", project)
        lab.until(lambda: newcomer.records(project) == expected,
                  "every record")
        lab.until(lambda: self.held(newcomer, project), "every byte")
        files = newcomer.json("get", release, "--out", out / "new")["files"]
        self.assertEqual(lab.sha256(files[0]["path"]), lab.sha256(film))
        credits = newcomer.json("credits", release)["credits"]
        self.assertIn("Ben", [line["name"] for line in credits])
        shown = newcomer.json("record", "show", release)
        self.assertTrue(shown["in_force"])
        tree = newcomer.json("tree", crown)
        self.assertEqual([(e["child"], e["source"]) for e in tree["edges"]],
                         [(crown, earlier)])
        newcomer.stop()
        archivist.stop()

    @staticmethod
    def held(node, project):
        topics = {t["id"]: t for t in node.json("status")["topics"]}
        topic = topics.get(project, {"blobs_known": 0, "blobs_held": 0})
        return 0 < topic["blobs_known"] == topic["blobs_held"]


if __name__ == "__main__":
    unittest.main()
