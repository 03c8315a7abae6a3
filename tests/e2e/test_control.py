"""Bad words on the control socket: the daemon lives on and answers others."""
import os
import random
import socket
import subprocess
import sys
import unittest

import msgpack

import lab

SEED = int(os.environ.get("TROUPE_SEED", random.randrange(1 << 32)))
HELLO = [0, 1, "hello", [{"version": 1}]]
STATUS = [0, 2, "status", [{}]]
MESSAGE_MAX = 1 << 20


class Client:
    """The control socket, without a client's manners."""

    def __init__(self, node):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(lab.PATIENCE)
        self.sock.connect(str(node.home / "run" / "control.sock"))
        self.unpacker = msgpack.Unpacker(raw=False)

    def say(self, *messages):
        self.send(b"".join(msgpack.packb(m) for m in messages))

    def send(self, data):
        try:
            self.sock.sendall(data)
        except ConnectionError:
            pass  # it has been closed for what came before

    def hear(self):
        """The next message; None when the daemon has closed."""
        while True:
            for message in self.unpacker:
                return message
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self.unpacker.feed(data)

    def hear_all(self):
        out = []
        while (message := self.hear()) is not None:
            out.append(message)
        return out

    def close(self):
        self.sock.close()


class ControlTest(lab.LabTest):
    def setUp(self):
        super().setUp()
        print(f"TROUPE_SEED={SEED}")
        self.daemon = self.node("daemon", person="Ada")
        self.other = self.client()
        self.other.say(HELLO)
        self.assertIsNone(self.other.hear()[2])

    def client(self):
        client = Client(self.daemon)
        self.addCleanup(client.close)
        return client

    def answers(self):
        """Somebody who was there before is answered, and newcomers, too."""
        self.other.say(STATUS)
        self.assertIsNone(self.other.hear()[2])
        self.assertEqual(self.daemon.json("status")["network"], "lab")

    def tearDown(self):
        """It ends in peace, which with sanitizers means without a leak."""
        self.daemon.stop()

    def test_a_request_before_hello_is_refused(self):
        client = self.client()
        client.say(STATUS)
        heard = client.hear_all() if client.sock.shutdown(
            socket.SHUT_WR) is None else []
        for message in heard:
            self.assertEqual(message[:2], [1, 2])
            self.assertIsNotNone(message[2])
            self.assertIsNone(message[3])
        self.answers()

    def test_a_hello_of_another_version_is_refused(self):
        client = self.client()
        client.say([0, 1, "hello", [{"version": 2}]])
        answer = client.hear()
        self.assertEqual(answer[2]["name"], "VERSION")
        self.answers()

    def test_an_unknown_method_is_refused_and_the_next_one_answered(self):
        client = self.client()
        client.say(HELLO, [0, 7, "no.such", [{}]], STATUS)
        answers = {m[1]: m for m in (client.hear() for _ in range(3))}
        self.assertIsNone(answers[1][2])
        self.assertIsNotNone(answers[7][2])
        self.assertIsNone(answers[2][2])

    def test_requests_of_another_shape_are_refused(self):
        for message in ([], [0], [0, 1], [0, 1, 2, []], [1, 1, None, None],
                        [3, 1, "status", []], [0, -1, "status", []],
                        [0, 1, "status", [1]], [0, 1, "status", {}],
                        [0, 1, "status", [{}, {}]], {"a": 1}, 7, None, "x"):
            with self.subTest(message=message):
                client = self.client()
                client.say(HELLO, message)
                client.sock.shutdown(socket.SHUT_WR)
                for answer in client.hear_all()[1:]:
                    self.assertIsNotNone(answer[2])
        self.answers()

    def test_a_message_that_is_too_deep_closes(self):
        client = self.client()
        client.say(HELLO)
        client.hear()
        client.send(b"\x91" * 100000)
        self.closed(client)

    def closed(self, client):
        """It is hung up on; errors may be told before."""
        for message in client.hear_all():
            self.assertIsNotNone(message[2])
        self.answers()

    def test_a_message_that_claims_too_much_closes(self):
        for head in (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
                     b"\x94\x00\x01\xdb\xff\xff\xff\xff",
                     b"\x94\x00\x01\xc6" + (MESSAGE_MAX + 1).to_bytes(
                         4, "big")):
            with self.subTest(head=head):
                client = self.client()
                client.say(HELLO)
                client.hear()
                client.send(head + bytes(2 * MESSAGE_MAX))
                self.closed(client)

    def test_a_message_over_the_limit_closes(self):
        before = self.daemon.memory_anon_kb()
        client = self.client()
        client.say(HELLO)
        client.hear()
        client.send(msgpack.packb([0, 3, "comment", [
            {"text": "x" * (4 * MESSAGE_MAX)}]]))
        self.closed(client)
        self.assertLess(self.daemon.memory_anon_kb() - before, 16 * 1024)

    def test_an_unfinished_message_waits_for_its_end(self):
        data = msgpack.packb(HELLO) + msgpack.packb(STATUS)
        client = self.client()
        for i in range(len(data)):
            client.send(data[i:i + 1])
        self.assertIsNone(client.hear()[2])
        self.assertIsNone(client.hear()[2])

    def test_every_truncation_is_left_without_harm(self):
        data = msgpack.packb(HELLO) + msgpack.packb(
            [0, 3, "record.list", [{"kind": "comment", "limit": 3}]])
        for length in range(len(data)):
            client = self.client()
            client.send(data[:length])
            client.sock.shutdown(socket.SHUT_WR)
            client.hear_all()
            client.close()
        self.answers()

    def test_random_bytes_never_do_harm(self):
        rng = random.Random(SEED)
        for _ in range(200):
            client = self.client()
            if rng.randrange(2):
                client.say(HELLO)
            client.send(rng.randbytes(rng.randrange(1, 300)))
            client.sock.shutdown(socket.SHUT_WR)
            client.hear_all()
            client.close()
        self.answers()

    def test_flipped_bits_never_do_harm(self):
        rng = random.Random(SEED + 1)
        requests = [
            [0, 3, "record.publish", [{
                "kind": "comment", "topic": bytes(32),
                "links": [[6, bytes(32)]], "fields": {"text": "hi"}}]],
            [0, 4, "project.create", [{"fields": {
                "title": "T", "goal": "G", "licence": "CC0-1.0",
                "medium": "song"}}]],
            [0, 5, "record.import", [{"bytes": bytes(100)}]],
            [0, 6, "project.list", [{"mine": True, "limit": 5}]],
            [0, 7, "wait", [{"what": "online", "timeout_ms": 1}]],
            [0, 8, "peer.add", [{"node": bytes(32),
                                 "address": "127.0.0.1:1"}]],
            [0, 9, "get", [{"record": bytes(32), "out": str(self.folder)}]]]
        for _ in range(300):
            data = bytearray(msgpack.packb(rng.choice(requests)))
            for _ in range(rng.randrange(1, 3)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            client = self.client()
            client.say(HELLO)
            client.send(bytes(data))
            client.sock.shutdown(socket.SHUT_WR)
            client.hear_all()
            client.close()
        self.answers()

    def test_a_client_that_never_listens_does_not_make_it_grow(self):
        before = self.daemon.memory_anon_kb()
        client = self.client()
        client.say(HELLO)
        client.sock.settimeout(0.5)
        ask = msgpack.packb([0, 2, "status", [{}]]) * 1000
        try:
            for _ in range(50):
                client.sock.sendall(ask)
        except OSError:
            pass  # it reads no more from who does not read, or hangs up
        self.answers()
        self.assertLess(self.daemon.memory_anon_kb() - before, 32 * 1024)

    @unittest.skipIf(os.geteuid() != 0, "needs root to be somebody else")
    def test_another_user_is_not_answered(self):
        path = self.daemon.home / "run" / "control.sock"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        for folder in (self.folder, self.daemon.home, path.parent):
            folder.chmod(0o711)
        path.chmod(0o666)
        ask = ("import socket, sys; s = socket.socket(socket.AF_UNIX);"
               "s.connect(sys.argv[1]); s.sendall(bytes.fromhex(sys.argv[2]));"
               "s.settimeout(%r); print(len(s.recv(100)))" % lab.PATIENCE)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             sys.executable, "-c", ask, path, msgpack.packb(HELLO).hex()],
            capture_output=True, text=True, timeout=lab.PATIENCE)
        self.assertTrue(done.stdout.strip() == "0"
                        or "Connection reset" in done.stderr
                        or "Broken pipe" in done.stderr, done)
        self.answers()


if __name__ == "__main__":
    unittest.main()
