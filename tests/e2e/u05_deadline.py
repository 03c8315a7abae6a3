"""U5: in time, claimed in time, late; extended, closed, reopened."""
import datetime
import json
import unittest

import lab

DAY = 86_400_000
LICENCE = "CC-BY-4.0"


class Deadline(lab.LabTest):
    """A leads; B answers in time, C unseen, D late.  No clock but ours."""

    def setUp(self):
        super().setUp()
        self.start_ms = 1_800_000_000_000
        self.a, self.b, self.c, self.d = (
            self.node(name, "--test-clock", "--network", "test-deadline",
                      person=name) for name in ("Ada", "Ben", "Cyd", "Dan"))
        self.everybody = [self.a, self.b, self.c, self.d]
        self.at(0)

    def day(self, days):
        """A time as people give it."""
        return datetime.datetime.fromtimestamp(
            (self.start_ms + days * DAY) // 1000,
            datetime.timezone.utc).isoformat()

    def at(self, days, *nodes):
        for node in nodes or self.everybody:
            node.json("clock", "set", self.day(days))

    def give(self, node, request, title):
        work = self.file(f"{title}.txt", f"the {title}")
        return node.json("contribute", request, work, "--title", title,
                         "--licence", LICENCE, "--accept-terms")["id"]

    def timing(self, node, work):
        return node.json("contribution", "show", work)["timing"]

    def everywhere(self, ids, topic, nodes=None):
        for node in nodes or self.everybody:
            lab.until(lambda n=node: set(ids) <= n.records(topic), "records")

    def request(self, *more):
        project = self.a.json(
            "project", "create", "--title", "Masks", "--goal", "A carnival",
            "--medium", "event", "--licence", LICENCE)["id"]
        request = self.a.json(
            "request", "publish", "--project", project, "--title",
            "Paint a mask", "--deliverable", "One mask, painted by hand",
            "--kind", "text", *more)["id"]
        return project, request

    def follow(self, project, *nodes):
        for node in nodes:
            node.json("project", "follow", project)
            lab.until(lambda n=node: project in n.records(project), "project")

    def test_the_same_labels_on_every_peer(self):
        for node in (self.b, self.c, self.d):
            node.meet(self.a)
        project, request = self.request("--deadline", self.day(10))
        self.follow(project, self.b, self.c, self.d)
        for node in (self.b, self.c, self.d):
            lab.until(lambda n=node: request in n.records(project), "request")
        # C drops off, and works on in time where nobody hears of it.
        for node in (self.a, self.b, self.d):
            self.c.json("peer", "ban", node.node)
        self.at(8)
        seen = self.give(self.b, request, "seen")
        unseen = self.give(self.c, request, "unseen")
        self.everywhere([seen], project, [self.a, self.b, self.d])
        self.at(11)
        late = self.give(self.d, request, "late")
        self.everywhere([late], project, [self.a, self.b, self.d])
        undecided = self.a.json("request", "list", "--undecided")["items"]
        self.assertEqual([r["id"] for r in undecided], [request])
        self.assertEqual(
            self.b.json("request", "list", "--undecided")["items"], [])
        close = self.a.json("request", "close", request, "--outcome",
                            "chosen", "--note", "Thank you all")["id"]
        self.c.meet(self.a)
        self.everywhere([seen, unseen, late, close], project)
        for node in self.everybody:
            labels = [self.timing(node, w) for w in (seen, unseen, late)]
            self.assertEqual(labels, [
                "in time", "claimed in time, not seen by the leader", "late"])
            self.assertTrue(node.json("contribution", "show", late)["late"])
            shown = node.json("request", "show", request)
            self.assertEqual(shown["state"], "closed:chosen")
            self.assertEqual(shown["deadline_ms"],
                             self.start_ms + 10 * DAY)
            self.assertGreaterEqual(shown["closed_ms"],
                                    self.start_ms + 11 * DAY)

    def test_extension_and_reopening_are_entries_with_both_dates(self):
        self.b.meet(self.a)
        project, request = self.request("--deadline", self.day(10))
        self.follow(project, self.b)
        self.refused_alike(request)
        self.at(12, self.a, self.b)
        extended = self.a.json("request", "extend", request, "--deadline",
                               "+8d", "--note", "The mill burnt down")["id"]
        self.everywhere([extended], project, [self.b])
        work = self.give(self.b, request, "mask")
        self.everywhere([work], project, [self.a])
        closed = self.a.json("request", "close", request, "--outcome",
                             "none_used", "--note", "Not yet")["id"]
        self.assertEqual(self.a.refused("request", "close", request,
                                        "--outcome", "chosen", "--note",
                                        "Again").code, 5)
        self.at(30, self.a, self.b)
        self.assertEqual(self.a.refused("request", "reopen", request).code, 2)
        reopened = self.a.json("request", "reopen", request, "--deadline",
                               "+5d")["id"]
        self.everywhere([extended, closed, reopened], project, [self.b])
        for node in (self.a, self.b):
            shown = node.json("request", "show", request)
            self.assertEqual(shown["state"], "open")
            self.assertEqual(shown["first_deadline_ms"],
                             self.start_ms + 10 * DAY)
            self.assertEqual([(e["id"], e["outcome"])
                              for e in shown["history"]],
                             [(extended, "extended"), (closed, "none_used"),
                              (reopened, "reopened")])
            dates = [e.get("deadline_ms", 0) // DAY
                     for e in shown["history"]]
            start = self.start_ms // DAY
            self.assertEqual(dates, [start + 20, 0, start + 35])
            # It was late by the first date and is in time by the last.
            self.assertEqual(self.timing(node, work), "in time")
        text = self.b.run("request", "show", request).stdout
        self.assertIn("The mill burnt down", text)

    def refused_alike(self, request):
        """Bad input: a sentence, the right code, and nothing changed."""
        before = self.a.records()
        for code, words in ((2, ["extend", request]),
                            (5, ["extend", request, "--deadline", "+1d"]),
                            (2, ["extend", request, "--deadline",
                                 "2020-01-01"]),
                            (5, ["reopen", request]),
                            (2, ["close", request, "--outcome", "extended",
                                 "--note", "no"]),
                            (2, ["close", request, "--outcome", "merged",
                                 "--note", "no"]),
                            (3, ["extend", "0123456789abcdef", "--deadline",
                                 "+20d"])):
            failed = self.a.refused("request", *words)
            self.assertEqual(failed.code, code, words)
            self.assertTrue(failed.error["error"], words)
        self.assertEqual(self.b.refused("request", "extend", request,
                                        "--deadline", "+20d").code, 5)
        self.assertEqual(self.a.records(), before)

    def test_entries_are_hidden_from_display_until_their_time(self):
        for node in (self.b, self.c):
            node.meet(self.a)
        hidden = self.start_ms + 5 * DAY
        project, request = self.request(
            "--deadline", self.day(10), "--entries-hidden-until",
            self.day(5))
        self.follow(project, self.b, self.c)
        lab.until(lambda: request in self.b.records(project), "request")
        work = self.give(self.b, request, "mask")
        self.everywhere([work], project, [self.a, self.c])

        def listed(node, *more):
            answer = node.json("contribution", "list", "--request", request,
                               *more)
            return [w["id"] for w in answer["items"]], \
                answer.get("hidden_until_ms")

        def found(node):
            return [w["id"] for w in node.json(
                "find", "mask", "--in", "contributions")["items"]]

        self.assertEqual(listed(self.a), ([work], None))
        self.assertEqual(listed(self.b), ([work], None))
        self.assertEqual(listed(self.c), ([], hidden))
        self.assertEqual(found(self.c), [])
        self.assertEqual(found(self.b), [work])
        self.assertEqual(listed(self.c, "--hidden"), ([work], None))
        said = self.c.run("contribution", "list", "--request", request).stderr
        self.assertIn("on this disk all the same", said)
        self.at(6)
        self.assertEqual(listed(self.c), ([work], None))
        self.assertEqual(found(self.c), [work])


    def test_watchers_were_told_a_day_before(self):
        self.b.meet(self.a)
        project, request = self.request("--deadline", self.day(10))
        self.follow(project, self.b)
        lab.until(lambda: request in self.b.records(project), "request")

        def told(node):
            return [(i["kind"], i["id"], i["about"], i["read"])
                    for i in node.json("inbox")["items"]]

        def events(node):
            lines = node.run("--json", "events", "--since", "0").stdout
            return [(e["kind"], e["about"])
                    for e in map(json.loads, lines.splitlines())
                    if e.get("type") == "inbox"]

        self.at(8)
        self.assertEqual((told(self.a), told(self.b)), ([], []))
        self.at(9.5)
        self.assertEqual(told(self.b), [("closing", request, request, False)])
        self.assertEqual(events(self.b), [("closing", request)])
        self.assertEqual((told(self.a), events(self.a)), ([], []))
        self.b.json("inbox", "--mark-read")
        self.assertEqual(told(self.b), [("closing", request, request, True)])
        self.at(11)
        # The leader owes an outcome now, until there is one.
        self.assertEqual(told(self.b), [])
        self.assertEqual(told(self.a),
                         [("undecided", request, request, False)])
        self.assertEqual(events(self.a), [("undecided", request)])
        self.a.run("request", "close", request, "--outcome", "none_used",
                   "--note", "Nobody came.")
        self.assertEqual(told(self.a), [])


if __name__ == "__main__":
    unittest.main()
