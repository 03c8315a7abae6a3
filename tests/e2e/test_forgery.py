"""Records that the client would not make, by one that does: void everywhere.

The leader is the Python peer, which asks no rule before it signs.
"""
import unittest

import lab
import peer
import wire
from test_peer import LICENCE, signed
from wire import records

LEADER = records.Person("Lea")
STRANGER = records.Person("Mallory")


class ForgeryTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.archivist = self.node("archivist")
        self.ben = self.node("ben", person="Ben")
        self.cyd = self.node("cyd", person="Cyd")
        self.leader = peer.Peer(wire.dial(self.archivist.address))
        self.addCleanup(self.leader.stop)
        self.found()
        self.people = {}
        for node in (self.archivist, self.ben, self.cyd):
            node.json("project", "follow", self.project.hex())
            if node is not self.archivist:
                node.meet(self.archivist)
                self.people[node] = bytes.fromhex(
                    node.json("person", "show")["person"])
        self.leader.follow(self.project)
        for node in self.lab.nodes:
            self.reaches(self.project, node)
        self.make_works()

    def found(self):
        """The leader's project, before anybody knows of it."""
        self.project = self.leader.shelf.admit(signed(
            kind=7, person=LEADER, fields={
                "title": "The Forged Cat", "goal": "A film",
                "medium": 1, "licence": LICENCE,
                "terms": {"decision": 1, "ml_use": 1, "pay": 1}})).id
        self.leader.start()

    def make_works(self):
        """A work of Ben that is built on one of Cyd."""
        stem = self.contribute(self.cyd, "Stem")
        self.reaches(stem, self.ben)
        self.crown = self.contribute(self.ben, "Crown", "--from", stem.hex(),
                                     "--relation", "inspired", "--thanks",
                                     "It set the mood")
        for node in self.lab.nodes:
            self.reaches(self.crown, node)

    def contribute(self, node, title, *options):
        file = self.file(title + ".txt", title * 1000)
        return bytes.fromhex(node.json(
            "contribute", "--project", self.project.hex(), file, "--title",
            title, "--licence", LICENCE, "--accept-terms", *options)["id"])

    def reaches(self, ident, node):
        lab.until(lambda: ident.hex() in node.records(self.project.hex()),
                  f"{ident.hex()} at {node.home.name}")

    def release(self, *credited, person=LEADER):
        return self.leader.publish(signed(
            kind=35, person=person, topic=self.project,
            links=[(1, self.project)], fields={
                "title": "The Forged Cat", "medium": 1, "files": [],
                "parts": [{"contribution": self.crown}],
                "credits": [{"role": "artist", "person": self.people[node]}
                            for node in credited]})).id

    def verdict(self, ident, node):
        """Whether it is in force on that node, and why it is not."""
        self.reaches(ident, node)
        shown = node.json("record", "show", ident.hex())
        return shown["in_force"], shown["void_reason"] or ""

    def void_everywhere(self, ident, *reasons):
        for node in self.lab.nodes:
            with self.subTest(node=node.home.name):
                in_force, reason = self.verdict(ident, node)
                self.assertFalse(in_force)
                for text in reasons:
                    self.assertIn(text, reason)

    def test_a_release_that_credits_all_is_in_force_everywhere(self):
        release = self.release(self.ben, self.cyd)
        for node in self.lab.nodes:
            self.assertEqual(self.verdict(release, node), (True, ""))

    def test_a_release_that_omits_an_author_is_void_everywhere(self):
        self.void_everywhere(self.release(self.cyd), "omits", "Ben")

    def test_a_release_that_omits_a_cited_author_is_void_everywhere(self):
        self.void_everywhere(self.release(self.ben), "omits", "Cyd")

    def test_a_release_by_a_stranger_is_void_everywhere(self):
        self.void_everywhere(self.release(self.ben, self.cyd,
                                          person=STRANGER),
                             "not by a leader")

    def test_a_selection_by_a_stranger_is_void_everywhere(self):
        chosen = {}
        for name, person in (("leader", LEADER), ("stranger", STRANGER)):
            chosen[name] = self.leader.publish(signed(
                kind=20, person=person, topic=self.project,
                links=[(3, self.crown)], fields={"state": 3})).id
        self.void_everywhere(chosen["stranger"], "not by a leader")
        for node in self.lab.nodes:
            self.assertEqual(self.verdict(chosen["leader"], node), (True, ""))


if __name__ == "__main__":
    unittest.main()
