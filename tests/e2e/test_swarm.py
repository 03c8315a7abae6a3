#!/usr/bin/python3
"""Blobs from several at once, some of whom lie, stall, or have but a part;
read while they come; and after a kill (docs/protocol.md, 6)."""
import random
import threading
import unittest

import lab
import peer
import wire
from shelf import BLOCK, SPAN, Blob
from test_peer import LICENCE, contribution


class Provider(peer.Peer):
    """Counts the spans that it is asked for, and the bytes that it sends."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.asked = []
        self.sent = 0
        self.cancels = 0

    def gives(self, span):
        return True

    def on_blob(self, kind, payload):
        self.cancels += kind == wire.BLOB_CANCEL
        super().on_blob(kind, payload)

    def serve(self, request, reader):
        head = reader.data[reader.at + 48:]
        count = int.from_bytes(head[9:13], "big")
        if head[0] == 1:
            span = int.from_bytes(head[1:9], "big") * 65536 // SPAN
            self.asked.append(span)
            if not self.gives(span):
                return None  # not now, and not later
            self.sent += count * 65536
        return super().serve(request, reader)


class Liar(Provider):
    def serve(self, request, reader):
        send = self.link.send
        self.link.send = lambda kind, payload: send(
            kind, payload[:-1] + bytes([payload[-1] ^ 1])
            if kind == wire.BLOB_DATA else payload)
        try:
            return super().serve(request, reader)
        finally:
            self.link.send = send


class Mute(Provider):
    def gives(self, span):
        return False


class Partial(Provider):
    """Has each third span, says so, and refuses the others."""

    def held(self, blob):
        return range(0, -(-blob.size // SPAN), 3)

    def serve(self, request, reader):
        head = reader.data[reader.at + 48:]
        span = int.from_bytes(head[1:9], "big") * 65536 // SPAN
        if head[0] == 1 and span % 3:
            self.asked.append(span)
            return peer.code_of("NOT_HELD")
        return super().serve(request, reader)


class SwarmTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.target = self.node("target", person="Ada")
        self.project = bytes.fromhex(self.target.json(
            "project", "create", "--title", "Many hands", "--goal",
            "To be quick", "--medium", "song", "--licence", LICENCE)["id"])

    def provider(self, kind=Provider, node=None, **options):
        node = node or self.target
        made = kind(wire.dial(node.address), topics=[self.project], **options)
        self.addCleanup(made.stop)
        return made.start()

    def author(self, spans, kind=Provider):
        """One who has made a work that the target knows; with its blob."""
        blob = Blob(random.Random(spans).randbytes((spans << 20) - 1000))
        first = self.provider(kind)
        first.shelf.blobs[blob.root] = blob
        first.wait(lambda: self.project in first.shelf.records, "the project")
        work = first.publish(
            contribution(first, self.project, [blob])).id.hex()
        lab.until(lambda: work in self.target.records(), "the work")
        return first, blob, work

    def got(self, get, blob, work):
        self.assertEqual(get.wait(lab.PATIENCE), 0)
        self.assertEqual((self.folder / "got" / "0.ogv").read_bytes(),
                         blob.data)

    def test_three_honest_ones_suffice_among_others(self):
        first, blob, work = self.author(30)
        kinds = [Liar, Mute, Partial, Provider, Provider]
        liar, mute, partial, *others = [
            self.provider(kind, shelf=first.shelf) for kind in kinds]
        lab.until(lambda: len(self.target.json("status")["peers"]) == 6,
                  "six peers")
        get = self.target.begin("get", work, "--out", self.folder / "got")
        self.got(get, blob, work)
        lies = self.target.log.read_text().count("provider_lied")
        self.assertEqual(lies, 1 if liar.asked else 0)
        self.assertFalse(liar.is_closed)  # once is not twice
        if mute.asked:
            self.assertGreater(mute.cancels, 0)
        for honest in (first, *others):
            self.assertFalse(honest.is_closed)
        self.assertEqual(self.target.json("verify", "--data")["findings"], [])

    def test_a_kill_costs_no_more_than_64_mib(self):
        first, blob, work = self.author(120)
        self.target.begin("get", work, "--out", self.folder / "got")
        first.wait(lambda: first.sent >= 104 << 20, "most of it")
        self.target.kill()
        first.stop()
        self.target.start()
        second = self.provider(shelf=first.shelf)
        get = self.target.begin("get", work, "--out", self.folder / "got")
        self.got(get, blob, work)
        # What the system held of the first connection was sent, too.
        self.assertLessEqual(first.sent + second.sent,
                             (120 + 64 + 8) << 20)

    def test_who_reads_is_served_before_all_else(self):
        class Slow(Provider):
            """Gives two spans, and what the reader will ask for."""
            def gives(self, span):
                return span in (0, 1, 40, 41)
        first, blob, work = self.author(48, Slow)
        get = self.target.begin("get", work, "--out", self.folder / "got")
        first.wait(lambda: len(first.asked) > 2, "the beginning")
        low, high = 40 * SPAN + 7, 42 * SPAN - 9
        read = self.target.run("cat", work, "--range", f"{low}-{high}",
                               text=False).stdout
        self.assertEqual(read, blob.data[low:high + 1])
        self.assertIsNone(get.poll())
        get.kill()
        get.wait()

    def test_a_reader_gets_a_block_before_its_span(self):
        class Drip(Provider):
            """Of what it is asked for it sends the first block."""
            block = 3 * SPAN + 5 * BLOCK

            def serve(self, request, reader):
                head = reader.data[reader.at + 48:]
                if head[0] != 1:
                    return peer.Peer.serve(self, request, reader)
                at = int.from_bytes(head[1:9], "big") * BLOCK
                self.asked.append(at)
                data, = [blob.data for blob in self.shelf.blobs.values()]
                for piece in (at, at + BLOCK // 2):
                    self.link.send(wire.BLOB_DATA, request
                                   + piece.to_bytes(8, "big")
                                   + data[piece:piece + BLOCK // 2])
                return None  # the rest never comes
        first, blob, work = self.author(24, Drip)
        low, high = Drip.block + 9, Drip.block + BLOCK - 1
        read = self.target.run("cat", work, "--range", f"{low}-{high}",
                               text=False).stdout
        self.assertEqual(read, blob.data[low:high + 1])
        self.assertIn(Drip.block, first.asked)  # as the first of a question

    def test_a_range_is_read_of_what_nobody_wants(self):
        first, blob, work = self.author(48)
        reader = self.node("reader")
        reader.json("project", "follow", self.project.hex())
        reader.json("record", "import", self.file("records", self.target.run(
            "record", "raw", self.project.hex(), work, text=False).stdout))
        holder = self.provider(node=reader, shelf=first.shelf)
        for low, high in ((30 * SPAN, 33 * SPAN - 1), (5, 5),
                          (47 * SPAN, blob.size)):
            read = reader.run("cat", work, "--range", f"{low}-{high}",
                              text=False).stdout
            self.assertEqual(read, blob.data[low:high + 1])
        self.assertEqual(set(holder.asked), {30, 31, 32, 0, 47})
        read = reader.run("cat", work, text=False).stdout
        self.assertEqual(read, blob.data)
        lab.until(lambda: reader.json("status")["blobs"]["count"] == 1,
                  "all of it, read and held")

    def test_a_part_is_served_on_while_it_comes(self):
        class Gate(Provider):
            """Gives the second half when it is told to."""
            is_open = threading.Event()

            def gives(self, span):
                return span < 12 or self.is_open.wait(lab.PATIENCE)
        first, blob, work = self.author(24, Gate)
        end = self.node("end")
        self.target.meet(end)
        end.json("seed", self.project.hex())
        lab.until(lambda: work in end.records(), "the work")
        self.target.begin("get", work, "--out", self.folder / "got")
        read = end.run("cat", work, "--range", f"0-{4 * SPAN - 1}",
                       text=False).stdout
        self.assertEqual(read, blob.data[:4 * SPAN])
        self.assertEqual(self.target.json("status")["blobs"]["count"], 0)
        Gate.is_open.set()
        lab.until(lambda: end.json("status")["blobs"]["count"] == 1,
                  "all of it at the end of the chain")
        self.assertEqual(end.json("verify", "--data")["findings"], [])


if __name__ == "__main__":
    unittest.main()
