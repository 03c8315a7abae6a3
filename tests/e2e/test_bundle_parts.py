"""Bundles of what is partly there, that are killed, damaged anywhere, long."""
import json
import pathlib
import random
import threading
import unittest

import lab
from bundles import BLOB, MIB, SPAN, items, rebuild

LICENCE = "CC-BY-4.0"
FLIPS = 40
RECORDS = 3000 if lab.SANITIZED else 20000
FLAT_KIB = 16 * 1024


class Peak(threading.Thread):
    """The most memory that a daemon had since it was begun to be watched."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node = node
        self.first = self.most = node.memory_anon_kb()
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.01):
            self.most = max(self.most, self.node.memory_anon_kb())

    def end(self):
        """How much more it was than at first, in KiB."""
        self.ended.set()
        self.join()
        return self.most - self.first


class BundleParts(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(12)
        self.a = self.node("a", person="Ada")
        self.project = self.a.json(
            "project", "create", "--title", "Film", "--goal", "One film",
            "--medium", "short_film", "--licence", LICENCE)["id"]

    def work(self, *sizes):
        """A work with files of so many random bytes; its answer."""
        paths = [self.file(f"{size}.bin", self.random.randbytes(size))
                 for size in sizes]
        return self.a.json("contribute", "--project", self.project, *paths,
                           "--title", "Work", "--licence", LICENCE,
                           "--rights", "own_work")

    def export(self, node, name="a.troupe"):
        path = self.folder / name
        return path, node.json("archive", "export", self.project, "--out",
                               path)

    def files(self, node):
        return [p for p in (node.home / "data" / "blobs").glob("??/*")]

    def test_what_is_partly_there_goes_out_and_in_as_it_is(self):
        work = self.work(5 * MIB + 77, 700, 40000)
        path, _ = self.export(self.a)
        gone = {number.to_bytes(8, "big") for number in (1, 4)}
        part = self.file("part.troupe", rebuild(
            path.read_bytes(), lambda kind, payload: kind != SPAN
            or len(payload) != 8 + MIB or payload[:8] not in gone))
        n = self.node("n")
        done = n.json("archive", "import", part)
        large = (f"{5 * MIB + 77}.bin", 3 * MIB + 77)
        self.assertEqual([(hole["name"], hole["have"])
                          for hole in done["holes"]], [large])
        self.assertEqual(done["blobs"], 2)

        # What is held of it goes on, and the hole is told everywhere.
        out, told = self.export(n, "n.troupe")
        self.assertEqual(out.read_bytes(), part.read_bytes())
        self.assertEqual([(hole["name"], hole["have"])
                          for hole in told["holes"]], [large])
        checked = n.refused("release", "verify", out)
        self.assertEqual(checked.code, 7)
        self.assertEqual(
            {file["name"]: file["state"]
             for file in json.loads(checked.out)["files"]},
            {large[0]: "missing", "700.bin": "whole", "40000.bin": "whole"})

        # The rest of it comes from somebody who has it, and only that.
        m = self.node("m")
        m.json("archive", "import", out)
        held = m.json("status")["blobs"]["partial_bytes"]
        self.assertEqual(held, large[1])
        m.meet(self.a)
        got = m.json("get", work["id"], "--out", self.folder / "got")
        self.assertEqual(got["count"], 3)
        for file in got["files"]:
            path = pathlib.Path(file["path"])
            self.assertEqual(lab.sha256(path),
                             lab.sha256(self.folder / path.name))
        self.assertEqual(m.json("verify", "--data")["findings"], [])

    def test_an_import_that_is_killed_anywhere_goes_on(self):
        self.work(96 * MIB + 5, 20 * MIB, 40000, 900)
        path, _ = self.export(self.a)
        n = self.node("n")

        def taken():
            return sum(p.stat().st_blocks * 512 for p in self.files(n))

        def whole():
            return any(not p.name.endswith(".part") and
                       p.stat().st_size > MIB for p in self.files(n))

        points = [lambda: n.json("job", "list")["items"],
                  lambda: any(n.home.glob("data/blobs/??/*")),
                  lambda: taken() > 70 * MIB, whole,
                  lambda: taken() > 116 * MIB]
        for point in points:
            client = n.begin("archive", "import", path)
            lab.until(lambda: client.poll() is not None or point(), "a moment")
            n.kill()
            client.wait()
            n.start()
            self.assertEqual(n.json("verify", "--data")["findings"], [])
        done = n.json("archive", "import", path)
        self.assertEqual((done["blobs"], done["holes"]), (4, []))
        self.assertEqual(n.json("verify", "--data")["findings"], [])
        self.assertEqual(n.records(self.project), self.a.records(self.project))
        self.assertEqual(n.json("status")["blobs"]["partial_bytes"], 0)
        same, _ = self.export(n, "n.troupe")
        self.assertEqual(lab.sha256(same), lab.sha256(path))

    def test_a_flipped_bit_anywhere_is_found_and_does_no_harm(self):
        self.work(2 * MIB + 77, 40000, 900)
        path, _ = self.export(self.a)
        whole = path.read_bytes()
        n = self.node("n")
        # As many where records are as in the bytes of files.
        blobs = next(at for kind, at, _ in items(whole) if kind == BLOB)
        spots = [self.random.randrange(end) for end in (blobs, len(whole))
                 for _ in range(FLIPS // 2)]
        for at in spots:
            bad = bytearray(whole)
            bad[at] ^= 1 << self.random.randrange(8)
            file = self.file("bad.troupe", bytes(bad))
            # Wrong, of another network, or made by a later release.
            self.assertIn(n.refused("release", "verify", file).code,
                          (5, 8, 12), at)
            # An import passes over the bytes of what is here already.
            done = n.run("archive", "import", file, check=False)
            self.assertIn(done.returncode, (0, 5, 8, 12), (at, done.stderr))
        self.assertEqual(n.json("verify", "--data")["findings"], [])
        self.assertLessEqual(n.records(self.project),
                             self.a.records(self.project))
        done = n.json("archive", "import", path)
        self.assertEqual((done["blobs"], done["holes"]), (3, []))
        same, _ = self.export(n, "n.troupe")
        self.assertEqual(same.read_bytes(), whole)

    def test_many_records_flow_through_flat_memory(self):
        lines = "".join(json.dumps(
            {"kind": "comment", "project": self.project,
             "fields": {"text": f"Number {i} " + "x" * 80,
                        "target": self.project}}) + "\n"
            for i in range(RECORDS))
        self.a.json("record", "import", self.file("drafts.jsonl", lines))
        self.a.stop()  # what it remembers of them goes
        self.a.start()
        peak = Peak(self.a)
        path, told = self.export(self.a)
        more = [peak.end()]
        self.assertGreater(told["records"], RECORDS)
        n = self.node("n")
        peak = Peak(n)
        done = n.json("archive", "import", path)
        more.append(peak.end())
        self.assertEqual((done["stored"], done["refused"], done["over"]),
                         (told["records"], 0, 0))
        self.assertEqual(n.records(self.project), self.a.records(self.project))
        if not lab.SANITIZED:
            self.assertLess(max(more), FLAT_KIB, more)
            self.assertGreater(path.stat().st_size, 5 * MIB)


if __name__ == "__main__":
    unittest.main()
