"""Daemons killed at random moments lose nothing that was shown as stored.

TROUPE_ROUNDS kills (10 unless told otherwise), at moments that follow from
TROUPE_SEED, which is printed.
"""
import os
import random
import subprocess
import threading
import unittest

import lab
import peer
import wire
from shelf import Blob
from test_peer import LICENCE, contribution

ROUNDS = int(os.environ.get("TROUPE_ROUNDS", "10"))
SEED = int(os.environ.get("TROUPE_SEED", random.randrange(1 << 32)))
SPANS = 72


class KillTest(lab.LabTest):
    def project(self, node):
        return node.json("project", "create", "--title", "A hard life",
                         "--goal", "To go on", "--medium", "song",
                         "--licence", LICENCE)["id"]

    def say(self, node, project, said, stop):
        """Comments until told to stop; `said` are those it had an answer to.
        """
        number = 0
        while not stop.is_set():
            number += 1
            try:
                said.append(node.json("comment", project,
                                      f"line {number}")["id"])
            except (lab.CommandFailed, subprocess.TimeoutExpired):
                stop.wait(0.01)  # it is dead, or just rising

    def test_what_was_shown_as_stored_is_there_after_any_kill(self):
        print(f"TROUPE_SEED={SEED}")
        rng = random.Random(SEED)
        writer = self.node("writer", person="Ada")
        reader = self.node("reader")
        project = self.project(writer)
        writer.meet(reader)
        reader.json("seed", project)
        work = writer.json(
            "contribute", "--project", project,
            self.file("noise", rng.randbytes(24 << 20)), "--title", "Noise",
            "--licence", LICENCE)["id"]
        said, stop = [work], threading.Event()
        author = threading.Thread(target=self.say,
                                  args=(writer, project, said, stop))
        author.start()
        self.addCleanup(author.join)
        self.addCleanup(stop.set)
        for _ in range(ROUNDS):
            victim = rng.choice((writer, reader))
            stop.wait(rng.uniform(0, 0.4))
            acknowledged = list(said)
            before = victim.records(project) if victim is reader else set()
            victim.kill()
            victim.start()
            held = victim.records(project)
            self.assertLessEqual(before, held)
            if victim is writer:
                self.assertLessEqual(set(acknowledged), held)
        stop.set()
        author.join()
        self.meet_again(writer, reader)
        lab.until(lambda: set(said) <= reader.records(project)
                  == writer.records(project), "every record")
        got, = reader.json("get", work, "--out", self.folder / "got")["files"]
        self.assertEqual(lab.sha256(got["path"]),
                         lab.sha256(self.folder / "noise"))
        for node in (writer, reader):
            self.assertEqual(node.json("verify", "--data")["findings"], [])

    def meet_again(self, one, other):
        """Each start chose a new port: they tell each other anew."""
        one.json("peer", "add", f"{other.node}@{other.address}")
        lab.until(lambda: one.json("status")["peers"], "the connection")

    def test_a_transfer_goes_on_where_the_kill_has_cut_it(self):
        class Counting(peer.Peer):
            """Sends so many spans, then no more; counts what is asked."""
            spans = ()
            most = SPANS

            def serve(self, request, reader):
                at = reader.at
                what, first = reader.data[at + 48], reader.data[at + 49:at + 57]
                if what == 1:
                    span = int.from_bytes(first, "big") // 16
                    if len(set(self.spans) | {span}) > self.most:
                        return None
                    self.spans = (*self.spans, span)
                return super().serve(request, reader)
        node = self.node("node", person="Ada")
        project = bytes.fromhex(self.project(node))
        blob = Blob(random.Random(SEED).randbytes(SPANS << 20))

        def provide(most, **options):
            sender = Counting(wire.dial(node.address), topics=[project],
                              **options)
            sender.most = most
            sender.shelf.blobs[blob.root] = blob
            self.addCleanup(sender.stop)
            return sender.start()
        first = provide(SPANS - 4)
        first.wait(lambda: project in first.shelf.records, "the project")
        work = first.publish(contribution(first, project, [blob])).id.hex()
        lab.until(lambda: work in node.records(), "the work")
        node.begin("get", work, "--out", self.folder / "got")
        first.wait(lambda: len(set(first.spans)) == first.most, "most of it")
        part, = (node.home / "data" / "blobs").glob("**/*.part")
        lab.until(lambda: node.json("status")["blobs"]["partial_bytes"],
                  "a part that is durable")
        node.kill()
        self.assertTrue(part.exists())
        node.start()
        second = provide(SPANS, shelf=first.shelf)
        got, = node.json("get", work, "--out", self.folder / "got")["files"]
        self.assertTrue(got["verified"])
        self.assertEqual(lab.sha256(got["path"]),
                         wire.records.hashlib.sha256(blob.data).hexdigest())
        self.assertLess(len(set(second.spans)), SPANS)


if __name__ == "__main__":
    unittest.main()
