#!/usr/bin/python3
"""Writes first inputs for the fuzz targets: seeds.py FOLDER makes FOLDER/NAME
for each target that has some, from the vectors and from small real values.
run.sh finds the rest."""
import hashlib
import importlib.util
import json
import pathlib
import struct
import sys

import msgpack
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as xchacha_encrypt)
from nacl.pwhash import argon2id

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"
spec = importlib.util.spec_from_file_location(
    "records", VECTORS / "records" / "make.py")
records = importlib.util.module_from_spec(spec)
spec.loader.exec_module(records)


def vectors(path):
    return json.loads((VECTORS / path).read_text())


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def u16(n):
    return struct.pack(">H", n)


def u64(n):
    return struct.pack(">Q", n)


def envelopes():
    return [bytes.fromhex(r["hex"]) for r in vectors("records/records.json")
            if len(r["hex"]) < 4000]


def bundle():
    def item(kind, *parts):
        payload = b"".join(parts)
        return bytes([kind]) + struct.pack(">I", len(payload)) + payload

    def sha256(data):
        return hashlib.sha256(data).digest()

    def layer_hash(last):
        nodes = [sha256(last)] + [bytes(32)] * 63
        while len(nodes) > 1:
            nodes = [sha256(a + b) for a, b in zip(nodes[::2], nodes[1::2])]
        return nodes[0]

    small = b"bytes of a small blob"
    hashes = sha256(b"the first span") + layer_hash(b"!")
    blobs = sorted([
        (sha256(small), len(small), item(12, u64(0), small)),
        (sha256(hashes), (1 << 20) + 1,
         item(10, u64(0), b"\0", hashes) + item(12, u64(1), b"!")),
        (bytes(32), 0, b""), (b"h" * 32, 1 << 44, b"")])
    parts = b"".join(item(8, root, u64(size)) + rest
                     for root, size, rest in blobs)
    whole = [item(4, record) for record in envelopes()]
    head = msgpack.unpackb(envelopes()[0])[0]
    yield b"\0" + parts
    yield b"\0" + parts.replace(b"small", b"large", 1) + item(1, b"new")
    for i, record in enumerate(whole[:12]):
        yield bytes([i & 1]) + record + item(6, u16(len(head)), head,
                                             bytes(64)) + item(99)
    yield b"\1" + b"".join(whole[:6]) + parts
    yield (b"troupe bundle 1\n" +
           item(2, pack(["lab", bytes(32), None])) + parts)


def certificate():
    for n in range(9):
        made = records.ANNA.certificate(n=n)
        yield b"\0" + made
        yield bytes([2 * n + 1]) + made


def config():
    node = "ab" * 32
    yield b"[node]\nnetwork = lab\nlisten = 0.0.0.0:7433\nlan = yes\n"
    yield b"[node]\nlisten=[::1]:1\nlisten = 127.0.0.1:65535 ; here\n"
    yield b"[node]\nportmap=off\nlog_level = debug\nquota = 100 GiB\n"
    yield b"; none\n[peers]\nadd = " + node.encode() + b"@host:7433\n"
    yield b"\xef\xbb\xbf[peers]\nadd=" + node.encode() + b"@[::1]:9\n lan=1\n"
    yield b"[nod]\nlisten = x\n"
    yield b"[node]\nquota = 99999999999999999 TiB\n"


def frames():
    def plaintext(*parts):
        text = b"".join(bytes([t, len(p)]) + p for t, p in parts)
        return b"\0\7" + u16(len(text)) + text

    yield b"\0" + plaintext((2, b"12345678")) + b"\3\1"
    yield b"\1" + plaintext((4, b"12345678"), (8, b"hello")) + b"\3\1"
    yield b"\1" + plaintext((7, b""), (12, b"r" * 40), (6, b"\5"))
    yield b"\0" + plaintext((6, b"\1"), (2, b"12345678"))
    yield b"\0" + plaintext((28, b"new")) + b"\3\1"
    yield b"\1\4\xff\3\1\4\x28\3\0\4\x50"
    yield b"\0\1\0" + u16(20) + b"x" * 20
    yield b"\1\2\x0c" + u16(9) + b"a record." + b"\2\x14\0\2ab\3\0\3\1"
    yield b"\0\5\1\4\x0b\4\x50\6\0\7\3\3\1"


def handshake():
    good = pack([1, bytes(32), 5, 1, bytes(64)])
    more = pack([1, bytes(32), 0, 4294967295, bytes(64), "later", None])
    none = b"\0\0\0"
    for choice in (0, 1, 2, 3, 6, 7, 10, 11, 34, 35):
        yield bytes([choice]) + none + good
    yield b"\2" + none + more
    yield b"\3\0\x41\1" + good
    yield b"\2\0\5\x80" + good
    low_order = (bytes(32), bytes([1]) + bytes(31))
    for key in low_order:
        yield b"\x10" + none + u16(32) + key
        yield b"\x11" + none + u16(200) + key + b"x" * 168
    yield b"\x10" + none + b"\xff\xff"


def lease():
    def one(count, root, *more):
        return pack([1, b"n" * 32, b"t" * 32, 1700000000000,
                     1700000000000 + 7 * 86400000, count, root, *more]
                    ) + bytes(64)

    leases = [one(0, bytes(32)), one(3, b"r" * 32), one(262144, b"r" * 32, 8)]
    names = [bytes([i]) * 32 + u64(i) for i in range(1, 4)]
    for text in leases:
        yield b"\5" + text
    yield b"\0" + b"tag45678" + b"".join(u16(len(t)) + t for t in leases)
    asker = struct.pack(">I", 7) + b"tag45678"
    yield b"\1" + asker + b"n" * 32 + b"r" * 32 + b"\0" + u64(2)
    yield b"\1" + asker + b"n" * 32 + b"r" * 32 + b"\1" + names[0]
    yield (b"\2" + asker[:4] + b"\0\2" + u64(0) + b"\0" + b"".join(names))
    yield (b"\2" + asker[:4] + b"\0\0" + u64(2) + b"\2" + b"u" * 64 + names[2])
    yield b"\2" + asker[:4] + b"\x23"
    yield b"\3" + asker + b"r" * 32 + u64(70000) + u64(4)
    yield b"\4" + asker[:4] + b"\0\1" + b"s" * 32 + b"bytes of a leaf"
    yield b"\4" + asker[:4] + b"\x22"


def invite():
    node = [bytes(range(32)), "example.org:7433"]
    for nodes, topic, vouch in (([], None, None), ([node] * 8, bytes(32), None),
                                ([node], bytes(32), b"a vouch")):
        core = b"\x97" + b"".join(
            pack(v) for v in (1, "lab", nodes, topic, vouch, 1700000000000))
        yield b"\1" + core
    yield b"\0troupe:"
    yield b"\0troupe:AAAA" + b"A" * 200


def keyfile():
    def file(kind, payload, version=1):
        body = b"troupkey" + bytes([version, kind]) + u16(len(payload)) + payload
        return body + hashlib.sha256(body).digest()

    def seal(secret):
        cost = struct.pack(">II", 1, 8)
        salt, nonce = bytes(range(16)), bytes(range(24))
        key = argon2id.kdf(32, b"open sesame", salt, opslimit=1, memlimit=8192)
        header = b"troupkey" + bytes([1, 4]) + u16(len(secret) + 64)
        return cost + salt + nonce + xchacha_encrypt(
            secret, header + cost, nonce, key)

    spoilt = struct.pack(">II", 1, 8) + bytes(range(40)) + bytes(48)
    for made in (file(1, bytes(range(64))), file(2, bytes(range(32))),
                 file(2, bytes(range(32)) + records.ANNA.certificate()),
                 file(3, bytes(range(32))), file(4, seal(bytes(range(32)))),
                 file(4, spoilt),
                 file(1, bytes(64), version=2)):
        yield b"\0" + made
        yield b"\1" + made


def mp():
    for name in ("msgpack-c-cases", "msgpack-c-regressions", "shamaton-crashers",
                 "msgpack-c-seeds"):
        yield from hex_strings(vectors("msgpack/%s.json" % name))


def hex_strings(value):
    """Every string of hex in what JSON gave."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from hex_strings(item)
    elif isinstance(value, str) and len(value) < 2000:
        try:
            yield bytes.fromhex(value.replace("-", ""))
        except ValueError:
            pass


def peer():
    yield b"\0\0\0"
    yield b"\x05\x07\x20" + b"\0\0\0\x08\0\0" * 4
    yield b"\xff\0\x10" + b"\6\0\0" * 5 + b"\3\1\0\x0b\2\0\4\0\xff\0\0\0"
    yield b"\x40\x40\x40" + b"\5\2\5\0\0\0\x0f\0\0\x08\0\0\4\x20\0"
    yield b"\x10\x10\x10\0\0\0\1\0\x20\x09\0\5"
    yield b"\x10\x10\x10\x42" + u16(24) + bytes(24) + b"\0\0\0\x62" + u16(1) + b"x"


def reader():
    values = [pack(v) for v in (0, 127, 128, 1 << 32, True, b"bin", "text",
                                [1, 2], {"a": 1}, None, b"x" * 14)]
    plan = bytes([0x80, 0x80, 0x80, 0x80, 0x81, 0x82, 0x83, 0x84, 0x80, 0x80,
                  0x85, 0x83, 0x80, 0xff, 0x80 + 15 + 16 * 7])
    yield bytes([len(plan)]) + plan + b"".join(values)
    yield b"\7\0\1\2\3\4\5\6" + bytes(range(64))
    yield b"\4\4\4\4\4" + b"\x80\1\xff\xff\3\0\x80\0"
    yield b"\1\x86" + pack({"a": [1, b"2", "3"], "b": None})


def record():
    for whole in envelopes():
        yield whole
        head, body, _, _ = msgpack.unpackb(whole, raw=False)
        if body is None or len(body) < 17:
            continue
        kind = msgpack.unpackb(head, raw=False)[1]
        if kind < 256:
            yield bytes([kind]) + body[16:]
        yield u16(len(head)) + head + body[16:]


def row():
    def entry(which, key, value):
        return bytes([which, len(key)]) + key + value

    for whole in envelopes()[:6]:
        head, body, signature, _ = msgpack.unpackb(whole, raw=False)
        start = u64(1700000000000) + u16(len(head)) + head + signature
        yield entry(0, b"", b"\1\3" + start + (body or b""))
        yield entry(0, b"", b"\1\1" + start)
        yield entry(0, b"", b"\1\0" + start)
    key = bytes(range(32))
    yield entry(1, b"", b"\1\2\0\0\0\1" + b"content")
    yield entry(2, b"", u64(1) + u64(2) + u64(3) + b"/a/path")
    yield entry(3, key, b"\1\2" + u64(0) * 4)
    yield entry(4, key + key + u64(70000), b"\1\1" + u64(1) + u64(2) + bytes(4))
    yield entry(5, key, b"\1" + u64(1) * 3 + bytes(8) + b"host:7433")
    yield entry(6, b"", b"\1" + u64(9) * 6)
    yield entry(7, b"", u64(7))


def tree():
    def leaf(entries, widths):
        a, b, c = widths
        first = 1700000000000
        body = b"".join(ms.to_bytes(a, "big") + bytes([i]) * 32 +
                        seq.to_bytes(b, "big") + size.to_bytes(c, "big")
                        for i, (ms, seq, size) in enumerate(entries))
        return (b"\1\0" + u16(len(entries)) + u64(1) + u64(first) + u64(5) +
                bytes(widths) + body)

    def above(separators, id_len):
        body = b"".join(u64(ms) + bytes([byte] * id_len) + u64(9 + i) +
                        u64(3) + u64(700) + bytes(range(128))
                        for i, (ms, byte) in enumerate(separators))
        return (b"\1\1" + u16(len(separators)) + u64(12) + bytes([id_len]) +
                body)

    yield b"\1\0\0\0" + u64(1) + u64(0) * 2 + bytes(3)
    yield leaf([(0, 0, 0)], (0, 0, 0))
    yield leaf([(0, 2, 0), (0, 0, 300), (7, 1, 2)], (1, 1, 2))
    yield leaf([(0, 70000, 0), (90000, 0, 0)], (3, 3, 0))
    yield above([(0, 0)], 0)
    yield above([(0, 0), (1700000000000, 0), (1700000000001, 0)], 0)
    yield above([(0, 0), (1700000000000, 3), (1700000000000, 4)], 2)


def text():
    for words in ("The Crowned Cat, 2 of 3!", "don't 3.14 a_b", "Gr\u00f6\u00dfe",
                  "E\u0301mile \u00c5ngstr\u00f6m", "\u6771\u4eac", "\ufb01lm \u00bd",
                  "\ufdfa", "\U0001d400rt", "a\0b", "x" * 60,
                  "\u0301\u0301", "\u0130 \u03c2 \ud55c\uad6d"):
        yield words.encode()
    yield b"a\xff"
    yield b"\xed\xa0\x80"


def plain():
    for text in ('{"kind": "comment", "project": "0a1b", "fields": {"text": "Sch\u00f6n"}}',
                 ' {"b":[1,[],{},[null]], "a" :true}\r', '{"a": 1, "a": 2}', "{}",
                 '{"a": "\\u00e9", "b": -1.5e3}', '{"a": [1,]}', '{"": 999999999999999}'):
        yield text.encode()


def words():
    phrases = [text for text in strings(vectors("words/words.json"))
               if text.count(" ") == 23]
    for text in phrases[:12]:
        yield text.encode()
        yield (" " + text.upper().replace(" ", "\r\n\t")).encode()
        yield " ".join(word[:4] for word in text.split()).encode()
    yield bytes(range(40))
    yield bytes(32) + b"\1\2\3"


def strings(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def main(folder):
    makers = (bundle, certificate, config, frames, handshake, invite, keyfile,
              lease, mp, peer, plain, reader, record, row, text, tree, words)
    for maker in makers:
        target = pathlib.Path(folder) / maker.__name__
        target.mkdir(parents=True, exist_ok=True)
        for seed in maker():
            name = hashlib.sha1(seed).hexdigest()
            (target / name).write_bytes(seed)


if __name__ == "__main__":
    main(sys.argv[1])
