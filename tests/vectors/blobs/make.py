#!/usr/bin/env python3
"""Makes blobs.json, the golden roots and proofs of docs/protocol.md section 6.

Written from BEP 52 and that section alone, with hashlib: it shares no code
with proto/.  `make.py --check` compares the file instead of writing it.

Byte i of every blob is (i * 31 + (i >> 8) * 7 + (i >> 16) * 13) mod 256.
"""
import hashlib
import json
import pathlib
import sys

LEAF = 16 * 1024
SPAN = 1024 * 1024
PAGE = 512
ZERO = bytes(32)


def sha(data):
    return hashlib.sha256(data).digest()


def content(start, length):
    """Bytes of the pattern: it repeats every 2^24 bytes."""
    out = bytearray()
    for row in range(start >> 8, (start + length + 255) >> 8):
        base = row * 256 * 31 + row * 7 + (row >> 8) * 13
        out += bytes((base + 31 * i) & 255 for i in range(256))
    skip = start & 255
    return bytes(out[skip:skip + length])


def reduce(nodes):
    """Root of a list whose length is a power of two."""
    while len(nodes) > 1:
        nodes = [sha(nodes[i] + nodes[i + 1]) for i in range(0, len(nodes), 2)]
    return nodes[0]


def padded(nodes, pad, least=1):
    size = least
    while size < len(nodes):
        size *= 2
    return nodes + [pad] * (size - len(nodes))


def leaves(data):
    return [sha(data[i:i + LEAF]) for i in range(0, len(data), LEAF)]


def file_root(data):
    """BEP 52's pieces root, by the definition: all leaves at once."""
    return reduce(padded(leaves(data), ZERO)) if data else ZERO


def layer(data):
    return [reduce(padded(leaves(data[i:i + SPAN]), ZERO, 64))
            for i in range(0, len(data), SPAN)]


def uncles(hashes, page):
    """Uncles of a page: the whole tree is built and walked down to it."""
    nodes = padded(hashes, reduce([ZERO] * 64))
    out = []
    at, width = page * PAGE, PAGE
    while width < len(nodes):
        sibling = at ^ width
        out.append(reduce(nodes[sibling:sibling + width]))
        width *= 2
        at -= at % width
    return out


def roots():
    sizes = [0, 1, LEAF - 1, LEAF, LEAF + 1, 2 * LEAF, 2 * LEAF + 1, 65535,
             65536, 65537, 5 * LEAF + 3, 33 * LEAF, SPAN - LEAF, SPAN - 1,
             SPAN, SPAN + 1, SPAN + LEAF, 2 * SPAN - 1, 2 * SPAN,
             2 * SPAN + 1, 3 * SPAN + 5, 4 * SPAN, 5 * SPAN + LEAF + 1]
    whole = content(0, max(sizes))
    for size in sizes:
        data = whole[:size]
        hashes = layer(data) if size > SPAN else []
        yield {"size": size, "root": file_root(data).hex(),
               "layer": [h.hex() for h in hashes]}


def proofs():
    """Layers too long to hash: hash n is SHA-256 of n as 8 bytes."""
    for spans in [2, 3, 511, 512, 513, 1024, 1025, 1537, 2049, 5000]:
        hashes = [sha(n.to_bytes(8, "big")) for n in range(spans)]
        root = reduce(padded(hashes, reduce([ZERO] * 64)))
        pages = (spans + PAGE - 1) // PAGE
        yield {"spans": spans, "root": root.hex(),
               "uncles": [[u.hex() for u in uncles(hashes, page)]
                          for page in range(pages)]}


def main():
    path = pathlib.Path(__file__).with_name("blobs.json")
    text = json.dumps({"roots": list(roots()), "proofs": list(proofs())},
                      indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if path.read_text() != text:
            sys.exit("blobs.json differs from what make.py makes")
    else:
        path.write_text(text)


if __name__ == "__main__":
    main()
