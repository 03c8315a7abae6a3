"""Daemons that keep different things of the same topics agree, and are still:
every byte between them goes through relays that count (protocol.md 5.8)."""
import json
import time
import unittest

import lab
from relay import Relay

# Longer than any pause between tries to agree, and what pings and the
# overlay's own rounds may take of it on one connection.
STILL_SECONDS = 6
STILL_BYTES = 400


class Quiet(lab.LabTest):
    """Ada's node in the middle, four around it."""

    def start(self, name, *settings, person=None):
        config = self.folder / name / "config"
        config.mkdir(parents=True)
        (config / "troupe.conf").write_text(
            "\n".join(["[node]", *settings, ""]))
        node = self.node(name, "--no-meet", "--network", "test-quiet",
                         "--test-clock", person=person)
        node.json("clock", "set", self.now)
        return node

    def join(self, node):
        relay = Relay(self.ada.address)
        self.addCleanup(relay.stop)
        self.relays.append(relay)
        node.json("peer", "add", f"{self.ada.node}@{relay.address}")
        node.json("project", "follow", self.project)

    def setUp(self):
        super().setUp()
        self.relays = []
        self.now = "2027-01-01T12:00:00+00:00"
        self.ada = self.start("ada", person="Ada")
        self.project = self.ada.json(
            "project", "create", "--title", "A cat", "--goal", "A film",
            "--medium", "short_film", "--licence", "CC0-1.0")["id"]
        for i in range(20):
            self.ada.json("request", "publish", "--project", self.project,
                          "--title", f"Whiskers {i}", "--kind", "image",
                          "--deliverable", "One of them. " * 40)
            if i == 9:
                self.now = "2027-01-20T12:00:00+00:00"
                self.ada.json("clock", "set", self.now)
        self.word = self.ada.json("comment", self.project, "hello")["id"]

    def is_still(self):
        before = [relay.bytes for relay in self.relays]
        time.sleep(STILL_SECONDS)
        return all(relay.bytes - was <= STILL_BYTES
                   for relay, was in zip(self.relays, before))

    def board_day(self, node):
        return max(topic["local"].get("from_ms", 0)
                   for topic in node.json("status")["topics"])

    def floods(self, node, count):
        """More comments than a stranger's day has room for."""
        self.join(node)
        lab.until(lambda: self.word in node.records(self.project), "a word")
        drafts = self.file("drafts", "".join(json.dumps({
            "kind": "comment", "topic": self.project, "fields": {
                "target": self.project, "text": f"line {i}"}}) + "\n"
            for i in range(count)))
        node.json("record", "import", drafts)

    def test_nodes_that_keep_different_things_agree_and_are_still(self):
        stranger = self.start("stranger", person="Sol")
        small = self.start("small", "board_quota = 12 KiB")
        blocks = self.start("blocks", person="Ben")
        refuses = self.start("refuses", person="Cleo")
        self.floods(stranger, 100)
        blocks.json("block", stranger.json("status")["person"])
        for node in (small, blocks, refuses):
            self.join(node)
        lab.until(lambda: self.word in refuses.records(self.project), "it")
        refuses.json("takedown", self.word, "--reason", "not here")
        lab.until(lambda: self.board_day(small) > self.board_day(self.ada),
                  "the board to move on")
        lab.until(self.is_still, "silence")

        theirs = stranger.records(self.project)
        for node in (self.ada, small, refuses):
            self.assertEqual(node.records(self.project), theirs,
                             node.home.name)
        said = self.ada.json("comment", self.project, "one more")["id"]
        for node in (stranger, small, blocks, refuses):
            lab.until(lambda: said in node.records(self.project), "it")
        lab.until(self.is_still, "silence again")


if __name__ == "__main__":
    unittest.main()
