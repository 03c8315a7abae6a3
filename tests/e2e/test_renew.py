"""Open requests stay on the call board (docs/protocol.md 5.8)."""
import datetime
import unittest

import lab

DAY = 86_400_000


class Renew(lab.LabTest):
    """Ada asks, Ben looks at the call board; no clock but ours."""

    def setUp(self):
        super().setUp()
        self.start_ms = 1_800_000_000_000
        self.options = ("--test-clock", "--network", "test-renew")
        self.ada = self.node("Ada", *self.options, person="Ada")
        self.ben = self.node("Ben", *self.options, person="Ben")
        self.nodes = [self.ada, self.ben]
        self.at(0)
        self.ben.meet(self.ada)
        self.project = self.ada.json(
            "project", "create", "--title", "Masks", "--goal", "A carnival",
            "--medium", "event", "--licence", "CC-BY-4.0")["id"]

    def at(self, days):
        when = datetime.datetime.fromtimestamp(
            (self.start_ms + days * DAY) // 1000, datetime.timezone.utc)
        for node in self.nodes:
            node.json("clock", "set", when.isoformat())

    def ask(self, title, *more):
        return self.ada.json(
            "request", "publish", "--project", self.project, "--title", title,
            "--deliverable", "One mask, painted by hand", "--kind", "image",
            *more)["id"]

    def versions(self, node, request):
        """Dates of the request's revisions that the node has, in days."""
        items = node.json("record", "list", "--kind", "request", "--limit",
                          "500")["items"]
        found = [node.json("record", "show", item["id"]) for item in items]
        return sorted((r["created_ms"] - self.start_ms) // DAY for r in found
                      if r.get("revises") == request)

    def titles(self, node):
        return sorted(item["title"] for item in node.json(
            "request", "list", "--open")["items"])

    def test_an_open_request_is_said_again_each_month(self):
        asked = self.ask("Red")
        closed = self.ask("Blue")
        due = self.ask("Green", "--deadline", "+20d")
        self.ada.json("request", "close", closed, "--outcome", "none_used",
                      "--note", "Enough")
        lab.until(lambda: {asked, closed, due} <= self.ben.records(), "them")
        self.at(29)
        self.at(31)
        lab.until(lambda: self.versions(self.ben, asked), "the renewal")
        self.assertEqual(self.versions(self.ben, asked), [31])
        shown = self.ben.json("request", "show", asked)
        self.assertEqual((shown["created_ms"] - self.start_ms) // DAY, 0)
        # A restart, and the same month again: once is enough.
        self.ada.stop()
        self.ada.start()
        self.at(32)
        self.at(62)
        lab.until(lambda: len(self.versions(self.ada, asked)) == 2, "another")
        self.assertEqual(self.versions(self.ada, asked), [31, 62])
        for request in (closed, due):
            self.assertEqual(self.versions(self.ada, request), [])

    def test_a_newcomer_finds_it_after_a_year(self):
        asked = self.ask("Red")
        closed = self.ask("Blue")
        lab.until(lambda: {asked, closed} <= self.ben.records(), "them")
        self.ada.json("request", "close", closed, "--outcome", "none_used",
                      "--note", "Enough")
        for day in range(31, 401, 31):
            self.at(day)
            lab.until(lambda d=day: d in self.versions(self.ben, asked),
                      f"the renewal of day {day}")
        self.at(400)
        # Who never held more than the call board has what it takes to tell.
        lab.until(lambda: closed not in self.ben.records(), "room")
        self.assertEqual(self.titles(self.ben), ["Red"])
        self.ada.stop()
        self.nodes = [self.ben, self.node("Cyd", *self.options, person="Cyd")]
        self.at(400)
        cyd = self.nodes[1]
        cyd.meet(self.ben)
        lab.until(lambda: self.titles(cyd) == ["Red"], "the request")
        self.assertNotIn(closed, cyd.records())
        shown = cyd.json("request", "show", asked)
        self.assertEqual((shown["created_ms"] - self.start_ms) // DAY, 0)


if __name__ == "__main__":
    unittest.main()
