"""What comes into the inbox of whom, and what stays out."""
import json
import unittest

import lab

LICENCE = "CC-BY-4.0"


class Inbox(lab.LabTest):
    """Ada leads, Ben makes; each on a node."""

    def setUp(self):
        super().setUp()
        self.ada, self.ben = (self.node(name, person=name)
                              for name in ("Ada", "Ben"))
        self.project = self.ada.json(
            "project", "create", "--title", "Cat", "--goal", "A film",
            "--medium", "short_film", "--licence", LICENCE)["id"]
        self.request = self.ask("Draw it")
        self.ben.run("project", "follow", self.project)
        self.ben.meet(self.ada)
        self.reaches(self.ben, self.request)

    def ask(self, title):
        return self.ada.json(
            "request", "publish", "--project", self.project, "--title", title,
            "--deliverable", "A drawing", "--kind", "image", "--interest",
            "drawing")["id"]

    def reaches(self, node, ident):
        lab.until(lambda: ident in node.records(self.project), "the record")

    def give(self, title, *more):
        work = self.file(f"{title}.txt", title)
        answer = self.ben.json(
            "contribute", self.request, work, "--title", title, "--licence",
            LICENCE, "--kind", "image", "--accept-terms", *more)
        self.reaches(self.ada, answer["id"])
        return answer

    def kinds(self, node, *more):
        return [(i["kind"], i["id"], i["text"])
                for i in node.json("inbox", *more)["items"]]

    def told(self, node, kind):
        """The newest event of that kind."""
        lines = node.run("--json", "events", "--since", "0").stdout
        return [e for e in map(json.loads, lines.splitlines())
                if e.get("type") == "inbox" and e["kind"] == kind][-1]

    def say(self, node, other, *words):
        ident = node.json(*words)["id"]
        self.reaches(other, ident)
        return ident

    def test_each_hears_what_concerns_them(self):
        first = self.give("One")["id"]
        second = self.give("Two")["id"]
        self.assertEqual(self.kinds(self.ada), [
            ("answered", second, "Two"), ("welcome", first, "One")])
        self.assertEqual(self.told(self.ada, "welcome")["id"], first)
        item = self.ada.json("inbox")["items"][0]
        self.assertEqual((item["about"], item["author_name"], item["topic"]),
                         (self.request, "Ben", self.project))
        self.assertEqual(self.kinds(self.ben), [])
        # News and talk come to who wants them.
        self.ben.json("inbox", "--mask", "update=on", "--mask", "comment=on")
        self.ada.json("inbox", "--mask", "comment=on")

        directed = self.say(self.ada, self.ben, "direct", first, "Darker")
        chosen = self.say(self.ada, self.ben, "select", first, "chosen",
                          "--reason", "It glows")
        comment = self.say(self.ada, self.ben, "comment", first, "Lovely")
        news = self.say(self.ada, self.ben, "project", "news", self.project,
                        "Half is done")
        invited = self.say(self.ada, self.ben, "role", "grant", self.project,
                           self.ben.json("person", "show")["person"],
                           "member")
        film = self.file("film.txt", "a film")
        remix = self.ada.json(
            "contribute", "--project", self.project, film, "--title", "Film",
            "--licence", LICENCE, "--from", first, "--thanks",
            "Your line set the mood")
        self.reaches(self.ben, remix["resources"][0])
        self.assertEqual(self.kinds(self.ben), [
            ("cited", remix["resources"][0], "Your line set the mood"),
            ("invited", invited, None), ("update", news, "Half is done"),
            ("comment", comment, "Lovely"), ("chosen", chosen, "It glows"),
            ("directed", directed, "Darker")])
        self.assertEqual(self.told(self.ben, "cited")["about"], first)
        reply = self.say(self.ben, self.ada, "comment", comment, "Thanks")
        self.assertEqual(self.kinds(self.ada, "--kind", "comment"),
                         [("comment", reply, "Thanks")])

    def test_what_nobody_asked_for_stays_out_until_they_do(self):
        work = self.give("One")["id"]
        news = self.say(self.ada, self.ben, "project", "news", self.project,
                        "Half is done")
        comment = self.say(self.ada, self.ben, "comment", work, "Lovely")
        self.assertEqual(self.kinds(self.ben), [])
        self.ben.json("inbox", "--mask", "update=on")
        self.assertEqual(self.kinds(self.ben),
                         [("update", news, "Half is done")])
        self.ben.json("inbox", "--mask", "update=off", "--mask", "comment=on")
        self.assertEqual(self.kinds(self.ben),
                         [("comment", comment, "Lovely")])

    def test_what_is_held_for_everybody_is_not_followed(self):
        carl = self.node("Carl", person="Carl")
        carl.meet(self.ada)
        carl.json("inbox", "--mask", "update=on")
        board = carl.json("seed", "all")["id"]
        lab.until(lambda: {t["id"]: t["policy"]
                           for t in carl.json("status")["topics"]}.get(
                               self.project) == "share", "the project")
        self.say(self.ada, carl, "project", "news", self.project, "It goes on")
        self.say(self.ada, carl, "request", "publish", "--project",
                 self.project, "--title", "Soon", "--deliverable", "A word",
                 "--kind", "text", "--deadline", "+5h")
        self.assertEqual(self.kinds(carl), [])
        self.assertEqual(
            carl.json("project", "list", "--followed")["items"], [])
        # There are no files of the board; nobody waits for them.
        self.assertEqual(
            {t["id"]: t["title"] for t in carl.json("health")["topics"]},
            {self.project: "Cat",
             carl.json("person", "show")["person"]: "Carl"})
        self.assertEqual(carl.refused("health", board).code, 3)

        def policy():
            return {t["id"]: t["policy"]
                    for t in carl.json("status")["topics"]}.get(self.project)
        # Who asks for it, follows it besides.
        carl.json("project", "follow", self.project)
        self.assertEqual(policy(), "follow")
        self.assertLessEqual({"update", "closing"},
                             {kind for kind, _, _ in self.kinds(carl)})
        carl.json("project", "unfollow", self.project)
        self.assertEqual(policy(), "share")
        carl.json("project", "follow", self.project)
        carl.json("seed", "all", "--until", "+1s")
        lab.until(lambda: carl.json("status")["topics"][0]["policy"]
                  == "board", "the end of the pledge")
        self.assertEqual(policy(), "follow")

    def test_pending_and_decided_works_are_listed_on_both_sides(self):
        one, two, three, four = (self.give(name)["id"] for name in (
            "One", "Two", "Three", "Four"))
        self.say(self.ada, self.ben, "direct", one, "Darker")
        self.say(self.ada, self.ben, "select", two, "chosen", "--reason",
                 "It glows")
        self.say(self.ada, self.ben, "select", three, "not_used_here",
                 "--reason", "The scene was cut")
        for node, whose in ((self.ada, "--led"), (self.ben, "--mine")):
            def ids(*asked):
                return [i["id"] for i in node.json(
                    "contribution", "list", whose, *asked)["items"]]
            self.assertEqual(ids("--pending"), [four])
            self.assertEqual(ids("--decided"), [three, two, one])
            self.assertEqual(ids("--pending", "--decided"), [])
            self.assertEqual(ids(), [four, three, two, one])
        self.assertEqual(self.ben.json("contribution", "list", "--led")[
            "items"], [])
        self.assertEqual(self.ada.json("contribution", "list", "--mine")[
            "items"], [])
        item = self.ben.json("contribution", "list", "--mine",
                             "--decided")["items"][0]
        self.assertEqual((item["selection"], item["selection_reason"],
                          item["selected_by_name"]),
                         ("not_used_here", "The scene was cut", "Ada"))
        self.assertGreater(item["selected_ms"], item["created_ms"])
        nobody = self.node("archive")
        self.assertEqual(nobody.refused("contribution", "list",
                                        "--mine").code, 11)

    def test_what_is_read_stays_read_and_masks_are_kept(self):
        self.give("One")
        page = self.ada.json("inbox", "--mark-read")
        self.assertEqual([i["read"] for i in page["items"]], [False])
        self.give("Two")
        self.assertEqual([i["read"] for i in self.ada.json("inbox")["items"]],
                         [False, True])
        self.ada.json("inbox", "--mask", "welcome=off")
        self.ada.stop()
        self.ada.start()
        self.assertEqual([i["kind"] for i in self.ada.json("inbox")["items"]],
                         ["answered"])
        self.ada.json("inbox", "--mask", "welcome=on", "--mask",
                      "answered=off")
        self.assertEqual(
            [(i["kind"], i["read"])
             for i in self.ada.json("inbox")["items"]], [("welcome", True)])
        for bad in (["--mask", "likes=on"], ["--mask", "cited"],
                    ["--kind", "likes"]):
            self.assertEqual(self.ada.refused("inbox", *bad).code, 2)

    def test_after_contributing_the_next_fitting_request_is_named(self):
        self.assertIsNone(self.give("One")["suggestion"])
        other = self.ask("Draw another")
        self.reaches(self.ben, other)
        suggested = self.give("Two")["suggestion"]
        self.assertEqual((suggested["id"], suggested["title"],
                          suggested["why"]), (other, "Draw another", "image"))


if __name__ == "__main__":
    unittest.main()
