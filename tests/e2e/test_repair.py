"""A damaged copy is found by its hashes and fetched again."""
import os
import unittest

import lab

SIZE = 3 * 1024 * 1024 + 7


class Repair(lab.LabTest):
    """A maker, and an archive whose disk goes bad."""

    def test_verify_finds_a_wrong_byte_and_repair_mends_it(self):
        maker = self.node("maker", person="Ada")
        archive = self.node("archive")
        maker.meet(archive)
        project = maker.json(
            "project", "create", "--title", "Song", "--goal", "One song",
            "--medium", "song", "--licence", "CC0-1.0")["id"]
        maker.json("contribute", "--project", project,
                   self.file("take.bin", os.urandom(SIZE)), "--title",
                   "Take", "--licence", "CC0-1.0")
        archive.json("seed", project)
        lab.until(lambda: archive.json("status")["blobs"]["count"] == 1,
                  "the copy")
        with open(self.copies(archive)[0], "r+b") as blob:
            blob.seek(2000000)
            blob.write(b"not what it was")
        found = archive.run("--json", "verify", "--data", check=False)
        self.assertEqual(found.returncode, 8)
        self.assertIn("BAD_BLOB", found.stdout)
        archive.run("--json", "verify", "--data", "--repair", check=False)
        lab.until(lambda: archive.run("verify", "--data",
                                      check=False).returncode == 0
                  and archive.json("status")["blobs"]["count"] == 1,
                  "the repair")

    @staticmethod
    def copies(node):
        return [path for path in (node.home / "data" / "blobs").rglob("*")
                if path.is_file() and path.name.endswith(f".{SIZE}")]


if __name__ == "__main__":
    unittest.main()
