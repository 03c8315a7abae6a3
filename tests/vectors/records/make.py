#!/usr/bin/env python3
"""Makes records.json and refused.json, the golden records of docs/protocol.md
sections 1 to 3.

Written from that document alone, with msgpack and nacl: it shares no code with
proto/, and reads the kinds and fields from the document's own tables.
`make.py --check` compares the files instead of writing them.
"""
import hashlib
import hmac
import json
import pathlib
import sys

import msgpack
from nacl.signing import SigningKey

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "protocol.md"
ZERO = bytes(32)
NOW = 1700000000000
BOARD = hashlib.sha256(b"troupe board 1\0" + b"\x03lab").digest()


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def ordered(value):
    """Maps with their keys in the order of their bytes."""
    if isinstance(value, dict):
        return {k: ordered(value[k])
                for k in sorted(value, key=lambda k: k.encode())}
    if isinstance(value, list):
        return [ordered(v) for v in value]
    return value


def pack(value):
    return msgpack.packb(ordered(value), use_bin_type=True)


def text_hash(text):
    return sha(text.encode())


# 1.2 and 2: keys, certificates

def sign(seed, what, network, data):
    message = (b"troupe " + what.encode() + b" 1\0" + bytes([len(network)]) +
               network.encode() + data)
    return SigningKey(seed).sign(message).signature


def public(seed):
    return bytes(SigningKey(seed).verify_key)


def hkdf(ikm, info):
    key = hmac.digest(bytes(32), ikm, "sha256")
    return hmac.digest(key, info + b"\x01", "sha256")


class Person:
    def __init__(self, name, network="lab"):
        self.entropy = text_hash(name)
        self.network = network
        self.device = text_hash(name + " device")
        self.id = sha(b"troupe person 1\0", public(self.key(0)),
                      sha(public(self.key(1))))

    def key(self, n):
        return hkdf(self.entropy, b"troupe person 1" + n.to_bytes(4, "big"))

    def certificate(self, device=None, n=0):
        core = [1, self.id, public(self.key(n)), sha(public(self.key(n + 1))),
                device or public(self.device), NOW - 1000]
        if n > 0:
            core.append([public(self.key(0))] +
                        [self.step(i) for i in range(1, n)])
        core = pack(core)
        return core + sign(self.key(n), "certificate", self.network, core)

    def step(self, i):
        key = public(self.key(i))
        said = pack([2, self.id, key, sha(public(self.key(i + 1)))])
        return key + sign(self.key(i), "certificate", self.network, said)


ANNA = Person("Anna")
BEN = Person("Ben")
NODE = text_hash("a node")
SALT = bytes(range(16))


# 3.1: the envelope, every part of which a caller may spoil

def record(kind=27, person=ANNA, seed=None, author=None, topic=ZERO,
           created=NOW, revises=None, links=(), fields=None, body=None,
           flags=0, extra=(), envelope=1, body_len=None, body_hash=None,
           signer=None, what="record", network="lab", certificate=b"",
           head=None, sent_body=b"", signature=None, opaque_body=None):
    seed = seed or person.device
    if body is None:
        body = SALT + (pack(fields or {}) if opaque_body is None
                       else opaque_body)
    if head is None:
        head = pack([envelope, kind, person.id if author is None else author,
                     signer or public(seed), topic, created, revises,
                     [list(link) for link in links],
                     body_hash or sha(b"troupe body 1\0", body),
                     len(body) if body_len is None else body_len,
                     flags] + list(extra))
    ident = sha(b"troupe record id 1\0", head)
    if signature is None:
        signature = sign(seed, what, network, ident)
    if certificate == b"":
        certificate = person.certificate()
    return [head, body if sent_body == b"" else sent_body, signature,
            certificate], ident


# 3.8: the tables

class Field:
    def __init__(self, text):
        self.name, rest = text.split(": ")
        words = rest.split()
        self.type = words.pop(0)
        self.of = words.pop(0) if self.type in ("enum", "map") else None
        self.many = 0
        self.max = 0
        for word in words:
            if word[0] == "x":
                self.many = int(word[1:])
            else:
                self.max = int(word)


def table(lines, title):
    """Rows of the table whose first column is headed by `title`."""
    start = next(i for i, line in enumerate(lines)
                 if line.startswith("| %s |" % title))
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def read_tables():
    lines = DOCUMENT.read_text().splitlines()
    start = lines.index("### 3.8 Tables")
    lines = lines[start:lines.index("### 3.9 Pages and terms")]
    kinds = {row[1]: row for row in table(lines, "number")}
    relations = dict(reversed(word.split()) for word in next(
        line for line in lines if line.startswith("Relations:")
    )[len("Relations: "):].rstrip(".").split(", "))
    enums = {row[0]: row[1].split(", ") for row in table(lines, "enum")}
    shapes = {}
    for title in ("kind", "map"):
        for name, *cells in table(lines, title):
            shapes[name if title == "kind" else "map " + name] = [
                [Field(text) for text in cell.split("; ") if text]
                for cell in cells]
    return kinds, relations, enums, shapes


KINDS, RELATIONS, ENUMS, SHAPES = read_tables()


def value_of(field, full, seed):
    """A value of the field's type; the longest it may be where `full`."""
    t = field.type
    if t == "line":
        return ("Ä line, 線" if field.max > 16 else "EUR")[:field.max]
    if t == "text":
        return "Two lines:\n\t%s" % seed
    if t == "uint":
        return field.max if full else 0
    if t == "time":
        return 2 ** 48 - 1 if full else NOW
    if t == "bool":
        return full
    if t == "enum":
        return len(ENUMS[field.of]) if full else 1
    if t in ("id", "person", "key", "hash"):
        return text_hash(seed)
    if t == "prefix":
        return text_hash(seed)[:16]
    if t == "blob":
        return [text_hash(seed), 2 ** 44 if full else 0]
    if t == "map":
        return map_of("map " + field.of, full, seed)[0]
    if t == "any":
        return [1, -1, None, {"a": seed}]
    raise ValueError(t)


def map_of(shape, full, seed):
    """A body of the shape, and the links that belong to it."""
    must, either, may = SHAPES[shape]
    fields, links = {}, []
    for field in must + (either + may if full else either[:1]):
        here = seed + "." + field.name
        if field.type == "link":
            links.append((int(RELATIONS[field.name]), text_hash(here)))
        elif field.many:
            count = min(field.many, 3 if full else 0)
            fields[field.name] = [value_of(field, full, here + str(i))
                                  for i in range(count)]
        else:
            fields[field.name] = value_of(field, full, here)
    return fields, links


def topic_of(row):
    if row[3].startswith("founds"):
        return ZERO
    if row[3] == "the person":
        return ANNA.id
    return BOARD if row[2] == "node" else text_hash("a project")


def golden(name, seed, parts, ident, topic, kind, author, **more):
    head, body, signature, certificate = parts
    return dict({
        "name": name, "network": "lab", "seed": seed.hex(),
        "hex": pack(parts).hex(), "id": ident.hex(), "kind": kind,
        "author": author.hex(), "signer": public(seed).hex(),
        "topic": (ident if topic == ZERO else topic).hex(),
        "certificate": certificate.hex() if certificate else None,
    }, **more)


def every_kind():
    for name, row in KINDS.items():
        for full in (False, True):
            fields, links = map_of(name, full, name)
            seed, author = ANNA.device, ANNA.id
            certificate = ANNA.certificate()
            if row[2] == "person key":
                seed = ANNA.key(0)
                certificate = ANNA.certificate(public(seed))
            if row[2] == "node":
                seed, author, certificate = NODE, public(NODE), None
            listed = full and row[4] == "yes"
            parts, ident = record(
                int(row[0]), seed=seed, author=author, topic=topic_of(row),
                links=links, fields=fields, flags=1 if listed else 0,
                certificate=certificate)
            yield golden(name + (", full" if full else ", least"), seed, parts,
                         ident, topic_of(row), int(row[0]), author,
                         fields=sorted(fields))


def special():
    """What admission takes although a release may not know it."""
    target = [(6, text_hash("target"))]
    text = {"text": "hi"}
    late = dict(text, zebra=[1, {"b": None}], apple=-(2 ** 53 - 1))
    cases = {
        "unknown kind": dict(kind=2 ** 53 - 1, fields={"x": 1}),
        "unknown keys": dict(links=target, fields=late),
        "unknown relation and flags":
            dict(links=target + [(9999, ZERO)], fields=text,
                 flags=2 ** 53 - 4),
        "unknown value of an enum":
            dict(kind=20, links=[(3, ZERO)], fields={"state": 77}),
        "opaque body": dict(opaque_body=b"\xc1\xc1", flags=2),
        "opaque body of the salt alone": dict(opaque_body=b"", flags=2),
        "certificate after two successions":
            dict(links=target, fields=text, certificate=ANNA.certificate(n=2)),
        "revision": dict(kind=25, revises=text_hash("first"),
                         fields=dict(text, title="Title")),
        "64 links": dict(links=[(6, text_hash(str(i))) for i in range(64)],
                         fields=text),
        "time of 2^48 - 1": dict(links=target, fields=text,
                                 created=2 ** 48 - 1),
        "largest body": dict(links=target, fields=dict(
            text, zz=bytes(57344 - 16 - 15))),
    }
    for name, case in cases.items():
        parts, ident = record(**case)
        yield golden(name, ANNA.device, parts, ident, ZERO,
                     case.get("kind", 27), ANNA.id)
    for name, case in {
            "further elements": dict(links=target, fields=text,
                                     extra=["later", [None], 7]),
            "nil body": dict(links=target, fields=text, sent_body=None)}.items():
        parts, ident = record(**case)
        yield golden(name, ANNA.device, parts, ident, ZERO, 27, ANNA.id,
                     written=False)


def refused_heads():
    target = [(6, text_hash("target"))]
    good = dict(links=target, fields={"text": "hi"})
    yield "envelope 2", "VERSION", dict(good, envelope=2)
    yield "author of 31 bytes", "MALFORMED", dict(good, author=ZERO[1:])
    yield "time of 2^48", "TOO_LARGE", dict(good, created=2 ** 48)
    yield "time before 1970", "MALFORMED", dict(good, created=-1)
    yield "float for a time", "NOT_CANONICAL", dict(good, created=1.0)
    yield "65 links", "TOO_LARGE", dict(good, links=[(6, ZERO)] * 65)
    yield "link of three", "MALFORMED", dict(good, links=[(6, ZERO, 1)])
    yield "head of 4097 bytes", "TOO_LARGE", dict(
        good, extra=[bytes(4097 - 3 - len(record(**good)[0][0]))])
    yield "ext in a further element", "NOT_CANONICAL", dict(
        good, extra=[msgpack.ExtType(1, b"x")])
    yield "body_len of 16", "MALFORMED", dict(good, body_len=16)
    yield "body_len over the limit", "TOO_LARGE", dict(good, body_len=57345)
    yield "revises of another type", "MALFORMED", dict(good, revises=0)
    head = record(**good)[0][0]
    yield "head with a long array header", "NOT_CANONICAL", dict(
        good, head=b"\xdc\x00\x0b" + head[1:])
    yield "head with a long integer", "NOT_CANONICAL", dict(
        good, head=head[:2] + b"\xcc\x1b" + head[3:])
    yield "head with bytes after it", "TRAILING", dict(good, head=head + b"\0")
    yield "head of ten elements", "TRAILING", dict(good, head=b"\x9a" + head[1:])
    yield "truncated head", "TRUNCATED", dict(good, head=head[:-1])
    yield "empty head", "TRUNCATED", dict(good, head=b"")
    yield "head that is a map", "MALFORMED", dict(good, head=b"\x80")


def refused_bodies():
    def with_map(raw):
        return dict(links=[(6, text_hash("target"))], body=SALT + raw)

    text = b"\xa4text\xa2hi"
    good = with_map(b"\x81" + text)
    yield "float", "NOT_CANONICAL", with_map(b"\x82" + text + b"\xa1x\xca" +
                                             bytes(4))
    yield "ext", "NOT_CANONICAL", with_map(b"\x82" + text + b"\xa1x\xd4\x01x")
    yield "duplicate keys", "NOT_CANONICAL", with_map(b"\x82" + text + text)
    yield "unsorted keys", "NOT_CANONICAL", with_map(b"\x82" + text +
                                                     b"\xa1a\x01")
    yield "key that is no string", "NOT_CANONICAL", with_map(b"\x81\x01\x01")
    yield "key of 65 bytes", "NOT_CANONICAL", with_map(
        b"\x82" + text + b"\xd9\x41" + b"z" * 65 + b"\x01")
    yield "integer over 2^53 - 1", "NOT_CANONICAL", with_map(
        b"\x82" + text + b"\xa1x\xcf\x00\x20" + bytes(6))
    yield "signed form of a positive number", "NOT_CANONICAL", with_map(
        b"\x82" + text + b"\xa1x\xd0\x01")
    yield "long map header", "NOT_CANONICAL", with_map(b"\xde\x00\x01" + text)
    yield "long string header", "NOT_CANONICAL", with_map(
        b"\x81\xa4text\xd9\x02hi")
    yield "text that is not UTF-8", "BAD_UTF8", with_map(
        b"\x81\xa4text\xa2\xc0\x80")
    yield "a surrogate", "BAD_UTF8", with_map(b"\x81\xa4text\xa3\xed\xa0\x80")
    yield "nine deep", "TOO_DEEP", with_map(b"\x82" + text + b"\xa1x" +
                                            b"\x91" * 8 + b"\x01")
    yield "an array", "MALFORMED", with_map(b"\x91\x01")
    yield "0xc1", "MALFORMED", with_map(b"\x82" + text + b"\xa1x\xc1")
    yield "bytes after the map", "TRAILING", with_map(b"\x81" + text + b"\0")
    yield "truncated map", "TRUNCATED", with_map(b"\x82" + text)
    yield "4 billion elements", "TRUNCATED", with_map(
        b"\x82" + text + b"\xa1x\xdd\xff\xff\xff\xff")
    yield "wrong body hash", "BAD_BODY", dict(good, body_hash=ZERO)
    yield "wrong body length", "BAD_BODY", dict(good, body_len=100)
    yield "body of another record", "BAD_BODY", dict(
        good, sent_body=SALT + b"\x81\xa4text\xa2ho")
    yield "empty body", "BAD_BODY", dict(good, sent_body=b"", body=SALT +
                                         b"\x81" + text, empty_body=True)


def refused_signers():
    good = dict(links=[(6, text_hash("target"))], fields={"text": "hi"})
    flipped = bytearray(record(**good)[0][2])
    flipped[5] ^= 1
    yield "flipped signature", "BAD_SIGNATURE", dict(good,
                                                     signature=bytes(flipped))
    for what in ("certificate", "handshake", "announcement", "lease", "invite"):
        yield "domain " + what, "BAD_SIGNATURE", dict(good, what=what)
    yield "record of another network", "BAD_SIGNATURE", dict(good,
                                                             network="other")
    yield "certificate of another network", "BAD_SIGNATURE", dict(
        good, certificate=Person("Anna", "other").certificate())
    yield "signed by another key", "BAD_SIGNATURE", dict(
        good, seed=BEN.device, signer=public(ANNA.device))
    yield "no certificate", "NO_CERTIFICATE", dict(good, certificate=None)
    yield "another's certificate", "BAD_CERTIFICATE", dict(
        good, certificate=BEN.certificate(public(ANNA.device)))
    yield "certificate of another device", "BAD_CERTIFICATE", dict(
        good, certificate=ANNA.certificate(public(BEN.device)))
    yield "author without the person's key", "BAD_CERTIFICATE", dict(
        good, person=BEN, author=ANNA.id)
    yield "person kind signed by its own author", "NO_CERTIFICATE", dict(
        good, seed=NODE, author=public(NODE), certificate=None)
    pledge = dict(kind=193, fields=map_of("pledge", False, "pledge")[0],
                  topic=BOARD)
    yield "pledge of a person", "BAD_CERTIFICATE", dict(pledge)
    yield "pledge in a node's name", "BAD_CERTIFICATE", dict(
        pledge, author=public(NODE), certificate=None)
    yield "pledge with a certificate", "BAD_CERTIFICATE", dict(
        pledge, seed=NODE, author=public(NODE),
        certificate=ANNA.certificate(public(NODE)))
    yield "certificate of 2049 bytes", "TOO_LARGE", dict(good,
                                                         certificate=bytes(2049))


def refused_schemas():
    target = [(6, text_hash("target"))]

    def comment(**fields):
        return dict(links=target, fields=dict({"text": "hi"}, **fields))

    yield "no required field", "MALFORMED_BODY", dict(links=target)
    yield "no required link", "MALFORMED_BODY", dict(fields={"text": "hi"})
    yield "text of another type", "MALFORMED_BODY", comment(text=1)
    yield "empty text", "MALFORMED_BODY", comment(text="")
    yield "text of 16001 bytes", "MALFORMED_BODY", comment(text="x" * 16001)
    yield "nil for a field", "MALFORMED_BODY", comment(pinned=None)
    yield "17 files", "MALFORMED_BODY", comment(
        media=[map_of("map file", False, "f")[0]] * 17)
    yield "file without a name", "MALFORMED_BODY", comment(
        media=[{"blob": [ZERO, 1], "media_type": "image/png"}])
    yield "blob over 16 TiB", "MALFORMED_BODY", comment(
        media=[{"blob": [ZERO, 2 ** 44 + 1], "media_type": "a", "name": "b"}])
    for name, character in {"line feed": "\n", "U+0085": "\x85",
                            "U+007F": "\x7f", "U+2028": "\u2028",
                            "U+202E": "\u202e", "U+2066": "\u2066"}.items():
        yield "line with " + name, "MALFORMED_BODY", dict(
            kind=25, fields={"text": "hi", "title": "a" + character})
    yield "zero for an enum", "MALFORMED_BODY", dict(
        kind=20, links=[(3, ZERO)], fields={"state": 0})
    yield "name for an enum", "MALFORMED_BODY", dict(
        kind=20, links=[(3, ZERO)], fields={"state": "chosen"})
    yield "neither of two", "MALFORMED_BODY", dict(
        kind=16, links=[(4, ZERO)], fields={"thanks": "to the sea"})


def refused():
    for part, cases in {"head": refused_heads(), "body": refused_bodies(),
                        "signer": refused_signers(),
                        "schema": refused_schemas()}.items():
        for name, error, case in cases:
            empty = case.pop("empty_body", False)
            parts, _ = record(**case)
            if empty:
                parts[1] = b""
            yield {"name": part + ": " + name, "network": "lab",
                   "error": error, "hex": pack(parts).hex()}
    parts, _ = record(links=[(6, ZERO)], fields={"text": "hi"})
    whole = pack(parts)
    head, body, signature, certificate = parts
    for name, error, raw in (
            ("nothing", "TRUNCATED", b""),
            ("truncated", "TRUNCATED", whole[:-1]),
            ("trailing", "TRAILING", whole + b"\xc0"),
            ("three elements", "MALFORMED", pack(parts[:3])),
            ("five elements", "MALFORMED", pack(parts + [None])),
            ("a map", "MALFORMED", b"\x80"),
            ("long array header", "NOT_CANONICAL",
             b"\xdc\x00\x04" + whole[1:]),
            ("long bin header", "NOT_CANONICAL",
             whole[:1] + b"\xc5" + len(head).to_bytes(2, "big") +
             pack(parts)[3:]),
            ("string for a head", "MALFORMED", pack(["head", body, signature,
                                                     certificate])),
            ("nil signature", "MALFORMED", pack([head, body, None,
                                                 certificate])),
            ("signature of 63 bytes", "MALFORMED",
             pack([head, body, signature[:63], certificate])),
            ("body of 57345 bytes", "TOO_LARGE",
             pack([head, bytes(57345), signature, certificate]))):
        yield {"name": "record: " + name, "network": "lab", "error": error,
               "hex": raw.hex()}


def main():
    different = []
    for name, cases in {"records.json": list(every_kind()) + list(special()),
                        "refused.json": list(refused())}.items():
        text = json.dumps(cases, indent=1) + "\n"
        path = HERE / name
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif path.read_text() != text:
            different.append(name)
    if different:
        sys.exit("%s: not what make.py makes" % ", ".join(different))


if __name__ == "__main__":
    main()
