#!/usr/bin/python3
"""A dozen daemons that were told of one another's hub alone."""
import unittest

import lab

COUNT = 12


class Gossip(lab.LabTest):
    """All follow one project; the network is to outlive its hub."""

    def setUp(self):
        super().setUp()
        self.nodes = [self.node(f"n{i}", "--network", "test-gossip",
                                person="Ada" if i == 1 else None)
                      for i in range(COUNT)]
        self.hub, self.author = self.nodes[:2]
        for node in self.nodes[1:]:
            node.meet(self.hub)
        self.project = self.author.json(
            "project", "create", "--title", "A cat", "--goal", "A film",
            "--medium", "short_film", "--licence", "CC0-1.0")["id"]
        for node in self.nodes:
            if node is not self.author:
                node.json("project", "follow", self.project)

    def publish(self, text):
        return self.author.json("comment", self.project, text)["id"]

    def reaches(self, ident, nodes):
        for node in nodes:
            lab.until(lambda: ident in node.records(self.project),
                      f"{ident[:8]} at {node.home.name}")

    def neighbours(self, node):
        return {p["node"] for p in node.json("peer", "list")["items"]
                if p["state"] == "connected"}

    def test_records_reach_all_also_without_the_hub(self):
        self.reaches(self.publish("hello"), self.nodes)
        others = self.nodes[1:]
        for node in others:
            lab.until(lambda: len(self.neighbours(node)) >= 4,
                      f"neighbours of {node.home.name}")
        self.hub.kill()
        self.reaches(self.publish("still here"), others)


if __name__ == "__main__":
    unittest.main()
