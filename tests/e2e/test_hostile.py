"""Peers that break the protocol: each ends with its own error, none does harm.

One daemon is the target.  Two honest ones know each other only through it, and
after each attack a record must still pass from one to the other.
"""
import copy
import os
import random
import unittest

import lab
import peer
import wire
from liar import Flipper
from shelf import Blob
from test_peer import LICENCE, contribution, now_ms, signed
from wire import records

# Anna and Ben only ever lie; what their certificates say is never learnt.
OLGA = records.Person("Olga")
SEED = int(os.environ.get("TROUPE_SEED", random.randrange(1 << 32)))
MEMORY_KB = 64 * 1024 * (10 if lab.SANITIZED else 1)


class Slow(peer.Peer):
    """Has no sessions but those that it is told to have, nor answers them."""

    def compare(self, *_):
        pass

    def on_sync(self, reader):
        pass


class HostileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"TROUPE_SEED={SEED}")
        cls.lab = lab.Lab()
        cls.failures = []
        cls.addClassCleanup(lambda: cls.lab.clean(bool(cls.failures)))
        cls.target = cls.lab.node("target", "--log-level", "debug",
                                  person="Tom")
        cls.sender = cls.lab.node("sender", person="Sue")
        cls.receiver = cls.lab.node("receiver")
        cls.topic = bytes.fromhex(cls.target.json(
            "project", "create", "--title", "A quiet place", "--goal",
            "Peace", "--medium", "song", "--licence", LICENCE)["id"])
        for honest in (cls.sender, cls.receiver):
            honest.meet(cls.target)
            honest.json("project", "follow", cls.topic.hex())
            lab.until(lambda: cls.topic.hex() in honest.records(),
                      "the project")
        cls.address = cls.target.address
        cls.node = bytes.fromhex(cls.target.node)

    @classmethod
    def tearDownClass(cls):
        """All end in peace, which with sanitizers means without a leak."""
        for node in cls.lab.nodes:
            node.stop()

    def setUp(self):
        result = self._outcome.result
        self.before = len(result.failures) + len(result.errors)
        self.addCleanup(self.note)

    def note(self):
        result = self._outcome.result
        if len(result.failures) + len(result.errors) > self.before:
            self.failures.append(self.id())

    def tearDown(self):
        """The honest are in touch, and the target has not grown."""
        said = self.sender.json("comment", self.topic.hex(),
                                f"after {self.id()}")["id"]
        lab.until(lambda: said in self.receiver.records(self.topic.hex()),
                  "a record from one honest peer to the other")
        self.assertLess(self.target.memory_anon_kb(), MEMORY_KB)

    # Tools.

    def meet(self, kind=peer.Peer, **options):
        """A peer with a node key of its own that shares the project."""
        attacker = kind(wire.dial(self.address, expected=self.node, **options),
                        topics=[self.topic]).start()
        self.addCleanup(attacker.stop)
        attacker.wait(lambda: self.topic in attacker.shared(), "a topic")
        return attacker

    def ended(self, attacker, name):
        """It was closed with this error, and the target says so, too."""
        code = attacker.wait_closed(lab.PATIENCE)
        self.logged(attacker.link.keys, f"why={name}")
        self.assertEqual(code, name)

    def logged(self, keys, text):
        node = keys.id.hex()[:16]

        def lines():
            return [line for line in
                    self.target.log.read_text().splitlines()
                    if " down " in line and node in line]
        line, = lab.until(lines, f"the end of {node} in the log")
        self.assertIn(text, line)

    def refused_frame(self, name, kind, payload):
        attacker = self.meet()
        attacker.link.send(kind, payload(attacker) if callable(payload)
                           else payload)
        self.ended(attacker, name)

    def comment(self, **parts):
        return signed(**{"kind": 27, "topic": self.topic, "person": OLGA,
                         "links": [(6, self.topic)],
                         "fields": {"text": "hi"}, **parts})

    def stored(self, ident):
        lab.until(lambda: ident.hex() in self.target.records(
            self.topic.hex()), "the record")

    # The handshake.

    def stranger_fails(self, spoil=None, why="BAD_HANDSHAKE", **parts):
        """A handshake that the target ends without a word."""
        size = self.target.log.stat().st_size
        link = wire.dial(self.address, **parts)
        if spoil:
            link.spoil = spoil
        link.sock.settimeout(lab.PATIENCE)
        try:
            link.handshake()
            self.assertRaises((EOFError, ConnectionError), link.recv)
        except (EOFError, ConnectionError):
            pass  # ended even before it had begun
        finally:
            link.close()
        if why:
            lab.until(lambda: f"why={why}" in
                      self.target.log.read_text()[size:], why)

    def test_a_bit_flipped_anywhere_in_message_3_ends_the_handshake(self):
        for at in (0, 31, 47, 48, 60, -1):
            def spoil(number, message, at=at):
                out = bytearray(message)
                if number == 3:
                    out[at] ^= 1 << at % 8
                return bytes(out)
            with self.subTest(at=at):
                self.stranger_fails(spoil)

    def test_a_truncated_message_3_ends_the_handshake(self):
        for length in (0, 1, 47, 48, 64, 65, 100):
            with self.subTest(length=length):
                self.stranger_fails(lambda number, message, n=length:
                                    message[:n] if number == 3 else message)

    def test_a_first_message_of_another_length_ends_the_handshake(self):
        for message in (b"", bytes(31), bytes(33), bytes(65535)):
            with self.subTest(length=len(message)):
                self.stranger_fails(lambda number, _, m=message: m)

    def test_an_all_zero_key_ends_the_handshake(self):
        self.stranger_fails(lambda number, message: bytes(32)
                            if number == 1 else message, why="BAD_KEY")

    def test_a_static_key_that_the_node_key_has_not_signed_is_refused(self):
        link = wire.dial(self.address)
        other = wire.NodeKeys()

        def payload():
            keys = wire.NodeKeys()
            keys.seed, keys.id = other.seed, other.id
            return keys.introduce("lab", link.noise.h)
        link.payload = payload
        link.handshake()
        self.assertRaises((EOFError, ConnectionError), link.recv)
        link.close()
        lab.until(lambda: "why=BAD_SIGNATURE" in self.target.log.read_text(),
                  "BAD_SIGNATURE")

    def test_an_oversized_introduction_is_refused(self):
        self.stranger_fails(lambda number, message: message + bytes(300)
                            if number == 3 else message)

    def test_another_network_fails_in_message_2(self):
        link = wire.dial(self.address, network="other")
        with self.assertRaises(wire.Broken) as broken:
            link.handshake()
        self.assertEqual(broken.exception.name, "BAD_CIPHERTEXT")
        link.close()

    def dialled(self, name, **options):
        """The target dials us and fails: its list of peers tells why."""
        keys = options.get("keys") or wire.NodeKeys()
        listener = lab.listener()
        listener.settimeout(lab.PATIENCE)
        self.addCleanup(listener.close)
        address = "%s:%d" % listener.getsockname()
        self.target.json("peer", "add", f"{keys.id.hex()}@{address}")
        sock, _ = listener.accept()
        link = wire.Wire(sock, role=wire.LISTENER, **options)
        self.assertRaises((EOFError, ConnectionError), link.handshake)
        link.close()

        def last_error():
            return [p["last_error"] for p in
                    self.target.json("peer", "list")["items"]
                    if p["node"] == keys.id.hex() and p["last_error"]]
        self.assertIn(name, str(lab.until(last_error, name)))
        self.target.json("peer", "remove", keys.id.hex())

    def test_a_dialled_node_with_another_id_is_told_from_the_wanted(self):
        self.dialled("another node")

    def test_a_dialled_node_of_another_network_is_told(self):
        self.dialled("other network", keys=wire.NodeKeys(), network="other")

    # Messages and frames.

    def test_an_unknown_even_frame_closes(self):
        for kind in (0, 28, 254):
            with self.subTest(kind=kind):
                self.refused_frame("UNKNOWN_FRAME", kind, b"x")

    def test_an_unknown_odd_frame_is_ignored(self):
        attacker = self.meet()
        attacker.link.send(255, b"x" * 1000)
        attacker.publish(self.comment(fields={"text": "still here"}))
        self.assertFalse(attacker.is_closed)

    def test_a_frame_that_ends_early_closes(self):
        for text in (b"", b"\x02", b"\x02\x08", b"\x02\x08" + bytes(7),
                     b"\x0c\xff\xff\x03" + bytes(100), b"\xff\x80"):
            with self.subTest(text=text):
                attacker = self.meet()
                attacker.link.send_text(text)
                self.ended(attacker, "TRUNCATED")

    def test_a_long_varint_closes(self):
        attacker = self.meet()
        attacker.link.send_text(b"\x02\x88\x00" + bytes(8))
        self.ended(attacker, "NOT_CANONICAL")

    def test_a_ping_of_another_length_closes(self):
        self.refused_frame("MALFORMED", wire.PING, bytes(2))

    def test_a_frame_after_close_closes(self):
        attacker = self.meet()
        attacker.link.send_text(b"\x06\x01\x00" + b"\x02\x08" + bytes(8))
        self.ended(attacker, "OUT_OF_ORDER")

    def test_a_flipped_bit_in_a_message_ends_without_an_answer(self):
        attacker = self.meet()
        with attacker.link.sending:
            sealed = bytearray(attacker.link.tx.seal(b"\x02\x08" + bytes(8)))
            sealed[3] ^= 4
            attacker.link.send_raw(bytes(sealed))
        self.assertIsNone(attacker.wait_closed())
        self.logged(attacker.link.keys, "why=BAD_CIPHERTEXT")
        # Anybody on the way can do that: who it was done to is not banned.
        self.meet(keys=attacker.link.keys)

    def test_a_truncated_message_ends_without_an_answer(self):
        for length in 0, 15, 20:
            with self.subTest(length=length):
                attacker = self.meet()
                with attacker.link.sending:
                    sealed = attacker.link.tx.seal(b"\x02\x08" + bytes(8))
                    attacker.link.send_raw(sealed[:length])
                self.assertIsNone(attacker.wait_closed())
                self.logged(attacker.link.keys, "why=BAD_CIPHERTEXT")

    def test_random_bytes_never_do_harm(self):
        rng = random.Random(SEED)
        for _ in range(20):
            attacker = self.meet()
            try:
                for _ in range(20):
                    kind = rng.choice((wire.HELLO, wire.SYNC, wire.RECORD,
                                       wire.NOT_HELD, wire.BLOB_ASK,
                                       wire.BLOB_LAYER, wire.BLOB_DATA,
                                       wire.BLOB_END, wire.BLOB_INNER))
                    head = attacker.tag(self.topic) * rng.randrange(2)
                    attacker.link.send(kind, head + rng.randbytes(
                        rng.randrange(200)))
            except OSError:
                pass
            attacker.wait_closed()

    def test_flipped_bits_in_good_frames_never_do_harm(self):
        rng = random.Random(SEED + 1)

        class Flipper(peer.Peer):
            """Honest, but for one bit of one frame of its own."""
            def start(self):
                send, left = self.link.send, [rng.randrange(2, 6)]

                def spoilt(kind, payload):
                    left[0] -= 1
                    if left[0] == 0:
                        out = bytearray(payload)
                        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
                        payload = bytes(out)
                    send(kind, payload)
                self.link.send = spoilt
                return super().start()
        for _ in range(20):
            attacker = self.meet(Flipper)
            try:
                for i in range(6):
                    attacker.publish(self.comment(
                        fields={"text": str(rng.random())}))
            except OSError:
                pass
            attacker.stop()

    # Hello and sync.

    def test_a_reflected_tag_closes(self):
        self.refused_frame("TAG_REFLECTED", wire.HELLO, lambda a: a.salt
                           + b"\1" + a.tag(self.topic, False) + bytes(3))

    def test_a_salt_that_changes_closes(self):
        self.refused_frame("MALFORMED", wire.HELLO, bytes(16) + b"\0")

    def test_a_hello_out_of_its_bounds_closes(self):
        tag = b"12345678"
        for name, rest in (("TOO_LARGE", peer.varint(1025)),
                           ("TRUNCATED", peer.varint(1024)),
                           ("TRAILING", b"\0x"),
                           ("MALFORMED", b"\1" + tag + b"\2\1\0"),
                           ("MALFORMED", b"\1" + tag + b"\1\1\2"),
                           ("TRUNCATED", b"\1" + tag + b"\1\1\1")):
            with self.subTest(name=name, rest=rest):
                self.refused_frame(name, wire.HELLO,
                                   lambda a, rest=rest: a.salt + rest)

    def test_sync_messages_that_make_no_sense_close(self):
        number = 10 ** 6 + 1
        for name, rest in (
                ("TRUNCATED", peer.varint(number) + b"\0"),
                ("NOT_CANONICAL", b"\x80\0\0"),
                ("MALFORMED", peer.varint(number) + b"\x09"),
                ("TOO_LARGE", peer.varint(number) + b"\x06"
                 + peer.varint(2049)),
                ("NOT_CANONICAL", peer.varint(number) + b"\x08\2"
                 + bytes(32)),
                ("OUT_OF_ORDER", peer.varint(number + 1) + b"\0"
                 + b"\0" + peer.varint(10000) + b"\x60" + peer.varint(
                     10001 * peer.DAY)),
                ("MALFORMED", peer.varint(number) + b"\0" + b"\0"
                 + peer.varint(10000) + b"\x60\0")):
            with self.subTest(name=name, rest=rest):
                attacker = self.meet(Slow)
                attacker.link.send(wire.SYNC, attacker.tag(self.topic) + rest)
                self.ended(attacker, name)

    def test_a_session_without_an_end_comes_to_an_end(self):
        class Endless(peer.Peer):
            """Never content, whatever the answer."""
            turns = 0

            def compare(self, *_):
                pass

            def answer(self, session, ranges, is_open):
                self.turns += 1
                high, low = session.bounds
                self.say(session, peer.RANGES, peer.write_range(peer.Range(
                    peer.FINGERPRINT, high, low,
                    (10 ** 6, os.urandom(8)))))
        attacker = self.meet(Endless)
        with attacker.lock:
            attacker.open_session(self.topic)
        self.ended(attacker, "OUT_OF_ORDER")
        self.assertLess(attacker.turns, 1024)

    def test_five_sessions_at_once_close(self):
        topics = [bytes.fromhex(self.target.json(
            "project", "create", "--title", f"Topic {i}", "--goal", "x",
            "--medium", "song", "--licence", LICENCE)["id"])
            for i in range(5)]
        attacker = self.meet(Slow)
        attacker.follow(*topics)
        attacker.wait(lambda: set(topics) <= set(attacker.shared()), "topics")
        with attacker.lock:
            for topic in topics:
                attacker.open_session(topic)
        self.ended(attacker, "FLOOD")

    def test_what_was_never_asked_floods(self):
        known = self.comment(fields={"text": "again and again"})
        honest = self.meet()
        self.stored(honest.publish(known).id)
        attacker = self.meet()
        for payload in (bytes(8) + b"x", attacker.tag(self.topic) + known):
            with self.subTest(len(payload)):
                attacker = self.meet()
                frame = (bytes([wire.RECORD]) + peer.varint(len(payload))
                         + payload)
                self.pour(attacker, frame)
                attacker.wait_closed()
                self.logged(attacker.link.keys, "why=FLOOD")

    def pour(self, attacker, frame):
        """The frame, again and again until nobody listens."""
        try:
            while not attacker.is_closed:
                with attacker.lock:
                    attacker.link.send_text(frame * (60000 // len(frame)))
        except OSError:
            pass

    # Records.

    def spoiled(self, attacker, parts):
        """A RECORD frame's payload: the record where it claims to belong."""
        empty = parts.pop("empty_body", False)
        parts = {"topic": self.topic, **parts}
        built, _ = records.record(**parts)
        if empty:
            built[1] = b""
        if parts["topic"] == records.BOARD:
            return attacker.tag(records.BOARD) + records.pack(built)
        return attacker.tag(self.topic) + records.pack(built)

    def test_every_spoiled_record_closes_with_its_own_error(self):
        for make in (records.refused_heads, records.refused_bodies,
                     records.refused_signers):
            for name, error, parts in make():
                if error == "VERSION":
                    continue  # the next test
                with self.subTest(name):
                    self.refused_frame(error, wire.RECORD,
                                       lambda a: self.spoiled(a, parts))

    def test_a_record_of_a_later_envelope_is_left_alone(self):
        attacker = self.meet()
        attacker.link.send(wire.RECORD, attacker.tag(self.topic)
                           + self.comment(envelope=2))
        after = attacker.publish(self.comment(fields={"text": "after"}))
        self.stored(after.id)
        self.assertFalse(attacker.is_closed)

    def test_bytes_that_are_no_record_close(self):
        whole = self.comment()
        for name, raw in (("TRUNCATED", whole[:-1]), ("TRUNCATED", b""),
                          ("TRAILING", whole + b"\xc0"),
                          ("MALFORMED", b"\x80"),
                          ("NOT_CANONICAL", b"\xdc\0\4" + whole[1:])):
            with self.subTest(name, raw=raw[:8]):
                self.refused_frame(name, wire.RECORD,
                                   lambda a, raw=raw: a.tag(self.topic) + raw)

    def test_a_nil_body_without_a_retraction_closes(self):
        self.refused_frame("NO_BODY", wire.RECORD, lambda a: a.tag(self.topic)
                           + self.comment(sent_body=None))

    def test_a_record_in_anothers_topic_closes(self):
        self.refused_frame("MALFORMED", wire.RECORD, lambda a: a.tag(
            self.topic) + self.comment(topic=bytes(31) + b"1"))

    def test_a_refused_copy_leaves_no_trace(self):
        for spoil in ({"signature": bytes(64)}, {"sent_body": None},
                      {"certificate": records.BEN.certificate()}):
            parts = dict(kind=27, person=records.Person(str(spoil)), topic=self.topic, links=[(6, self.topic)],
                         created=now_ms(), fields={"text": str(spoil)})
            good, ident = records.record(**parts)
            bad, same = records.record(**parts, **spoil)
            self.assertEqual(ident, same)
            with self.subTest(str(spoil)):
                attacker = self.meet()
                attacker.link.send(wire.RECORD, attacker.tag(self.topic)
                                   + records.pack(bad))
                attacker.wait_closed()
                self.assertNotIn(ident.hex(), self.target.records())
                honest = self.meet()
                honest.publish(records.pack(good))
                self.stored(ident)
                shown = self.target.json("record", "show", ident.hex())
                self.assertTrue(shown["in_force"])

    def test_a_malformed_body_is_the_authors_affair_alone(self):
        attacker = self.meet()
        said = attacker.publish(self.comment(fields={"text": 7}))
        self.stored(said.id)
        shown = self.target.json("record", "show", said.id.hex())
        self.assertFalse(shown["in_force"])
        self.assertFalse(attacker.is_closed)

    def test_a_head_with_a_broken_signature_is_not_known(self):
        honest = self.meet()
        self.stored(honest.publish(self.comment()).id)
        head = records.msgpack.unpackb(self.comment())[0]
        self.refused_frame("BAD_SIGNATURE", wire.NOT_HELD, lambda a: a.tag(
            self.topic) + records.msgpack.unpackb(head)[5].to_bytes(8, "big")
            + len(head).to_bytes(2, "big") + head + bytes(64))

    # Blobs.

    def works(self, attacker, blobs):
        """A contribution with these files, stored by the target.

        By somebody new: a stranger's 65th record of a day is not held."""
        work = attacker.publish(contribution(
            attacker, self.topic, blobs,
            person=records.Person(os.urandom(8).hex())))
        self.stored(work.id)
        return work

    def lies(self, kind, name):
        """A peer that lies about two blobs goes; an honest one has them."""
        blobs = [Blob(os.urandom(2 * 2 ** 20 + i)) for i in range(2)]
        liar = self.meet(kind)
        liar.wait(lambda: self.topic in liar.shelf.records, "the project")
        for blob in blobs:
            liar.shelf.blobs[blob.root] = blob
        work = self.works(liar, blobs)
        gets = [self.target.begin("get", work.id.hex(), "--out",
                                  self.lab.folder / name, "--file",
                                  f"{i}.ogv") for i in range(2)]
        self.ended(liar, name)
        honest = self.meet()
        honest.shelf.blobs.update((blob.root, blob) for blob in blobs)
        for i, get in enumerate(gets):
            self.assertEqual(get.wait(lab.PATIENCE), 0)
            got = self.lab.folder / name / f"{i}.ogv"
            self.assertEqual(got.read_bytes(), blobs[i].data)

    def test_wrong_bytes_of_two_blobs_close(self):
        self.lies(Flipper, "BAD_BLOB")

    def test_wrong_bytes_of_small_blobs_close(self):
        """In one answer among many; who is honest is asked for the rest."""
        class Liar(peer.Peer):
            def on_many(self, reader):
                real, self.shelf.blobs = self.shelf.blobs, {}
                for root, blob in real.items():
                    lie = self.shelf.blobs[root] = copy.copy(blob)
                    lie.data = b"x" * blob.size
                super().on_many(reader)
                self.shelf.blobs = real

        blobs = [Blob(os.urandom(3000 + i)) for i in range(3)]
        liar = self.meet(Liar, features=1)
        liar.wait(lambda: self.topic in liar.shelf.records, "the project")
        for blob in blobs:
            liar.shelf.blobs[blob.root] = blob
        work = self.works(liar, blobs)
        out = self.lab.folder / "small"
        get = self.target.begin("get", work.id.hex(), "--out", out)
        self.ended(liar, "BAD_BLOB")
        honest = self.meet(features=1)
        honest.shelf.blobs.update((blob.root, blob) for blob in blobs)
        self.assertEqual(get.wait(lab.PATIENCE), 0)
        for i, blob in enumerate(blobs):
            self.assertEqual((out / f"{i}.ogv").read_bytes(), blob.data)

    def test_a_root_gives_nobody_a_small_blob_of_another_topic(self):
        common = self.folder_of_target("here", self.topic.hex())
        private = self.folder_of_target("private", self.target.json(
            "project", "create", "--title", "P", "--goal", "g", "--medium",
            "song", "--licence", "CC0-1.0")["id"])
        asker = self.meet()
        here, there, none = asker.fetch_small(
            self.topic, (common.root, common.size),
            (private.root, private.size), (bytes(31) + b"1", 5))
        self.assertEqual(here, common.data)
        self.assertIsNone(there)
        self.assertIsNone(none)
        asker.link.send(wire.BLOB_SMALL, b"1234\0\0\0\1x")
        self.ended(asker, "NOT_ASKED")

    def folder_of_target(self, name, project):
        """A small blob of a work of the target in that project."""
        blob = Blob(os.urandom(2000))
        self.target.json("contribute", "--project", project,
                         self.lab.file(name, blob.data), "--title", name,
                         "--licence", "CC0-1.0")
        return blob

    def test_asks_for_many_that_make_no_sense_close(self):
        good = bytes(31) + b"1" + b"\0\5"
        for entries, name in ((b"", "TRUNCATED"), (good[:-1], "TRUNCATED"),
                              (good * 257, "TOO_LARGE"),
                              (bytes(31) + b"1\x40\1", "TOO_LARGE"),
                              (bytes(31) + b"1\0\0", "MALFORMED"),
                              (bytes(32) + b"\0\5", "MALFORMED")):
            with self.subTest(name=name, length=len(entries)):
                self.refused_frame(name, wire.BLOB_MANY, lambda a: (
                    b"1234" + a.tag(self.topic) + entries))

    def test_wrong_hashes_of_two_layers_close(self):
        class Liar(peer.Peer):
            def serve(self, request, reader):
                for root, blob in self.shelf.blobs.items():
                    lie = self.shelf.blobs[root] = copy.copy(blob)
                    lie.layer = [bytes(32)] * len(blob.layer)
                return super().serve(request, reader)
        self.lies(Liar, "BAD_PROOF")

    def test_answers_that_nobody_asked_for_close(self):
        for kind, rest in ((wire.BLOB_DATA, bytes(8) + b"x"),
                           (wire.BLOB_LAYER, bytes(9) + bytes(32)),
                           (wire.BLOB_INNER, bytes(8) + bytes(32)),
                           (wire.BLOB_END, b"\0")):
            with self.subTest(kind=kind):
                self.refused_frame("NOT_ASKED", kind, b"1234" + rest)

    def test_questions_that_make_no_sense_close(self):
        root = bytes(31) + b"1"
        for what, first, count, size in ((3, 0, 0, 5), (0, 0, 0, 5),
                                         (1, 0, 0, 5), (1, 0, 17, 2 ** 30),
                                         (1, 15, 2, 2 ** 30), (1, 1, 1, 5),
                                         (2, 1, 0, 5), (1, 0, 1, 2 ** 45),
                                         (1, 0, 1, 0)):
            with self.subTest(what=what, first=first, count=count, size=size):
                self.refused_frame(
                    "MALFORMED", wire.BLOB_ASK, lambda a: b"1234" + a.tag(
                        self.topic) + root + size.to_bytes(8, "big")
                    + bytes([what]) + first.to_bytes(8, "big")
                    + count.to_bytes(4, "big"))


if __name__ == "__main__":
    unittest.main()
