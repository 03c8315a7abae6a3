"""The Python peer itself, against the vectors that the daemon passes, too."""
import json
import pathlib
import unittest

from cryptography.hazmat.primitives.asymmetric import x25519

import shelf
import wire

VECTORS = pathlib.Path(__file__).parents[1] / "vectors"


def private(text):
    return x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(text))


class Vectors(unittest.TestCase):
    def test_every_golden_record_is_admitted_under_its_id(self):
        for case in json.loads((VECTORS / "records/records.json").read_text()):
            with self.subTest(case["name"]):
                record = shelf.Record(bytes.fromhex(case["hex"]))
                self.assertEqual(record.id.hex(), case["id"])
                self.assertEqual(record.topic.hex(), case["topic"])

    def test_every_spoiled_record_is_refused(self):
        for case in json.loads((VECTORS / "records/refused.json").read_text()):
            if case["error"] == "MALFORMED_BODY":
                continue  # the schema decides a verdict, not the admission
            with self.subTest(case["name"]), self.assertRaises(wire.Broken):
                shelf.Record(bytes.fromhex(case["hex"]))

    def test_noise_gives_the_published_bytes(self):
        cases = [case for path in (VECTORS / "noise").glob("*.json")
                 for case in json.loads(path.read_text())
                 if case["protocol_name"]
                 == "Noise_XX_25519_ChaChaPoly_SHA256"]
        for case in cases:
            self.play(case)

    def play(self, case):
        ends = [wire.Noise(role, bytes.fromhex(case[name + "_prologue"]),
                           private(case[name + "_static"]),
                           private(case[name + "_ephemeral"]))
                for role, name in enumerate(("init", "resp"))]
        first, second = ends
        texts = [bytes.fromhex(m["payload"]) for m in case["messages"]]
        sealed = [m["ciphertext"] for m in case["messages"]]
        one = first.write_e() + first.seal(texts[0])
        self.assertEqual(one.hex(), sealed[0])
        reader = wire.Reader(one)
        second.read_e(reader)
        second.open(reader.rest())
        two = second.keys_2() + second.seal(texts[1])
        self.assertEqual(two.hex(), sealed[1])
        reader = wire.Reader(two)
        first.read_keys_2(reader)
        self.assertEqual(first.open(reader.rest()), texts[1])
        three = first.write_s(first.re) + first.seal(texts[2])
        self.assertEqual(three.hex(), sealed[2])
        self.assertEqual(first.h.hex(), case["handshake_hash"])
        ciphers = first.split()
        for i, text in enumerate(texts[3:]):
            self.assertEqual(ciphers[(i + 1) % 2].seal(text).hex(),
                             sealed[i + 3])

    def test_trees_of_blobs_have_the_published_roots(self):
        cases = json.loads((VECTORS / "blobs/blobs.json").read_text())
        for case in cases["roots"]:
            blob = shelf.Blob(shelf.trees.content(0, case["size"]))
            self.assertEqual(blob.root.hex(), case["root"])
            self.assertEqual([h.hex() for h in blob.layer], case["layer"])


if __name__ == "__main__":
    unittest.main()
