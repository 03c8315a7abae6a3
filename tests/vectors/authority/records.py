"""Records as docs/protocol.md section 3 has them: read from their bytes, and
held against the tables of §3.8.

Written from that document alone; it shares no code with proto/.
"""
import pathlib
import sys

import msgpack

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "records"))

from make import KINDS, RELATIONS, SHAPES, ZERO, sha  # noqa: E402

NAMES = {int(row[0]): name for name, row in KINDS.items()}
FINAL = {name for name, row in KINDS.items() if row[5] == "yes"}
LINKS = {name: int(number) for name, number in RELATIONS.items()}


def unpack(raw):
    return msgpack.unpackb(raw, raw=False, strict_map_key=False)


class Record:
    """One record; `fields` is its body, or None if it is not to be read."""

    def __init__(self, raw):
        head, body, _, certificate = msgpack.unpackb(raw, raw=False)
        (_, self.number, self.author, self.signer, topic, self.created,
         self.revises, self.links) = unpack(head)[:8]
        self.flags = unpack(head)[10]
        self.id = sha(b"troupe record id 1\0", head)
        self.topic = self.id if topic == ZERO else topic
        self.founds = topic == ZERO
        self.kind = NAMES.get(self.number)
        self.place = (self.created, self.id)
        self.is_opaque = bool(self.flags & 2)
        self.has_body = body is not None
        self.fields = None
        if body is not None and not self.is_opaque:
            self.fields = unpack(body[16:])
        self.by_person = False
        if certificate is not None:
            core = unpack(certificate[:-64])
            self.by_person = core[2] == core[4] == self.signer

    def link(self, name):
        for relation, ident in self.links:
            if relation == LINKS[name]:
                return ident
        return None

    def get(self, name, default=None):
        return default if self.fields is None else self.fields.get(name,
                                                                   default)

    def is_well_formed(self):
        return follows(SHAPES[self.kind], self.fields, self)


def is_line(value):
    return not any(ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or
                   ord(c) in (0x2028, 0x2029) or 0x202a <= ord(c) <= 0x202e or
                   0x2066 <= ord(c) <= 0x2069 for c in value)


def is_uint(value, most):
    return type(value) is int and 0 <= value <= most


def is_bin(value, length):
    return isinstance(value, bytes) and len(value) == length


def fits(field, value):
    """Whether one value is of the field's type (§3.7)."""
    t = field.type
    if t in ("line", "text"):
        return isinstance(value, str) and \
            1 <= len(value.encode()) <= field.max and \
            (t == "text" or is_line(value))
    if t == "uint":
        return is_uint(value, field.max)
    if t == "time":
        return is_uint(value, 2 ** 48 - 1)
    if t == "bool":
        return isinstance(value, bool)
    if t == "enum":
        return is_uint(value, 2 ** 53 - 1) and value >= 1
    if t in ("id", "person", "key", "hash"):
        return is_bin(value, 32)
    if t == "prefix":
        return is_bin(value, 16)
    if t == "blob":
        return isinstance(value, list) and len(value) == 2 and \
            is_bin(value[0], 32) and is_uint(value[1], 2 ** 44)
    if t == "map":
        return isinstance(value, dict) and \
            follows(SHAPES["map " + field.of], value, None)
    return t == "any"


def follows(shape, fields, record):
    must, either, may = shape

    def has(field):
        if field.type == "link":
            return record.link(field.name) is not None
        return field.name in fields

    if not all(has(field) for field in must):
        return False
    if either and not any(has(field) for field in either):
        return False
    for field in must + either + may:
        if field.type == "link" or field.name not in fields:
            continue
        value = fields[field.name]
        if field.many:
            if not isinstance(value, list) or len(value) > field.many or \
                    not all(fits(field, one) for one in value):
                return False
        elif not fits(field, value):
            return False
    return True
