"""What a stranger may try, and what a daemon has to outlive."""
import os
import signal
import socket
import unittest

import lab
import peer
import wire
from test_peer import LICENCE, contribution

HANDSHAKES = 64
MIB = 2 ** 20


class AttackTest(lab.LabTest):
    def address_of(self, node):
        host, port = node.address.rsplit(":", 1)
        return host, int(port)

    def connect(self, address):
        stream = socket.create_connection(address)
        self.addCleanup(stream.close)
        return stream

    @staticmethod
    def is_ended(stream):
        stream.settimeout(lab.PATIENCE)
        try:
            return stream.recv(1) == b""
        except ConnectionResetError:
            return True

    def test_more_handshakes_at_once_than_there_is_room_for(self):
        """All of one burst began at the same moment: none is the oldest."""
        node = self.node("daemon")
        address = self.address_of(node)
        node.process.send_signal(signal.SIGSTOP)
        strangers = [self.connect(address) for _ in range(HANDSHAKES + 20)]
        node.process.send_signal(signal.SIGCONT)
        for stream in strangers:
            self.assertTrue(self.is_ended(stream))  # too many, or too slow
        self.assertEqual(node.json("status")["peers"], [])

    def test_what_is_seeded_keeps_within_its_quota(self):
        """Of what a stranger names, all at once, only so much is taken."""
        node = self.node("daemon", person="Dora")
        project = bytes.fromhex(node.json(
            "project", "create", "--title", "An archive", "--goal", "To keep",
            "--medium", "short_film", "--licence", LICENCE)["id"])
        # Who has no standing gets a tenth of a pledge.
        node.json("seed", project.hex(), "--quota", 70 * MIB)
        link = wire.dial(node.address, expected=bytes.fromhex(node.node))
        with peer.Peer(link, topics=[project]) as anna:
            anna.wait(lambda: project in anna.shelf.records, "the project")
            large = [anna.shelf.add_blob(os.urandom(3 * MIB))
                     for _ in range(4)]
            anna.publish(contribution(anna, project, large))
            self.await_blobs(node, 2)
            small = anna.shelf.add_blob(os.urandom(20000))
            anna.publish(contribution(anna, project, [small]))
            self.await_blobs(node, 3)
            self.assertEqual(node.json("status")["blobs"]["bytes"],
                             6 * MIB + 20000)

    def test_a_size_that_no_disk_has_is_not_begun(self):
        node = self.node("daemon", person="Dora")
        project = bytes.fromhex(node.json(
            "project", "create", "--title", "An archive", "--goal", "To keep",
            "--medium", "short_film", "--licence", LICENCE)["id"])
        node.json("seed", project.hex())
        link = wire.dial(node.address, expected=bytes.fromhex(node.node))
        with peer.Peer(link, topics=[project]) as anna:
            anna.wait(lambda: project in anna.shelf.records, "the project")
            small = anna.shelf.add_blob(os.urandom(20000))
            vast = anna.shelf.add_blob(os.urandom(20001))
            vast.size = 2 ** 44
            anna.publish(contribution(anna, project, [vast, small]))
            self.await_blobs(node, 1)
        self.assertEqual(list(node.home.rglob("*.part")), [])

    @staticmethod
    def await_blobs(node, count):
        lab.until(lambda: node.json("status")["blobs"]["count"] == count,
                  f"{count} blobs")


if __name__ == "__main__":
    unittest.main()
