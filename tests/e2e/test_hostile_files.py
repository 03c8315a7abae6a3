#!/usr/bin/python3
"""Files of up to 1 MiB, many at once, from peers that answer as nobody may, and
for peers that ask and go.  What honest peers have comes all the same."""
import itertools
import os
import socket
import unittest

import lab
import peer
import wire
from shelf import BLOCK, SPAN, Blob
from test_peer import LICENCE, contribution
from wire import varint

OK = varint(0)


def data(blob, at, end):
    return wire.BLOB_DATA, at.to_bytes(8, "big") + blob.data[at:end]


def whole(blob):
    return [data(blob, at, at + (1 << 15))
            for at in range(0, blob.size, 1 << 15)]


class Answerer(peer.Peer):
    """Answers for its files with whatever frames it is told to."""
    frames = None

    def serve(self, request, reader):
        root = reader.data[reader.at + 8:][:32]
        if root not in self.shelf.blobs:
            return super().serve(request, reader)
        for kind, rest in self.frames(self.shelf.blobs[root]):
            self.link.send(kind, request + rest)
        return None


class Leaver(Answerer):
    """The same, and is gone before anybody can have looked at it."""

    def serve(self, request, reader):
        code = super().serve(request, reader)
        if code is None:
            self.link.sock.shutdown(socket.SHUT_WR)
        return code


class HostileFilesTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.target = self.node("target", person="Ada")
        self.project = bytes.fromhex(self.target.json(
            "project", "create", "--title", "Many files", "--goal",
            "To have them", "--medium", "song", "--licence",
            LICENCE)["id"])

    def tearDown(self):
        """In peace, which with sanitizers means without a leak."""
        self.target.stop()
        super().tearDown()

    def meet(self, kind=peer.Peer, frames=None, blobs=(), keys=None):
        made = kind(wire.dial(self.target.address, keys=keys),
                    topics=[self.project])
        made.frames = frames
        made.shelf.blobs.update((blob.root, blob) for blob in blobs)
        self.addCleanup(made.stop)
        made.start()
        made.wait(lambda: self.project in made.shelf.records, "the project")
        return made

    def offer(self, author, count=1, size=100000):
        """Files that the target wants, and asks their author for."""
        blobs = [Blob(os.urandom(size)) for _ in range(count)]
        author.shelf.blobs.update((blob.root, blob) for blob in blobs)
        author.publish(contribution(author, self.project, blobs))
        return blobs

    def honest_brings(self, blobs):
        honest = self.meet(blobs=blobs)
        for blob in blobs:
            self.target.run("wait", f"here:{blob.root.hex()}")
        self.assertFalse(honest.is_closed)

    def test_an_answer_of_another_shape_closes(self):
        end = wire.BLOB_END, OK
        blobs = []
        for name, answer in (
                ("NOT_ASKED", lambda b: [data(b, 1, 1000)]),
                ("NOT_ASKED", lambda b: [data(b, 0, 1000)] * 2),
                ("NOT_ASKED", lambda b: [*whole(b), (
                    wire.BLOB_DATA, b.size.to_bytes(8, "big") + b"x")]),
                ("NOT_ASKED", lambda b: [data(b, 0, 1000), (
                    wire.BLOB_DATA, (2 ** 64 - 1).to_bytes(8, "big")
                    + b"x")]),
                ("NOT_ASKED", lambda b: [*whole(b), end, end]),
                ("NOT_ASKED", lambda b: [*whole(b), end, data(b, 0, 1000)]),
                ("NOT_ASKED", lambda b: [(wire.BLOB_INNER, b.inner(0))]),
                ("NOT_ASKED", lambda b: [(
                    wire.BLOB_LAYER, bytes(9) + bytes(32))]),
                ("OUT_OF_ORDER", lambda b: [end]),
                ("OUT_OF_ORDER", lambda b: whole(b)[:-1] + [end])):
            with self.subTest(name=name, number=len(blobs)):
                attacker = self.meet(Answerer, answer)
                blobs += self.offer(attacker)
                self.assertEqual(attacker.wait_closed(lab.PATIENCE), name)
        self.honest_brings(blobs)

    def test_wrong_bytes_of_two_close(self):
        liar = self.meet(Answerer, lambda b: [
            *whole(Blob(b.data[:-1] + b"?")), (wire.BLOB_END, OK)])
        blobs = self.offer(liar, 3)
        self.assertEqual(liar.wait_closed(lab.PATIENCE), "BAD_BLOB")
        self.honest_brings(blobs)

    def test_who_leaves_with_each_lie_is_banned_with_the_second(self):
        keys, blobs = wire.NodeKeys(), []
        for lies in 1, 2:
            liar = self.meet(Leaver, lambda b: [
                *whole(Blob(b.data[:-1] + b"?")), (wire.BLOB_END, OK)],
                keys=keys)
            self.assertNotIn(" banned ", self.target.log.read_text())
            blobs += self.offer(liar)
            lab.until(lambda n=lies: self.target.log.read_text().count(
                "provider_lied") == n, "the lie")
        lab.until(lambda: " banned " in self.target.log.read_text(), "the end")
        again = peer.Peer(wire.dial(self.target.address, keys=keys)).start()
        self.addCleanup(again.stop)
        self.assertEqual(again.wait_closed(lab.PATIENCE), "BANNED")
        self.honest_brings(blobs)

    def test_whatever_a_request_ends_with_is_no_fault(self):
        codes = [*range(1, len(wire.CODES)), 200, 2 ** 40][-28:]
        ends, used = itertools.cycle(codes), []

        def frames(blob):
            used.append(next(ends))
            return [data(blob, 0, 1000), (wire.BLOB_END, varint(used[-1]))]
        some = self.meet(Answerer, frames)
        blobs = self.offer(some, len(codes), 17000)
        some.wait(lambda: len(used) >= len(codes), "so many questions")
        self.honest_brings(blobs)
        self.assertFalse(some.is_closed)

    def test_who_goes_in_the_middle_takes_nothing_along(self):
        blobs = []
        for part in 1000, 99999, 100000:
            goer = self.meet(Answerer, lambda b, p=part:
                             [data(b, 0, min(p, 1 << 15))] if p < b.size
                             else [*whole(b), (wire.BLOB_END, OK)])
            asked = []
            serve = goer.serve
            goer.serve = lambda *args: asked.append(serve(*args))
            blobs += self.offer(goer, 40)
            goer.wait(lambda: len(asked) > 3, "what it is asked for")
            goer.stop()
        self.honest_brings(blobs)

    def test_who_asks_and_goes_does_no_harm(self):
        blob = Blob(os.urandom(3 * SPAN))
        self.target.json("contribute", "--project", self.project.hex(),
                         self.file("work", blob.data), "--title", "W",
                         "--licence", "CC0-1.0")
        for cancels in False, True, False, True:
            asker = self.meet()
            head = (asker.tag(self.project) + blob.root
                    + blob.size.to_bytes(8, "big"))
            for i in range(120):
                request = i.to_bytes(4, "big")
                what, first, count = ((2, i % 3, 0) if i % 4 == 0 else
                                      (1, i % 3 * (SPAN // BLOCK), 16))
                asker.requests[request] = []
                asker.link.send(wire.BLOB_ASK, request + head
                                + bytes([what]) + first.to_bytes(8, "big")
                                + count.to_bytes(4, "big"))
                if cancels:
                    asker.link.send(wire.BLOB_CANCEL, request)
            asker.wait(lambda: asker.requests[bytes(4)], "an answer")
            self.assertFalse(asker.is_closed)
            asker.stop()
        self.assertEqual(self.meet().fetch(self.project, blob.root,
                                           blob.size), blob.data)


if __name__ == "__main__":
    unittest.main()
