"""A project of four, and a request to it that all of them have."""
import lab
from test_peer import LICENCE


class CrownTest(lab.LabTest):
    """The first of the nodes leads; the others have met it."""

    def crown(self, *nodes, join):
        """Ada's project and request; with `join` the others take part."""
        leader, *others = nodes
        for node in others:
            node.meet(leader)
        self.project = leader.json(
            "project", "create", "--title", "Crown", "--goal",
            "A film about a crowned cat", "--medium", "short_film",
            "--licence", LICENCE)["id"]
        self.request = leader.json(
            "request", "publish", "--project", self.project, "--title",
            "Draw the crown", "--deliverable", "The crown, as text",
            "--kind", "text")["id"]
        for node in others:
            lab.until(lambda n=node: self.request in n.records(),
                      "the request")
            node.json(*join, self.project)
