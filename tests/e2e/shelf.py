"""What a peer holds: records it has admitted, and blobs.

Written from docs/protocol.md sections 2, 3 and 6 alone.
"""
import nacl.exceptions
from nacl.signing import VerifyKey

from wire import Broken, load, records

trees = load("vectors/blobs/make.py", "trees")
LEAF, BLOCK, SPAN, PAGE = 1 << 14, 1 << 16, 1 << 20, 512


# 3.2: one encoding for every value

def check_value(value, depth=1):
    if isinstance(value, float) or isinstance(value, records.msgpack.ExtType):
        raise Broken("NOT_CANONICAL", "type")
    if isinstance(value, int) and abs(value) > 2 ** 53 - 1:
        raise Broken("NOT_CANONICAL", "integer")
    if isinstance(value, (list, dict)) and depth > 8:
        raise Broken("TOO_DEEP")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or len(key.encode()) > 64:
                raise Broken("NOT_CANONICAL", "key")
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            check_value(element, depth + 1)


def decode(raw):
    """The value of canonical bytes."""
    try:
        value = records.msgpack.unpackb(raw, raw=False, timestamp=0)
    except records.msgpack.ExtraData:
        raise Broken("TRAILING")
    except UnicodeDecodeError:
        raise Broken("BAD_UTF8")
    except ValueError:
        raise Broken("TRUNCATED")
    except TypeError:
        raise Broken("NOT_CANONICAL", "key")
    check_value(value)
    if records.pack(value) != raw:
        raise Broken("NOT_CANONICAL")
    return value


# 2.3: certificates

def check(key, what, network, data, signature):
    text = (b"troupe " + what.encode() + b" 1\0" + bytes([len(network)])
            + network.encode() + data)
    try:
        VerifyKey(key).verify(text, signature)
    except (nacl.exceptions.BadSignatureError, ValueError):
        raise Broken("BAD_SIGNATURE", what)


def read_certificate(raw, network):
    """Person and device that a certificate joins."""
    core, signature = raw[:-64], raw[-64:]
    value = decode(core)
    _, person, key, commitment, device, _ = value[:6]
    steps = value[6] if len(value) > 6 else []
    keys = [step[:32] for step in steps] + [key]
    second = records.sha(keys[1]) if steps else commitment
    if person != records.sha(b"troupe person 1\0", keys[0], second):
        raise Broken("BAD_CERTIFICATE", "person")
    for i in range(1, len(steps)):
        said = records.pack([2, person, keys[i], records.sha(keys[i + 1])])
        check(keys[i], "certificate", network, said, steps[i][32:])
    check(key, "certificate", network, core, signature)
    return person, device


# 3.1, 3.5: records

def is_uint(value):
    return type(value) is int and value >= 0


def is_bin(value, least, most=None):
    return type(value) is bytes and least <= len(value) <= (most or least)


def demand(is_right, name="MALFORMED"):
    if not is_right:
        raise Broken(name)


class Record:
    """An admitted record; raises Broken with the error for any other."""

    def __init__(self, raw, network="lab", certificates=None):
        value = decode(raw)
        demand(isinstance(value, list) and len(value) == 4)
        self.raw = raw
        self.head, self.body, self.signature, self.certificate = value
        demand(is_bin(self.head, 0, 1 << 20) and is_bin(self.signature, 64))
        demand(len(self.head) <= 4096, "TOO_LARGE")
        self._read_head(decode(self.head))
        if self.body is not None:
            self._read_body()
        self._read_signer(network,
                          {} if certificates is None else certificates)

    def _read_head(self, head):
        demand(isinstance(head, list) and len(head) >= 11)
        demand(head[0] == 1, "VERSION")
        (_, self.kind, self.author, self.signer, self.topic, self.created_ms,
         self.revises, self.links, self.body_hash, self.body_len,
         self.flags) = head[:11]
        demand(all(is_uint(n) for n in (self.kind, self.created_ms,
                                        self.body_len, self.flags)))
        demand(all(is_bin(b, 32) for b in (self.author, self.signer,
                                           self.topic, self.body_hash)))
        demand(self.revises is None or is_bin(self.revises, 32))
        demand(isinstance(self.links, list) and all(
            isinstance(link, list) and len(link) == 2 and is_uint(link[0])
            and is_bin(link[1], 32) for link in self.links))
        demand(self.body_len >= (16 if self.flags & 2 else 17))
        demand(self.created_ms < 2 ** 48 and len(self.links) <= 64
               and self.body_len <= 57344, "TOO_LARGE")
        self.id = records.sha(b"troupe record id 1\0", self.head)
        if self.topic == bytes(32):
            self.topic = self.id

    def _read_body(self):
        demand(isinstance(self.body, bytes))
        demand(len(self.body) == self.body_len and self.body_hash
               == records.sha(b"troupe body 1\0", self.body), "BAD_BODY")
        if not self.flags & 2:
            self.fields = decode(self.body[16:])
            demand(isinstance(self.fields, dict))

    def _read_signer(self, network, known):
        """`known` are certificates of before, by signer; it learns new."""
        pair = known.get(self.signer)
        if 192 <= self.kind <= 255:
            demand(self.author == self.signer and self.certificate is None,
                   "BAD_CERTIFICATE")
        else:
            if self.certificate is not None:
                demand(len(self.certificate) <= 2048, "TOO_LARGE")
                pair = read_certificate(self.certificate, network)
            demand(pair is not None, "NO_CERTIFICATE")
            demand(pair == (self.author, self.signer), "BAD_CERTIFICATE")
        check(self.signer, "record", network, self.id, self.signature)
        if pair is not None:
            known[self.signer] = pair


# 6: blobs

class Blob:
    """Bytes with their tree."""

    def __init__(self, data):
        self.data = data
        self.size = len(data)
        self.root = trees.file_root(data)
        self.layer = trees.layer(data) if self.size > SPAN else []

    def page(self, number):
        """BLOB_LAYER's payload after `request`."""
        uncles = trees.uncles(self.layer, number)
        hashes = self.layer[number * PAGE:(number + 1) * PAGE]
        return (number.to_bytes(8, "big") + bytes([len(uncles)])
                + b"".join(uncles) + b"".join(hashes))

    def inner(self, span):
        """BLOB_INNER's payload after `request`."""
        part = self.data[span * SPAN:(span + 1) * SPAN]
        return span.to_bytes(8, "big") + b"".join(trees.leaves(part))


class Shelf:
    """Records in their topics, and blobs by root."""

    def __init__(self, network="lab"):
        self.network = network
        self.certificates = {}
        self.records = {}
        self.known = {}
        self.sets = {}
        self.blobs = {}
        self.board = records.sha(b"troupe board 1\0" + bytes([len(network)])
                                 + network.encode())

    def admit(self, raw):
        """Checks and keeps a record; returns it."""
        record = Record(raw, self.network, self.certificates)
        self.keep(record)
        return record

    def keep(self, record):
        if record.id in self.records:
            return
        self.records[record.id] = record
        for topic in self.places(record):
            self.enter(topic, record.id, record.created_ms)
        for other in list(self.records.values()):
            if other.id == record.topic or other.author == record.author:
                for topic in self.places(other):
                    self.enter(topic, other.id, other.created_ms)

    def places(self, record):
        """The topics whose sets hold the record (3.3)."""
        others = self.records.values()
        out = {record.topic}
        if record.flags & 1 or record.topic == record.id and any(
                other.flags & 1 and other.topic == record.id
                and other.author == record.author
                and other.created_ms >= record.created_ms
                for other in others):
            out.add(self.board)
        if record.kind in (2, 4):
            out.add(self.board)
            out.update(o.topic for o in others if o.author == record.author)
        return out

    def enter(self, topic, ident, created_ms):
        """An id into a topic's set, whether its record is held or not."""
        self.sets.setdefault(topic, {})[ident] = created_ms

    def within(self, topic, low, high):
        """Ids of the topic in order, low <= (created_ms, id) < high."""
        keys = sorted((ms, i) for i, ms in self.sets.get(topic, {}).items())
        return [key for key in keys if low <= key < high]

    def add_blob(self, data):
        blob = Blob(data)
        self.blobs[blob.root] = blob
        return blob

