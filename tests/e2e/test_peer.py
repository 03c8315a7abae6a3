"""An independent peer meets a daemon: docs/protocol.md is enough to write one.
"""
import os
import time
import unittest

import lab
import peer
import shelf
import wire
from wire import records

LICENCE = "CC-BY-4.0"
SIZE = 3 * 2 ** 20 + 5


def now_ms():
    return int(time.time() * 1000)


def signed(**parts):
    """A record by Anna, dated now."""
    return records.pack(records.record(**{"created": now_ms(), **parts})[0])


def contribution(author, project, blobs, request=None, **parts):
    """A contribution of these files, under the terms that `author` knows."""
    founder = author.shelf.records[project].fields
    return signed(
        kind=13, topic=project,
        links=[(1, project)] + ([(2, request)] if request else []),
        fields={
            "accepted_terms": records.sha(
                b"troupe terms 1\0",
                records.pack([founder["licence"], founder["terms"]])),
            "title": "A work", "licence": founder["licence"],
            "media_kind": 1, "work_kind": 1, "rights_statement": "own_work",
            "files": [{"blob": [blob.root, blob.size],
                       "media_type": "video/ogg", "name": f"{i}.ogv"}
                      for i, blob in enumerate(blobs)]}, **parts)


class PeerTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.node("daemon", person="Dora")
        self.project = bytes.fromhex(self.daemon.json(
            "project", "create", "--title", "Two tongues", "--goal",
            "To be understood", "--medium", "short_film", "--licence",
            LICENCE)["id"])
        self.request = bytes.fromhex(self.daemon.json(
            "request", "publish", "--project", self.project.hex(), "--title",
            "Say it", "--deliverable", "A word", "--kind", "video")["id"])

    def meet(self, **options):
        node = bytes.fromhex(self.daemon.node)
        return peer.Peer(wire.dial(self.daemon.address, expected=node),
                         topics=[self.project], **options)

    def test_records_cross_both_ways(self):
        with self.meet() as anna:
            anna.wait(lambda: {self.project, self.request}
                      <= set(anna.shelf.records), "the daemon's records")
            said = anna.publish(signed(
                kind=27, topic=self.project, links=[(6, self.request)],
                fields={"text": "Grüße aus Python"}))
            lab.until(lambda: said.id.hex() in self.daemon.records(
                self.project.hex()), "the comment")
            shown = self.daemon.json("record", "show", said.id.hex())
            self.assertTrue(shown["in_force"])
            answer = bytes.fromhex(self.daemon.json(
                "comment", said.id.hex(), "Grüße zurück")["id"])
            anna.wait(lambda: answer in anna.shelf.records, "the answer")
            for record in anna.shelf.records.values():
                raw = self.daemon.run("record", "raw", record.id.hex(),
                                      text=False).stdout
                held = shelf.decode(raw)
                self.assertEqual(held[:3], shelf.decode(record.raw)[:3])

    def test_a_blob_crosses_both_ways(self):
        ours = self.file("ours.bin", os.urandom(SIZE))
        mine = self.daemon.json(
            "contribute", self.request.hex(), ours, "--title", "Noise",
            "--licence", LICENCE)
        with self.meet() as anna:
            made = bytes.fromhex(mine["id"])
            anna.wait(lambda: made in anna.shelf.records, "the contribution")
            file, = anna.shelf.records[made].fields["files"]
            self.assertEqual(anna.fetch(self.project, *file["blob"]),
                             ours.read_bytes())
            blob = anna.shelf.add_blob(os.urandom(SIZE))
            film = anna.publish(contribution(anna, self.project, [blob],
                                             self.request))
            lab.until(lambda: film.id.hex() in self.daemon.records(),
                      "the film")
            got, = self.daemon.json("get", film.id.hex(), "--out",
                                    self.folder / "got")["files"]
            self.assertTrue(got["verified"])
            with open(got["path"], "rb") as stream:
                self.assertEqual(stream.read(), blob.data)

    def test_what_differed_before_the_meeting_is_reconciled(self):
        with self.meet() as first:
            first.wait(lambda: self.request in first.shelf.records, "records")
        kept = first.shelf
        for i in range(300):
            kept.admit(signed(
                kind=27, topic=self.project, links=[(6, self.request)],
                created=now_ms() - 1000 * i, fields={"text": f"line {i}"}))
        with self.meet(shelf=kept) as anna:
            anna.wait(lambda: self.project in anna.in_sync, "agreement")
            lab.until(lambda: len(self.daemon.records(self.project.hex()))
                      == len(kept.sets[self.project]), "all 302 records")

    def test_the_daemon_dials_the_peer_as_well(self):
        listener = lab.listener()
        self.addCleanup(listener.close)
        keys = wire.NodeKeys()
        address = "%s:%d" % listener.getsockname()
        self.daemon.json("peer", "add", f"{keys.id.hex()}@{address}")
        listener.settimeout(lab.PATIENCE)
        sock, _ = listener.accept()
        link = wire.Wire(sock, keys=keys, role=wire.LISTENER)
        with peer.Peer(link, topics=[self.project]) as anna:
            anna.wait(lambda: self.request in anna.shelf.records, "records")
            anna.wait(lambda: self.project in anna.in_sync, "agreement")


if __name__ == "__main__":
    unittest.main()
