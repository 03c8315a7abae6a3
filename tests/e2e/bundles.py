"""Bundles, read and written from docs/protocol.md §8 alone."""
import hashlib

import msgpack

MAGIC = b"troupe bundle 1\n"
BEGIN, RECORD, HEAD, BLOB, PAGE, SPAN, END = range(2, 16, 2)
MIB = 1 << 20


def items(bundle):
    """(type, where it begins, payload) of each item of a bundle."""
    at = len(MAGIC)
    while at < len(bundle):
        size = int.from_bytes(bundle[at + 1:at + 5], "big")
        yield bundle[at], at, bundle[at + 5:at + 5 + size]
        at += 5 + size


class Writer:
    """A bundle in the making."""

    def __init__(self):
        self.out = bytearray(MAGIC)
        self.digest = hashlib.sha256(MAGIC)
        self.counts = dict.fromkeys(("records", "heads", "blobs", "holes",
                                     "spans", "bytes"), 0)
        self.left = 0  # spans of the blob that are still to come

    def put(self, kind, payload):
        """Any item but the end."""
        head = bytes([kind]) + len(payload).to_bytes(4, "big")
        self.out += head + payload
        self.digest.update(head + payload[:8] if kind == SPAN
                           else head + payload)
        self.counts["records"] += kind == RECORD
        self.counts["heads"] += kind == HEAD
        if kind == BLOB:
            self.counts["blobs"] += 1
            self.counts["holes"] += self.left > 0
            self.left = -(-int.from_bytes(payload[32:], "big") // MIB)
        if kind == SPAN:
            self.counts["spans"] += 1
            self.counts["bytes"] += len(payload) - 8
            self.left -= 1
        return self

    def begin(self, topic, subject=None, network="lab"):
        return self.put(BEGIN, msgpack.packb([network, topic, subject]))

    def blob(self, root, size):
        return self.put(BLOB, root + size.to_bytes(8, "big"))

    def span(self, number, content):
        return self.put(SPAN, number.to_bytes(8, "big") + content)

    def end(self):
        """The whole file."""
        self.counts["holes"] += self.left > 0
        payload = msgpack.packb([*self.counts.values(), self.digest.digest()])
        return (bytes(self.out) + bytes([END])
                + len(payload).to_bytes(4, "big") + payload)


def rebuild(bundle, keeps):
    """The bundle with those items alone for which `keeps` is true."""
    writer = Writer()
    for kind, _, payload in items(bundle):
        if kind != END and keeps(kind, payload):
            writer.put(kind, payload)
    return writer.end()
