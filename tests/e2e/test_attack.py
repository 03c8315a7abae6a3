"""What a stranger may try, and what a daemon has to outlive."""
import signal
import socket
import unittest

import lab

HANDSHAKES = 64


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


if __name__ == "__main__":
    unittest.main()
