#!/usr/bin/python3
"""Blobs whose only provider sends a few bytes now and then do not keep others
waiting (docs/protocol.md, 6.5)."""
import random
import unittest

import lab
import peer
import wire
from shelf import BLOCK, Blob
from test_peer import LICENCE, contribution

PLACES = 8


class Dripper(peer.Peer):
    """Of what it is asked for it sends a byte at a time, and is never done."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.open = {}
        self.sent = {}

    def serve(self, request, reader):
        head = reader.data[reader.at + 8:]
        root, what = head[:32], head[40]
        if what != 1 or root not in self.shelf.blobs:
            return super().serve(request, reader)
        self.open[request] = root, int.from_bytes(head[41:49], "big") * BLOCK
        return None

    def on_blob(self, kind, payload):
        if kind == wire.BLOB_CANCEL and self.open.pop(payload[:4], None):
            self.link.send(wire.BLOB_END, payload[:4]
                           + wire.varint(peer.code_of("CANCELLED")))
        super().on_blob(kind, payload)

    def tick(self):
        super().tick()
        for request, (root, at) in self.open.items():
            self.link.send(wire.BLOB_DATA, request + at.to_bytes(8, "big")
                           + self.shelf.blobs[root].data[at:at + 1])
            self.open[request] = root, at + 1
            self.sent[root] = self.sent.get(root, 0) + 1


class TurnsTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.target = self.node("target", "--test-clock", person="Ada")
        self.project = bytes.fromhex(self.target.json(
            "project", "create", "--title", "In turn", "--goal",
            "Not to wait for the slowest", "--medium", "song", "--licence",
            LICENCE)["id"])
        self.dripper = self.meet(Dripper)
        self.slow = [self.work(self.dripper, seed, 1300000)
                     for seed in range(PLACES)]
        lab.until(lambda: all(self.dripper.sent.get(root)
                              for root in self.slow), "drips of all")

    def meet(self, kind):
        made = kind(wire.dial(self.target.address), topics=[self.project])
        self.addCleanup(made.stop)
        return made.start()

    def work(self, author, seed, size):
        """The root of a blob of theirs that the target wants."""
        blob = Blob(random.Random(seed).randbytes(size))
        author.shelf.blobs[blob.root] = blob
        author.wait(lambda: self.project in author.shelf.records,
                    "the project")
        author.publish(contribution(author, self.project, [blob]))
        return blob.root

    def states(self):
        return {bytes.fromhex(w["root"]): w["state"]
                for w in self.target.json("want", "list")["items"]}

    def gave_way(self):
        return self.target.log.read_text().count(" gave_way ")

    def pass_window(self):
        """As if the time had passed that a place has to show itself in."""
        self.target.json("clock", "set", "+15s")

    def test_one_of_those_that_drip_gives_its_place_to_who_waits(self):
        honest = self.meet(peer.Peer)
        quick = self.work(honest, 99, 5 << 20)
        lab.until(lambda: quick in self.states(), "the want")
        self.assertEqual(self.states()[quick], "due")
        self.assertEqual(self.gave_way(), 0)
        self.pass_window()
        self.target.run("wait", f"here:{quick.hex()}")
        self.assertEqual(self.gave_way(), 1)
        # The others go on, and nobody was blamed for it.
        self.assertGreaterEqual(
            sum(state == "fetching" for state in self.states().values()),
            PLACES - 1)
        self.assertFalse(self.dripper.is_closed or honest.is_closed)
        # Nobody waits any more: they may take as long as they like.
        self.pass_window()
        before = dict(self.dripper.sent)
        self.dripper.wait(lambda: sum(
            self.dripper.sent[root] > before[root] + 1 for root in before)
            >= PLACES - 1, "more drips")
        self.assertEqual(self.gave_way(), 1)


if __name__ == "__main__":
    unittest.main()
