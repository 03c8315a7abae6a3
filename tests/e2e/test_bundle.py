"""Archives and releases in one file: out, in, cut off, damaged, checked."""
import hashlib
import json
import os
import pathlib
import random
import subprocess
import unittest

import lab
from bundles import MAGIC, MIB, SPAN, items, rebuild


class Bundle(lab.LabTest):
    """Ada's project, of which Ben holds all but one file; N knows nothing."""

    def setUp(self):
        super().setUp()
        self.random = random.Random(11)
        self.a = self.node("a", person="Ada")
        self.b = self.node("b", person="Ben")
        self.project = self.a.json(
            "project", "create", "--title", "Film", "--goal", "One film",
            "--medium", "short_film", "--licence", "CC-BY-4.0")["id"]
        self.request = self.a.json(
            "request", "publish", "--project", self.project, "--title",
            "A crown", "--deliverable", "One", "--kind", "image")["id"]
        self.b.meet(self.a)
        self.b.run("project", "follow", self.project)

    def content(self, name, size):
        """A file of random bytes."""
        return self.file(name, self.random.randbytes(size))

    def seen(self, node, record):
        lab.until(lambda: node.run("record", "show", record,
                                   check=False).returncode == 0, record)

    def works(self):
        """Small, large and tiny works of both; Ben has all but one."""
        self.seen(self.b, self.request)
        film = self.content("film.mkv", 5 * MIB + 4321)
        one = self.content("one.png", 40000)
        tiny = self.content("tiny.txt", 300)
        empty = self.file("empty.txt", b"")
        lost = self.content("lost.wav", 70000)
        crown = self.b.json("contribute", self.request, str(one), str(tiny),
                            str(empty), "--title", "Crown", "--licence",
                            "CC-BY-4.0", "--accept-terms")["id"]
        gone = self.b.json("comment", self.request, "Not so")["id"]
        self.b.run("retract", gone, "--reason", "It was wrong")
        self.seen(self.a, crown)
        self.a.run("contribute", "--project", self.project, str(lost),
                   "--title", "Lost", "--licence", "CC-BY-4.0")
        cut = self.a.json("contribute", "--project", self.project, str(film),
                          "--title", "Cut", "--licence", "CC-BY-4.0")["id"]
        self.release = self.a.json(
            "release", "publish", "--project", self.project, "--title",
            "The Film", "--medium", "short_film", "--file", str(film),
            "--file", str(tiny), "--part", crown, "--part", cut,
            "--credit", self.b.json("person", "show")["person"] + "=crown",
            "--credit", self.a.json("person", "show")["person"] + "=film")["id"]
        lab.until(lambda: self.a.records(self.project) ==
                  self.b.records(self.project), "the same records")
        ada = self.a.json("person", "show")["person"]
        self.b.run("person", "follow", ada)
        lab.until(lambda: self.b.json("person", "show", ada).get("name")
                  == "Ada", "the name")

    def fetch(self):
        """Ben gets the film, and the network is gone."""
        self.b.run("get", self.release, "--out", self.folder / "got")
        self.a.stop()

    def export(self, node, name="a.troupe"):
        path = self.folder / name
        return path, node.json("archive", "export", self.project, "--out",
                               str(path))

    def shown(self, node):
        """What a node says of the project, without what is its own."""
        page = node.json("record", "list", "--topic", self.project,
                         "--limit", "500")["items"]
        for item in page:
            item.pop("local")
        return sorted(page, key=lambda item: item["id"])

    def test_an_archive_is_taken_in_without_a_network(self):
        self.works()
        self.fetch()
        path, told = self.export(self.b)
        self.assertEqual(told["records"], sum(
            kind == 4 for kind, _, _ in items(path.read_bytes())))
        self.assertEqual([hole["name"] for hole in told["holes"]],
                         ["lost.wav"])
        self.assertEqual((told["blobs"], told["holes_count"]), (5, 1))
        self.assertFalse(pathlib.Path(f"{path}.part").exists())
        other, _ = self.export(self.b, "again.troupe")
        self.assertEqual(path.read_bytes(), other.read_bytes())
        failed = self.b.refused("archive", "export", self.project, "--out",
                                str(path))
        self.assertEqual(failed.code, 5)

        n = self.node("n")
        done = n.json("archive", "import", str(path))
        self.assertEqual((done["records"], done["refused"], done["over"]),
                         (told["records"], 0, 0))
        self.assertEqual((done["blobs"], done["blobs_stored"]), (4, 4))
        self.assertEqual([(hole["name"], hole["size"], hole["have"])
                          for hole in done["holes"]], [("lost.wav", 70000, 0)])
        self.assertEqual(self.shown(n), self.shown(self.b))
        self.assertEqual(n.json("credits", self.release),
                         self.b.json("credits", self.release))
        self.assertEqual([line["name"] for line in
                          n.json("credits", self.release)["credits"]],
                         ["Ben", "Ada"])
        self.assertEqual(n.json("verify", "--data")["findings"], [])
        n.run("get", self.release, "--out", self.folder / "out")
        self.assertEqual(lab.sha256(self.folder / "out" / "film.mkv"),
                         lab.sha256(self.folder / "film.mkv"))
        same, _ = self.export(n, "n.troupe")
        self.assertEqual(same.read_bytes(), path.read_bytes())

        again = n.json("archive", "import", str(path))
        self.assertEqual((again["stored"], again["known"],
                          again["blobs_stored"], again["blobs"]),
                         (0, told["records"], 0, 4))
        self.assertEqual(n.records(), n.records())

    def test_archives_flow_through_pipes(self):
        self.works()
        self.fetch()
        path, _ = self.export(self.b)
        out = subprocess.run(
            [str(lab.TROUPE), "--home", str(self.b.home), "archive", "export",
             self.project, "--out", "-"], capture_output=True, check=True,
            timeout=lab.PATIENCE)
        self.assertEqual(out.stdout, path.read_bytes())
        n = self.node("n")
        done = n.run("--json", "archive", "import", "-", text=False,
                     stdin=out.stdout)
        self.assertEqual(json.loads(done.stdout)["blobs"], 4)
        self.assertEqual(self.shown(n), self.shown(self.b))
        checked = n.run("--json", "release", "verify", "-", text=False,
                        stdin=out.stdout, check=False)
        self.assertEqual(checked.returncode, 7)
        cut = n.run("--json", "archive", "import", "-", text=False,
                    stdin=out.stdout[:-1], check=False)
        self.assertEqual(cut.returncode, 8)

    def test_a_release_is_checked_without_a_daemon(self):
        self.works()
        path = self.folder / "film.troupe"
        told = self.a.json("release", "bundle", self.release, "--out",
                           str(path))
        self.assertEqual((told["blobs"], told["holes"]), (2, []))
        nobody = lab.Node(self.folder / "nobody")
        good = nobody.json("release", "verify", str(path))
        self.assertEqual((good["title"], good["in_force"], good["missing"]),
                         ("The Film", True, 0))
        self.assertEqual(good["author"]["name"], "Ada")
        self.assertEqual([(line["name"], line["roles"])
                          for line in good["credits"]],
                         [("Ben", ["crown"]), ("Ada", ["film"])])
        self.assertEqual({file["name"]: file["state"]
                          for file in good["files"]},
                         {"film.mkv": "whole", "tiny.txt": "whole"})
        said = nobody.run("release", "verify", str(path)).stdout
        for word in ("The Film", "Ben", "crown", "film.mkv", "whole"):
            self.assertIn(word, said)

        whole = path.read_bytes()
        spans = [at for kind, at, _ in items(whole) if kind == SPAN]
        for at, code in ((spans[0] + 1000, 8), (200, 8), (len(whole) - 1, 8),
                         (spans[1] + 2, 8), (3, 8)):
            bad = bytearray(whole)
            bad[at] ^= 1
            failed = nobody.refused("release", "verify",
                                    str(self.file("bad.troupe", bytes(bad))))
            self.assertEqual(failed.code, code, at)
        for size in (0, 10, 300, len(whole) // 2, len(whole) - 1):
            failed = nobody.refused(
                "release", "verify",
                str(self.file("cut.troupe", whole[:size])))
            self.assertEqual(failed.code, 8, size)
        failed = nobody.refused("release", "verify",
                                str(self.file("long.troupe", whole + b"x")))
        self.assertEqual(failed.code, 8)

        n = self.node("n")
        done = n.json("archive", "import", str(path))
        self.assertEqual((done["blobs"], done["holes"]), (2, []))
        self.assertEqual(self.shown(n), self.shown(self.a))

    def test_a_file_that_is_missing_is_said_to_be(self):
        self.works()
        path = self.folder / "b.troupe"
        told = self.b.json("release", "bundle", self.release, "--out",
                           str(path))
        self.assertEqual({hole["name"] for hole in told["holes"]},
                         {"film.mkv"})
        failed = self.b.refused("release", "verify", str(path))
        self.assertEqual(failed.code, 7)
        self.assertEqual(json.loads(failed.out)["missing"], 1)

    def test_what_is_damaged_costs_that_alone(self):
        self.works()
        self.fetch()
        path, told = self.export(self.b)
        whole = bytearray(path.read_bytes())
        spans = [(at, payload) for kind, at, payload in items(whole)
                 if kind == SPAN and len(payload) == 8 + MIB]
        whole[spans[1][0] + 99999] ^= 4
        bad = self.file("bad.troupe", bytes(whole))
        n = self.node("n")
        failed = n.refused("archive", "import", str(bad))
        self.assertEqual(failed.code, 8)
        done = json.loads(failed.out)
        self.assertEqual((done["damaged"], done["blobs"]), (1, 3))
        self.assertEqual(sorted((hole["name"], hole["have"])
                                for hole in done["holes"]),
                         [("film.mkv", 4 * MIB + 4321), ("lost.wav", 0)])
        self.assertEqual(self.shown(n), self.shown(self.b))
        # A good copy brings what is missing, and nothing else.
        done = n.json("archive", "import", str(path))
        self.assertEqual((done["stored"], done["blobs"],
                          done["blobs_stored"]), (0, 4, 1))
        same, _ = self.export(n, "n.troupe")
        self.assertEqual(same.read_bytes(), path.read_bytes())
        self.assertEqual(n.json("verify", "--data")["findings"], [])

    def test_wrong_files_are_refused(self):
        n = self.node("n", "--network", "test-other")
        path, _ = self.export(self.a)
        for content in (b"", b"x", b"troupe bundle 2\n", MAGIC,
                        os.urandom(1000)):
            failed = n.refused("archive", "import",
                               str(self.file("odd.troupe", content)))
            self.assertEqual(failed.code, 8, content[:20])
            checked = n.refused("release", "verify",
                                str(self.folder / "odd.troupe"))
            self.assertEqual(checked.code, 8, content[:20])
            for said in (failed, checked) if content != MAGIC else ():
                self.assertEqual(said.error["error"], "this file is no bundle")
                self.assertIn("troupe archive export", said.error["hint"])
        for command in (("archive", "import"), ("release", "verify")):
            for odd in (self.folder, "/no/such"):
                failed = n.refused(*command, str(odd))
                self.assertEqual((failed.code, failed.error["hint"][1:]), (
                    3, "heck the path, and that you may read it"
                    + "." * (command[0] == "archive")), odd)
        for words in ((), ("--out", str(self.folder))):
            failed = self.a.refused("archive", "export", self.project, *words)
            self.assertEqual(failed.code, 2, words)
            self.assertIn("--out", failed.error["hint"])
        failed = self.a.refused("release", "bundle", self.project, "--out",
                                str(self.folder / "none"))
        self.assertIn("troupe record show", failed.error["hint"])
        self.assertEqual(n.refused("archive", "import", str(path)).code, 5)
        self.assertEqual(n.refused("archive", "import", "/no/such").code, 3)
        self.assertEqual(n.records(), set())
        self.assertEqual(self.a.refused(
            "archive", "export", self.project, "--out", "/no/such/file").code,
            3)
        self.assertEqual(self.a.refused(
            "archive", "export", "ab" * 32, "--out",
            str(self.folder / "none")).code, 3)

    def test_what_is_not_wanted_here_is_not_taken_in(self):
        self.works()
        path, told = self.export(self.a)
        n = self.node("n", person="Nora")
        ben = self.b.json("person", "show")["person"]
        root = self.a.json("release", "show", self.release)["files"][0]["root"]
        n.run("takedown", root, "--reason", "Not here")
        n.run("block", ben, "--reason", "No")
        done = n.json("archive", "import", str(path))
        self.assertIn((root, "taken down here"),
                      {(hole["root"], hole["why"]) for hole in done["holes"]})
        # The crown is Ben's: nothing that is held names its files, but for
        # tiny.txt, which Ada has released.  lost.wav is hers.
        self.assertEqual(done["blobs"], 2)
        self.assertEqual((told["holes"], done["blobs_unnamed"]), ([], 2))

    def test_naming_a_file_gives_it_to_nobody(self):
        private = [self.content("small.txt", 900),
                   self.content("large.bin", 3 * MIB + 5)]
        n = self.node("n", person="Nora")
        own = n.json("project", "create", "--title", "Mine", "--goal", "Mine",
                     "--medium", "song", "--licence", "CC0-1.0")["id"]
        n.run("contribute", "--project", own, *map(str, private), "--title",
              "Mine", "--licence", "CC0-1.0")
        self.a.run("contribute", "--project", self.project,
                   *map(str, private), "--title", "Named", "--licence",
                   "CC0-1.0")
        path, _ = self.export(self.a)
        whole = path.read_bytes()
        self.assertEqual(rebuild(whole, lambda *_: True), whole)
        none = self.file("none.troupe",
                         rebuild(whole, lambda kind, _: kind != SPAN))
        one = self.file("one.troupe", rebuild(
            whole, lambda kind, payload: kind != SPAN
            or payload[:8] != (2).to_bytes(8, "big")))
        done = n.json("archive", "import", str(none))
        self.assertEqual((done["blobs"], [hole["have"] for hole in
                                          done["holes"]]), (0, [0, 0]))
        done = n.json("archive", "import", str(one))
        self.assertEqual((done["blobs"], [hole["name"] for hole in
                                          done["holes"]]), (1, ["large.bin"]))
        done = n.json("archive", "import", str(path))
        self.assertEqual((done["blobs"], done["blobs_stored"],
                          done["holes"]), (2, 1, []))
        same, _ = self.export(n, "n.troupe")
        self.assertEqual(same.read_bytes(), whole)

    def test_a_daemon_that_is_killed_goes_on_where_it_was(self):
        big = self.folder / "big.bin"
        big.write_bytes(self.random.randbytes(96 * MIB))
        self.a.run("contribute", "--project", self.project, str(big),
                   "--title", "Big", "--licence", "CC-BY-4.0")
        path = self.folder / "big.troupe"
        part = pathlib.Path(f"{path}.part")
        client = self.a.begin("archive", "export", self.project, "--out",
                              str(path))
        lab.until(lambda: part.exists() and part.stat().st_size > 12 * MIB,
                  "some of it")
        self.a.kill()
        client.wait()
        self.assertFalse(path.exists())
        self.a.start()
        told = self.a.json("archive", "export", self.project, "--out",
                           str(path))
        self.assertGreater(told["kept"], 12 * MIB)
        self.assertEqual(told["holes"], [])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        again, _ = self.export(self.a, "again.troupe")
        self.assertEqual(lab.sha256(again), digest)
        again.unlink()

        n = self.node("n")
        client = n.begin("archive", "import", str(path))
        blobs = n.home / "data" / "blobs"
        lab.until(lambda: any(p.stat().st_size > 0 for p in
                              blobs.glob("*/*.part")), "some of it")
        n.kill()
        client.wait()
        n.start()
        done = n.json("archive", "import", str(path))
        self.assertEqual((done["blobs"], done["holes"]), (1, []))
        self.assertEqual(n.json("verify", "--data")["findings"], [])
        self.assertEqual(self.shown(n), self.shown(self.a))

    def test_an_export_that_is_cancelled_can_be_gone_on_with(self):
        self.works()
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        client = subprocess.Popen(
            [str(lab.TROUPE), "--home", str(self.a.home), "archive", "export",
             self.project, "--out", "-"], stdout=writer,
            stderr=subprocess.PIPE, text=True)
        os.close(writer)
        # Nobody reads: the pipe is full and the job waits.
        job = lab.until(lambda: next(
            (j["id"] for j in self.a.json("job", "list")["items"]
             if j["state"] == "running" and j["done"] > 0), None), "the job")
        self.a.run("job", "cancel", job)
        self.assertNotEqual(client.wait(lab.PATIENCE), 0)
        client.stderr.close()
        os.close(reader)


if __name__ == "__main__":
    unittest.main()
