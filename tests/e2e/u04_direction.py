"""U4: direction without likes: who chooses, who does not, and what nobody
counts."""
import pathlib
import re
import unittest

import crown
import lab
import peer
import wire
from test_peer import LICENCE, signed
from wire import records

STRANGER = records.Person("Mallory")
SELECTION, CONTRIBUTION, CHOSEN = 20, 3, 3

# What other places count, one word each.
COUNTS = {"like", "likes", "liked", "follower", "followers", "view", "views",
          "viewed", "play", "plays", "vote", "votes", "star", "stars", "score",
          "rank", "ranking", "popular", "popularity", "favourites", "upvotes",
          "reactions", "hits", "rating", "ratings", "trending"}
# The numbers that are shown: times, sizes, places in a list, and the need.
NUMBERS = re.compile(r".*_ms$|^(size|seq|next|requests_open|kind_number|flags"
                     r"|body_len|house_share_bp|silence_days"
                     r"|files_count|making_of_count)$")


def words(name):
    """The words of a text or a name; `more_like` counts nothing."""
    return set(re.split(r"[^a-z]+", name.lower().replace("more_like", "")))


class Direction(crown.CrownTest):
    """A leads, B leads with her, C and D contribute; a stranger meddles."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c, self.d = (
            self.node(name, person=name)
            for name in ("Ada", "Ben", "Cyd", "Dan"))
        self.crown(self.a, self.b, self.c, self.d, join=("project", "follow"))

    def reaches(self, ident, *nodes):
        for node in nodes or self.lab.nodes:
            lab.until(lambda n=node: ident in n.records(self.project),
                      f"{ident} at {node.home.name}")

    def contribute(self):
        """Twenty works each by C and D."""
        works = []
        for i in range(40):
            node = (self.c, self.d)[i % 2]
            works.append(node.json(
                "contribute", self.request,
                self.file(f"crown{i}.txt", f"crown {i}"), "--title",
                f"Crown {i}", "--licence", LICENCE, "--accept-terms")["id"])
        for work in works:
            self.reaches(work, self.a, self.b)
        return works

    def states(self, node):
        """Works by what was said of them, on that node."""
        found = {}
        items = node.json("contribution", "list", "--request", self.request,
                          "--limit", "100")["items"]
        self.assertEqual(len(items), 40)
        for item in items:
            found.setdefault(item["selection"], set()).add(item["id"])
        return found

    def meddle(self, work):
        """A selection by who leads nothing, as no client would sign it."""
        stranger = peer.Peer(wire.dial(self.a.address))
        self.addCleanup(stranger.stop)
        stranger.start()
        stranger.follow(bytes.fromhex(self.project))
        return stranger.publish(signed(
            kind=SELECTION, person=STRANGER,
            topic=bytes.fromhex(self.project),
            links=[(CONTRIBUTION, bytes.fromhex(work))],
            fields={"state": CHOSEN})).id.hex()

    def test_leaders_choose_and_nobody_counts(self):
        works = self.contribute()
        short, directed, chosen = works[:5], works[1:3], works[0]
        for work in short:
            self.a.json("select", work, "shortlist")
        for work in directed:
            self.a.json("direct", work, "A little more gold, please")
        last = self.a.json("select", chosen, "chosen", "--reason",
                           "It shines")["id"]
        self.reaches(last)
        for node in self.lab.nodes:
            lab.until(lambda n=node: self.states(n) == {
                "chosen": {chosen}, "shortlist": set(short[1:]),
                "none": set(works[5:])}, f"the choice at {node.home.name}")
        shown = self.c.json("contribution", "show", works[1])
        self.assertEqual(len(shown["directions"]), 1)

        self.refuse_strangers(works[9])
        self.lead_together(works[6], works[7])
        self.scan(works[0])

    def refuse_strangers(self, work):
        refused = self.c.refused("select", work, "chosen")
        self.assertEqual(refused.code, 5)
        self.assertIn("not by a leader", refused.err)
        forged = self.meddle(work)
        self.reaches(forged)
        for node in self.lab.nodes:
            record = node.json("record", "show", forged)
            self.assertFalse(record["in_force"])
            self.assertIn("not by a leader", record["void_reason"])
            self.assertIn(work, self.states(node)["none"])

    def lead_together(self, first, second):
        ben = self.b.json("person", "show")["person"]
        self.assertEqual(self.b.refused("select", first, "chosen").code, 5)
        invited = self.a.json("role", "grant", self.project, ben,
                              "co_leader")["id"]
        self.reaches(invited)
        self.assertEqual(self.b.refused("select", first, "chosen").code, 5)
        self.b.json("role", "accept", self.project)
        counts = self.b.json("select", first, "chosen")["id"]
        self.reaches(counts)
        people = self.d.json("project", "show", self.project)["people"]
        self.assertEqual([(p["person"], p["role"]) for p in people],
                         [(ben, "co_leader")])
        self.reaches(self.a.json("role", "revoke", self.project, ben)["id"])
        self.assertEqual(self.b.refused("select", second, "chosen").code, 5)
        for node in self.lab.nodes:
            self.assertIn(first, self.states(node)["chosen"])
            self.assertNotIn(second, self.states(node)["chosen"])
            self.assertEqual(
                node.json("project", "show", self.project)["people"], [])

    # Nobody counts.

    def scan(self, work):
        for node in self.lab.nodes:
            for command in (
                    ("project", "list"), ("project", "show", self.project),
                    ("request", "list"), ("request", "show", self.request),
                    ("contribution", "list"), ("contribution", "show", work),
                    ("person", "list"), ("person", "show"), ("tree", work),
                    ("record", "list", "--limit", "500"),
                    ("record", "show", work)):
                self.look_at(node.json(*command), command)
                said = words(node.run(*command).stdout)
                self.assertFalse(said & COUNTS, command)
            folder = pathlib.Path(node.home)
            for path in folder.rglob("*.mdb"):
                # Short ones are found in any hashes.
                names = set(re.findall(rb"[a-z]{6,}", path.read_bytes()))
                self.assertFalse({n.decode() for n in names} & COUNTS, path)
        docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
        tables = (docs / "protocol.md").read_text().split("### 3.8")[1]
        fields = words(tables.split("### 3.9")[0])
        self.assertFalse(fields & COUNTS)

    def look_at(self, value, where):
        """Each number that is shown is one of those that may be."""
        if isinstance(value, list):
            for item in value:
                self.look_at(item, where)
        elif isinstance(value, dict):
            for name, item in value.items():
                self.assertFalse(words(name) & COUNTS, (name, where))
                if type(item) is int:
                    self.assertRegex(name, NUMBERS, where)
                self.look_at(item, where)


if __name__ == "__main__":
    unittest.main()
