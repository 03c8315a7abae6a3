"""A Troupe peer in Python, written from docs/protocol.md alone.

It keeps its topics in sync with one daemon, answers for its blobs and fetches
others: slowly, simply and honestly.  It shares no code with the daemon, so that
the two agree only where the document is right.  A thread of its own reads.
"""
import collections
import hmac
import os
import select
import threading
import time

from cryptography.hazmat.primitives.ciphers import Cipher as Stream
from cryptography.hazmat.primitives.ciphers import algorithms
from nacl.bindings import crypto_shorthash_siphash24 as siphash

import wire
from shelf import BLOCK, PAGE, SPAN, Shelf, trees
from wire import CODES, Broken, Reader, varint

DAY = 86400000
OPEN, RANGES, DONE, END, STOP, OPEN_CODED = range(6)
SKIP, FINGERPRINT, IDS, ALL, WANT = range(5)
LIST_MAX = 64
Range = collections.namedtuple("Range", "mode high low data")


def mac(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")


def tag_of(ask, role, topic):
    return mac(ask, bytes([role]), topic)[:8]


def fingerprint(key, ids):
    """Count and fingerprint of a set (5.2)."""
    lanes = [0] * 16
    for ident in ids:
        stream = Stream(algorithms.ChaCha20(ident, bytes(16)),
                        mode=None).encryptor().update(bytes(128))
        for i in range(16):
            lanes[i] += int.from_bytes(stream[8 * i:8 * i + 8], "little")
    lanes = b"".join((lane % 2 ** 64).to_bytes(8, "little") for lane in lanes)
    return mac(key, b"range", len(ids).to_bytes(8, "big"), lanes)[:8]


class Session:
    """A session of one topic, within a window (5.3)."""

    def __init__(self, topic, number, window, key, is_ours):
        self.topic = topic
        self.number = number
        self.window = window
        self.key = key
        self.is_ours = is_ours
        self.is_answered = not is_ours
        self.listed = {}
        self.settled = self.done_sent = self.done_seen = False
        self.end_sent = self.end_seen = None

    @property
    def bounds(self):
        """Upper (excluded) and lower (included) key of the window."""
        return (((self.window[1] + 1) * DAY, bytes(32)),
                (self.window[0] * DAY, bytes(32)))

    def short(self, ident):
        return siphash(ident, self.key[:16])


def read_ranges(reader, session):
    """The ranges of a message, which end where the window ends."""
    high, end = session.bounds
    out = []
    while high != end:
        first = reader.uint(1)
        mode, prefix = first >> 5, first & 31
        down = reader.varint()
        low = (high[0] - down,
               reader.take(prefix) + bytes(32 - prefix))
        if not end <= low < high:
            raise Broken("MALFORMED", "bounds")
        data = None
        if mode == FINGERPRINT:
            data = (reader.varint(), reader.take(8))
        elif mode == IDS:
            data = [reader.take(8) for _ in range(reader.varint())]
        elif mode == WANT:
            n = reader.varint()
            bits = reader.take((n + 7) // 8)
            data = [bool(bits[i // 8] >> i % 8 & 1) for i in range(n)]
        elif mode > WANT:
            raise Broken("MALFORMED", "mode")
        out.append(Range(mode, high, low, data))
        high = low
    reader.finish()
    return out


def write_range(r):
    """One range; its id is written up to its last byte that is not zero."""
    prefix = r.low[1].rstrip(b"\0")
    out = (bytes([r.mode * 32 + len(prefix)]) + varint(r.high[0] - r.low[0])
           + prefix)
    if r.mode == FINGERPRINT:
        out += varint(r.data[0]) + r.data[1]
    elif r.mode == IDS:
        out += varint(len(r.data)) + b"".join(r.data)
    elif r.mode == WANT:
        bits = bytearray((len(r.data) + 7) // 8)
        for i, bit in enumerate(r.data):
            bits[i // 8] |= bit << i % 8
        out += varint(len(r.data)) + bytes(bits)
    return out


class Peer:
    """One connection.  `topics` are what it holds besides the call board."""

    def __init__(self, link, shelf=None, topics=()):
        self.link = link
        self.shelf = shelf or Shelf(link.network)
        self.topics = {self.shelf.board, *topics}
        self.salt = os.urandom(16)
        self.their_salt = None
        self.theirs = {}
        self.told = {}
        self.sessions = {}
        self.number = 0
        self.due = {}
        self.in_sync = set()
        self.refused = []
        self.requests = {}
        self.has_blobs = set()
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.code = None
        self.failure = None
        self.is_closed = False
        self.thread = threading.Thread(target=self._read, daemon=True)

    def start(self):
        """Shakes hands, says hello and begins to listen."""
        self.link.handshake()
        with self.lock:
            self.hello()
        self.thread.start()
        return self

    def stop(self):
        self.link.close()
        if self.thread.is_alive():
            self.thread.join(10)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # Waiting, for the test's own thread.

    def wait(self, question, what, patience=60):
        """Until the answer, asked after every message, is true."""
        with self.changed:
            if not self.changed.wait_for(
                    lambda: question() or self.failure, patience):
                raise AssertionError(f"still waiting for {what}")
            answer = question()
            if not answer:
                raise AssertionError(f"{self.failure!r} before {what}")
            return answer

    def wait_closed(self, patience=60):
        """Until the daemon ends the connection; the name of its code."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.is_closed, patience):
                raise AssertionError("the connection is still open")
        if self.failure:
            raise AssertionError(f"the daemon broke it: {self.failure!r}")
        return CODES.get(self.code, self.code)

    # The thread.

    def _read(self):
        try:
            while True:
                if select.select([self.link.sock], [], [], 0.2)[0]:
                    for kind, payload in self.link.recv():
                        with self.changed:
                            self.on_frame(kind, payload)
                with self.changed:
                    self.tick()
                    self.changed.notify_all()
        except (EOFError, OSError, ValueError):
            pass
        except Exception as failure:
            self.failure = failure
            self.link.close()
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()

    def on_frame(self, kind, payload):
        if kind == wire.PING:
            self.link.send(wire.PONG, payload)
        elif kind == wire.CLOSE:
            self.code = Reader(payload).varint()
        elif kind == wire.HELLO:
            self.on_hello(Reader(payload))
        elif kind == wire.SYNC:
            self.on_sync(Reader(payload))
        elif kind == wire.RECORD:
            self.on_record(payload)
        elif kind == wire.NOT_HELD:
            self.on_not_held(Reader(payload))
        elif kind == wire.BLOB_WATCH:
            self.on_watch(Reader(payload))
        elif wire.BLOB_ASK <= kind <= wire.BLOB_INNER and kind % 2 == 0:
            self.on_blob(kind, payload)
        elif kind == wire.BLOB_MANY:
            self.on_many(Reader(payload))
        elif kind == wire.BLOB_SMALL:
            self.on_small(Reader(payload))
        elif kind != wire.PONG and kind % 2 == 0:
            raise Broken("UNKNOWN_FRAME", str(kind))

    def tick(self):
        """Sessions whose time has come."""
        now = time.monotonic()
        for topic, at in list(self.due.items()):
            if at <= now:
                del self.due[topic]
                if topic not in self.sessions and topic in self.shared():
                    self.open_session(topic)

    # Hello (5.1).

    def tag(self, topic, is_ours=True):
        role = self.link.role if is_ours else 1 - self.link.role
        return tag_of(self.link.ask, role, topic)

    def window(self):
        return 0, int(time.time() * 1000) // DAY + 1

    def shared(self):
        """The windows of the topics that both hold."""
        out = {}
        for topic in self.topics:
            entry = self.theirs.get(self.tag(topic, False))
            if entry:
                ours = self.window()
                window = max(ours[0], entry[0]), min(ours[1], entry[1])
                if window[0] <= window[1]:
                    out[topic] = window
        return out

    def key(self, topic, number):
        salts = (self.salt, self.their_salt)
        if self.link.role == wire.LISTENER:
            salts = salts[::-1]
        return mac(self.link.ask, b"troupe sync 1\0", topic,
                   number.to_bytes(8, "big"), *salts)

    def state(self, topic, window, number=0):
        ids = [i for _, i in self.shelf.within(
            topic, (window[0] * DAY, b""), ((window[1] + 1) * DAY, b""))]
        return len(ids), fingerprint(self.key(topic, number), ids)

    def hello(self):
        """Names all topics, with the state of those that are shared."""
        shared = self.shared()
        out = self.salt + varint(len(self.topics))
        for topic in self.topics:
            low, high = self.window()
            out += self.tag(topic) + varint(low) + varint(high)
            if topic in shared:
                count, state = self.state(topic, shared[topic])
                out += b"\1" + varint(count) + state
            else:
                out += b"\0"
        self.told = dict(shared)
        self.link.send(wire.HELLO, out)

    def follow(self, *topics):
        with self.lock:
            self.topics.update(topics)
            self.hello()

    def on_hello(self, reader):
        salt = reader.take(16)
        if self.their_salt not in (None, salt):
            raise Broken("MALFORMED", "salt")
        self.their_salt = salt
        self.theirs = {}
        for _ in range(reader.varint()):
            tag = reader.take(8)
            entry = [reader.varint(), reader.varint(), None]
            if reader.uint(1):
                entry[2] = (reader.varint(), reader.take(8))
            self.theirs.setdefault(tag, entry)
        reader.finish()
        shared = self.shared()
        if any(self.told.get(t) != window for t, window in shared.items()):
            self.hello()
        for topic, window in shared.items():
            state = self.theirs[self.tag(topic, False)][2]
            if state:
                self.compare(topic, self.state(topic, window), state, 0)

    def compare(self, topic, ours, theirs, delay):
        """Who has fewer records opens, soon; the other waits 5 s longer."""
        self.due.pop(topic, None)
        if ours == theirs:
            self.in_sync.add(topic)
            return
        self.in_sync.discard(topic)
        is_first = (ours[0], self.link.keys.id) < (theirs[0], self.link.node)
        if topic not in self.sessions:
            self.due[topic] = time.monotonic() + delay + 5 * (not is_first)

    # Sessions (5.3).

    def say(self, session, kind, rest=b""):
        self.link.send(wire.SYNC, self.tag(session.topic)
                       + varint(session.number) + bytes([kind]) + rest)

    def open_session(self, topic):
        self.number += 1
        number = 2 * self.number - (self.link.role == wire.DIALLER)
        session = Session(topic, number, self.shared()[topic],
                          self.key(topic, number), True)
        self.sessions[topic] = session
        self.say(session, OPEN, varint(session.window[0])
                 + varint(session.window[1])
                 + self.write_ranges(session, self.describe(
                     session, *session.bounds)))

    def describe(self, session, high, low):
        """All ids of a range in lists, or ALL."""
        keys = self.shelf.within(session.topic, low, high)[::-1]
        if not keys:
            return [Range(ALL, high, low, None)]
        out = []
        while keys:
            part, keys = keys[:LIST_MAX], keys[LIST_MAX:]
            until = low
            if keys:  # 31 bytes of the last id of this part, zero after it
                until = (part[-1][0], part[-1][1][:31] + b"\0")
            out.append(Range(IDS, high, until, [i for _, i in part]))
            high = until
        return out

    def write_ranges(self, session, ranges):
        """Bytes of an answer; remembers what it lists."""
        session.listed = {(r.high, r.low): r.data for r in ranges
                          if r.mode == IDS}
        session.settled = not any(r.mode in (FINGERPRINT, IDS)
                                  for r in ranges)
        return b"".join(write_range(r._replace(data=[
            session.short(i) for i in r.data]) if r.mode == IDS else r)
            for r in ranges)

    def on_sync(self, reader):
        tag, number, kind = reader.take(8), reader.varint(), reader.uint(1)
        topic = next((t for t in self.shared()
                      if self.tag(t, False) == tag), None)
        if topic is None:
            return
        if kind in (OPEN, OPEN_CODED):  # we answer with ranges, always
            self.on_open(topic, number, reader)
            return
        session = self.sessions.get(topic)
        if session is None or session.number != number:
            if kind != STOP:
                self.say(Session(topic, number, None, None, True), STOP)
        elif kind == STOP:
            del self.sessions[topic]
            self.due[topic] = time.monotonic() + 2
        elif kind == RANGES:
            session.is_answered = True
            self.answer(session, read_ranges(reader, session), False)
        elif kind == DONE:
            session.done_seen = True
            self.finish(session)
        elif kind == END:
            session.end_seen = (reader.varint(), reader.take(8))
            reader.finish()
            self.finish(session)

    def on_open(self, topic, number, reader):
        window = reader.varint(), reader.varint()
        ours = self.sessions.get(topic)
        if ours is not None:
            if not ours.is_ours or ours.is_answered:
                raise Broken("OUT_OF_ORDER", "second OPEN")
            if self.link.keys.id < self.link.node:
                return
        session = Session(topic, number, window, self.key(topic, number),
                          False)
        self.sessions[topic] = session
        self.due.pop(topic, None)
        self.answer(session, read_ranges(reader, session), True)

    def answer(self, session, ranges, is_open):
        out, records = [], []
        was_settled = not any(r.mode in (FINGERPRINT, IDS) for r in ranges)
        for r in ranges:
            keys = self.shelf.within(session.topic, r.low, r.high)
            ids = [i for _, i in keys]
            reply = [Range(SKIP, r.high, r.low, None)]
            if r.mode == FINGERPRINT:
                if r.data != (len(ids), fingerprint(session.key, ids)):
                    reply = self.describe(session, r.high, r.low)
            elif r.mode == IDS:
                short = {session.short(i): i for i in ids}
                wanted = [s not in short for s in r.data]
                records += [i for s, i in short.items() if s not in r.data]
                if any(wanted):
                    reply = [Range(WANT, r.high, r.low, wanted)]
            elif r.mode == ALL:
                records += ids
            elif r.mode == WANT:
                listed = session.listed.get((r.high, r.low))
                if listed is None or len(listed) != len(r.data):
                    raise Broken("NOT_ASKED", "WANT")
                records += [i for i, bit in zip(listed, r.data) if bit]
            out += reply
        if is_open or not was_settled:
            self.say(session, RANGES, self.write_ranges(session, out))
        session.settled = session.settled or was_settled
        for ident in records:
            self.send_record(session.topic, ident)
        self.finish(session)

    def finish(self, session):
        """DONE, END and the end, each when it is due."""
        if session.settled and not session.done_sent:
            session.done_sent = True
            self.say(session, DONE)
        if (session.done_sent and session.done_seen
                and session.end_sent is None):
            session.end_sent = self.state(session.topic, session.window,
                                          session.number)
            self.say(session, END, varint(session.end_sent[0])
                     + session.end_sent[1])
        if session.end_sent and session.end_seen:
            del self.sessions[session.topic]
            self.compare(session.topic, session.end_sent, session.end_seen, 2)

    # Records.

    def send_record(self, topic, ident):
        record = self.shelf.records.get(ident)
        if record is not None:
            self.link.send(wire.RECORD, self.tag(topic) + record.raw)
        else:
            head, signature, ms = self.shelf.known[ident]
            self.link.send(wire.NOT_HELD, self.tag(topic)
                           + ms.to_bytes(8, "big")
                           + len(head).to_bytes(2, "big") + head + signature)

    def publish(self, raw):
        """Admits a record of its own and pushes it (5.5)."""
        with self.lock:
            record = self.shelf.admit(raw)
            topics = {record.topic}
            if record.flags & 1:
                topics.add(self.shelf.board)
            for topic in topics & set(self.shared()):
                self.send_record(topic, record.id)
        return record

    def on_record(self, payload):
        record = self.shelf.admit(payload[8:])
        if payload[:8] not in [self.tag(t, False) for t in self.topics
                               if t in (record.topic, self.shelf.board)]:
            raise Broken("MALFORMED", "a record beside its topic")

    def on_not_held(self, reader):
        tag = reader.take(8)
        topic = next(t for t in self.topics if self.tag(t, False) == tag)
        while reader.left:
            ms = reader.uint(8)
            head = reader.take(reader.uint(2))
            signature = reader.take(64)
            ident = wire.records.sha(b"troupe record id 1\0", head)
            self.shelf.known[ident] = (head, signature, ms)
            self.shelf.enter(topic, ident, ms)

    # Blobs (6).

    def on_blob(self, kind, payload):
        reader = Reader(payload)
        request = reader.take(4)
        if kind == wire.BLOB_ASK:
            code = self.serve(request, reader)
            if code is not None:
                self.link.send(wire.BLOB_END, request + varint(code))
        elif kind == wire.BLOB_CANCEL:
            pass  # all was sent already, and its BLOB_END is on its way
        elif request not in self.requests:
            raise Broken("NOT_ASKED", "blob frame")
        elif kind == wire.BLOB_END:
            self.requests[request].append(("end", reader.varint()))
        else:
            self.requests[request].append((kind, reader.rest()))

    def on_watch(self, reader):
        """Tells what it has of a blob; nothing will come."""
        request, tag = reader.take(4), reader.take(8)
        root, size = reader.take(32), reader.uint(8)
        reader.finish()
        blob = self.shelf.blobs.get(root)
        held = blob and self.held(blob)
        if (blob is None or blob.size != size
                or tag not in [self.tag(t, False) for t in self.topics]):
            code = code_of("NOT_HELD")
        elif held is None:
            code = code_of("OK")
        else:
            bits = bytearray(-(-size // SPAN) + 7 >> 3)
            for span in held:
                bits[span // 8] |= 1 << span % 8
            self.link.send(wire.BLOB_HAVE, request + bytes(8) + bytes(bits))
            return
        self.link.send(wire.BLOB_END, request + varint(code))

    def held(self, blob):
        """The spans that it has, if not all."""
        return None

    def serve(self, request, reader):
        """Answers a BLOB_ASK; the code for its BLOB_END."""
        tag, root, size = reader.take(8), reader.take(32), reader.uint(8)
        what, first, count = reader.uint(1), reader.uint(8), reader.uint(4)
        reader.finish()
        blob = self.shelf.blobs.get(root)
        if (blob is None or blob.size != size
                or tag not in [self.tag(t, False) for t in self.topics]):
            return code_of("NOT_HELD")
        if what == 0:
            self.link.send(wire.BLOB_LAYER, request + blob.page(first))
        elif what == 2:
            self.link.send(wire.BLOB_INNER, request + blob.inner(first))
        else:
            end = min(size, (first + count) * BLOCK)
            for at in range(first * BLOCK, end, 1 << 15):
                piece = blob.data[at:min(end, at + (1 << 15))]
                self.link.send(wire.BLOB_DATA, request
                               + at.to_bytes(8, "big") + piece)
        return code_of("OK")

    # Small blobs (6.10).

    def on_many(self, reader):
        request, tag = reader.take(4), reader.take(8)
        is_shared = tag in [self.tag(t, False) for t in self.topics]
        entries = reader.rest()
        for i in range(0, len(entries), 34):
            blob = self.shelf.blobs.get(entries[i:i + 32])
            answer = b"\xff\xff"
            if is_shared and blob and blob.size == int.from_bytes(
                    entries[i + 32:i + 34], "big"):
                answer = blob.size.to_bytes(2, "big") + blob.data
            self.link.send(wire.BLOB_SMALL, request
                           + (i // 34).to_bytes(2, "big") + answer)

    def on_small(self, reader):
        frames = self.requests.get(reader.take(4))
        if frames is None:
            raise Broken("NOT_ASKED", "small blob")
        if reader.uint(2) != len(frames):
            raise Broken("OUT_OF_ORDER", "small blob")
        while reader.left:
            size = reader.uint(2)
            frames.append(None if size == 65535 else reader.take(size))

    def fetch_small(self, topic, *names):
        """Small blobs by root and size, each its bytes or None."""
        with self.lock:
            request = os.urandom(4)
            self.requests[request] = frames = []
            self.link.send(wire.BLOB_MANY, request + self.tag(topic) + b"".join(
                root + size.to_bytes(2, "big") for root, size in names))
        self.wait(lambda: len(frames) == len(names), "small blobs")
        del self.requests[request]
        return frames

    def ask(self, topic, root, size, what, first, count=0):
        """One request to its BLOB_END; the frames before it."""
        with self.lock:
            request = os.urandom(4)
            self.requests[request] = frames = []
            self.link.send(wire.BLOB_ASK, request + self.tag(topic) + root
                           + size.to_bytes(8, "big") + bytes([what])
                           + first.to_bytes(8, "big")
                           + count.to_bytes(4, "big"))
        self.wait(lambda: frames and frames[-1][0] == "end", "a BLOB_END")
        del self.requests[request]
        code = CODES[frames.pop()[1]]
        if code != "OK":
            raise Broken(code)
        return frames

    def fetch(self, topic, root, size):
        """A blob, verified: pages with their uncles, then span by span."""
        spans = -(-size // SPAN)
        layer = []
        for page in range(-(-spans // PAGE) if size > SPAN else 0):
            (kind, payload), = self.ask(topic, root, size, 0, page)
            layer += check_page(Reader(payload), root, spans, page)
        data = b""
        for span in range(spans):
            low, high = span * SPAN, min(size, (span + 1) * SPAN)
            part = b""
            for kind, payload in self.ask(topic, root, size, 1, low // BLOCK,
                                          -(-(high - low) // BLOCK)):
                if int.from_bytes(payload[:8], "big") != low + len(part):
                    raise Broken("NOT_ASKED", "offset")
                part += payload[8:]
            expected = layer[span] if layer else root
            got = (trees.layer(part)[0] if layer else trees.file_root(part))
            if len(part) != high - low or got != expected:
                raise Broken("BAD_BLOB")
            data += part
        return data


def check_page(reader, root, spans, number):
    """The hashes of a page of the layer that leads to the root (6.2)."""
    if reader.uint(8) != number:
        raise Broken("NOT_ASKED", "page")
    uncles = [reader.take(32) for _ in range(reader.uint(1))]
    hashes = [reader.take(32) for _ in range(
        min(PAGE, spans - number * PAGE))]
    reader.finish()
    pad = trees.reduce([bytes(32)] * 64)
    node = trees.reduce(trees.padded(hashes, pad, 1 if spans <= PAGE
                                     else PAGE))
    for k, uncle in enumerate(uncles):
        pair = uncle + node if number >> k & 1 else node + uncle
        node = wire.records.sha(pair)
    if node != root:
        raise Broken("BAD_PROOF")
    return hashes


def code_of(name):
    return next(code for code, text in CODES.items() if text == name)
