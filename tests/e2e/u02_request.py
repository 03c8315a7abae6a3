"""U2: lead with a specific request, found by whoever it fits."""
import glob
import unittest

import lab

PICTURE = sorted(glob.glob("/usr/share/backgrounds/*.jpg"))[0]
LICENCE = "CC-BY-SA-4.0"


class Request(lab.LabTest):
    """B leads, without anybody's leave; A, C and D look for work."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c, self.d = (
            self.node(name, person=name)
            for name in ("Ada", "Ben", "Cyd", "Dan"))
        for node in (self.a, self.c, self.d):
            node.meet(self.b)
        self.project = self.b.json(
            "project", "create", "--title", "Crown", "--goal",
            "A film about a crowned cat", "--medium", "short_film",
            "--licence", LICENCE)["id"]

    def publish(self, *more):
        return self.b.json("request", "publish", "--project", self.project,
                           *more)

    def open_images(self, node):
        return [r["id"] for r in node.json(
            "request", "list", "--kind", "image", "--open")["items"]]

    def test_a_specific_request_is_found_and_its_brief_is_byte_identical(self):
        brief = self.file("brief.mp4", b"\0\0\0\x18ftypmp42" + b"film" * 70000)
        story = self.file("story.txt", "Once there was a cat. " * 4000)
        self.assertFalse(self.b.json("project", "show",
                                     self.project)["listed"])
        answer = self.publish(
            "--title", "Draw the crown", "--deliverable",
            "The cat wears a crown: draw the crown, front view, as SVG",
            "--kind", "image", "--brief", brief, "--reference", story,
            "--deadline", "+14d", "--interest", "illustration")
        self.assertEqual(answer["warnings"], [])
        request = answer["id"]
        for node in (self.a, self.c, self.d):
            lab.until(lambda n=node: request in self.open_images(n),
                      "the request")
            self.assertEqual(
                node.json("request", "list", "--kind", "audio",
                          "--open")["items"], [])
            listed = node.json("project", "list")["items"]
            self.assertEqual([p["id"] for p in listed], [self.project])
            self.assertTrue(listed[0]["listed"])
            node.json("project", "follow", self.project)
            out = self.folder / f"out-{node.home.name}"
            files = {f["path"].rsplit("/", 1)[-1]: f for f in node.json(
                "get", request, "--out", out)["files"]}
            for path in (brief, story):
                got = files[path.name]
                self.assertTrue(got["verified"])
                self.assertEqual(lab.sha256(got["path"]), lab.sha256(path))

    def test_a_vague_brief_is_warned_of_and_strictly_refused(self):
        vague = ("--title", "Art", "--deliverable", "draw a pretty picture",
                 "--kind", "image")
        before = self.b.records()
        strict = self.b.refused("request", "publish", "--project",
                                self.project, "--strict", *vague)
        self.assertEqual(strict.code, 5)
        for word in ("reference", "deadline", "specific"):
            self.assertIn(word, strict.err)
        self.assertEqual(self.b.records(), before)
        warnings = self.publish(*vague)["warnings"]
        self.assertEqual(len(warnings), 3, warnings)
        for word in ("reference", "deadline", "specific"):
            self.assertTrue(any(word in w for w in warnings), word)

    def test_what_is_no_draft_any_more_cannot_be_asked_for_by_others(self):
        refused = self.a.refused(
            "request", "publish", "--project", self.project, "--title", "T",
            "--deliverable", "A drawing of the crown", "--kind", "image")
        self.assertEqual(refused.code, 3)  # a draft is on nobody's board
        request = self.publish("--title", "Draw the crown", "--deliverable",
                               "A crown as SVG", "--kind", "image",
                               "--reference", PICTURE, "--deadline",
                               "+14d")["id"]
        lab.until(lambda: request in self.open_images(self.a), "the request")
        self.a.json("project", "follow", self.project)
        refused = self.a.refused(
            "request", "publish", "--project", self.project, "--title", "T",
            "--deliverable", "A drawing of the crown", "--kind", "image")
        self.assertEqual(refused.code, 5)
        self.assertIn("leader", refused.err)


if __name__ == "__main__":
    unittest.main()
