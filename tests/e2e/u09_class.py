"""U9: a class, learnt by doing."""
import unittest

import lab

LICENCE = "CC-BY-4.0"


class Class(lab.LabTest):
    """A teaches; B learns; C looks on, from a node of its own."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c = (self.node(name, person=name)
                                  for name in ("Ada", "Ben", "Cyd"))
        for node in (self.b, self.c):
            node.meet(self.a)
        self.person = {n: n.json("person", "show")["person"]
                       for n in (self.a, self.b, self.c)}
        self.project = self.a.json(
            "project", "create", "--title", "Draw a cat", "--goal",
            "Everybody draws a cat", "--medium", "class", "--licence",
            LICENCE)["id"]

    def lesson(self, index, kind="text", works=1, *more):
        film = self.file(f"film{index}.txt", f"how it is done, {index}")
        return self.a.json(
            "lesson", "add", self.project, "--index", index,
            "--demonstration", film, "--call-to-action",
            f"Now you: part {index}", "--kind", kind, "--works", works,
            *more)["id"]

    def give(self, node, name, lesson):
        work = self.file(f"{name}.txt", f"{name}")
        return node.json("contribute", "--project", self.project, work,
                         "--title", name, "--licence", LICENCE, "--lesson",
                         lesson, "--accept-terms")["id"]

    def follow(self, *ids):
        for node in (self.b, self.c):
            node.json("project", "follow", self.project)
            lab.until(lambda n=node: set(ids) <= n.records(self.project),
                      "the lessons")

    def done(self, node, person):
        answer = node.json("class", "progress", self.project,
                           self.person[person])
        return [lesson["index"] for lesson in answer["lessons"]
                if lesson["done"]], len(answer["lessons"])

    def test_making_counts_and_watching_does_not(self):
        # Out of order: the third is published first.
        lessons = {i: self.lesson(i, works=2 if i == 4 else 1)
                   for i in (3, 1, 4, 2)}
        request = self.a.json(
            "request", "publish", "--project", self.project, "--title",
            "Come and draw", "--deliverable", "One drawing for a lesson",
            "--kind", "text")["id"]
        self.follow(request, *lessons.values())
        self.b.json("get", lessons[1], "--out", self.folder / "watched")
        self.b.json("get", lessons[2], "--out", self.folder / "watched")
        for node in (self.a, self.b, self.c):
            self.assertEqual(self.done(node, self.b), ([], 4))
        first = self.give(self.b, "whiskers", lessons[1])
        self.give(self.b, "one of two", lessons[4])
        second = self.give(self.b, "paws", lessons[3])
        for node in (self.a, self.c):
            lab.until(lambda n=node: {first, second} <= n.records(
                self.project), "the works")
        for node in (self.a, self.b, self.c):
            self.assertEqual(self.done(node, self.b), ([1, 3], 4))
            self.assertEqual(self.done(node, self.c), ([], 4))
            shown = node.json("class", "progress", self.project)["lessons"]
            self.assertEqual([lesson["id"] for lesson in shown],
                             [lessons[i] for i in (1, 2, 3, 4)])
            self.assertEqual([lesson["done_by"] for lesson in shown],
                             [[self.person[self.b]], [],
                              [self.person[self.b]], []])
        self.feedback(first)

    def feedback(self, work):
        """Who speaks is shown as what they are in the class."""
        kinds = {self.a: "teacher", self.c: "visitor"}
        said = {}
        for node in (self.a, self.c):
            self.assertEqual(node.refused("feedback", work, "Hm", "--tone",
                                          "shouting").code, 2)
            said[node] = node.json(
                "feedback", work, "Look at the ears", "--tone", "note",
                "--region", "10,20,30,5", "--at", "1:23.5")["id"]
        again = self.c.json("feedback", work, "Look at them twice", "--tone",
                            "encourage")["id"]
        self.assertEqual(self.b.refused("feedback", work, "I like it",
                                        "--tone", "note").code, 5)
        for node in (self.a, self.b, self.c):
            lab.until(lambda n=node: {said[self.a], again} <= n.records(
                self.project), "the feedback")
            shown = node.json("contribution", "show", work)["feedback"]
            self.assertEqual([(f["id"], f["part"]) for f in shown],
                             [(said[self.a], kinds[self.a]),
                              (again, kinds[self.c])])
            self.assertEqual(shown[0]["at"], {
                "left": 1000, "top": 2000, "width": 3000, "height": 500,
                "from_ms": 83500})

    def test_only_a_teacher_adds_lessons_and_only_to_a_class(self):
        self.lesson(1)
        film = self.file("film.txt", "a film")
        words = ("--demonstration", film, "--call-to-action", "Now you",
                 "--kind", "text")
        board = self.a.json(
            "project", "create", "--title", "Board", "--goal", "To talk",
            "--medium", "board", "--licence", LICENCE)["id"]
        self.assertEqual(self.a.refused("lesson", "add", board,
                                        *words).code, 5)
        request = self.a.json(
            "request", "publish", "--project", self.project, "--title",
            "Come", "--deliverable", "One drawing for a lesson", "--kind",
            "text")["id"]
        self.follow(request)
        self.assertEqual(self.b.refused("lesson", "add", self.project,
                                        *words).code, 5)
        self.assertEqual(self.a.refused("lesson", "add", self.project,
                                        *words[2:]).code, 2)
        self.assertEqual(self.a.refused("lesson", "add", self.project,
                                        *words[:4]).code, 2)
        # Without an index a lesson comes after the last.
        self.a.json("lesson", "add", self.project, *words)
        shown = self.a.json("class", "progress", self.project)["lessons"]
        self.assertEqual([lesson["index"] for lesson in shown], [1, 2])


if __name__ == "__main__":
    unittest.main()
