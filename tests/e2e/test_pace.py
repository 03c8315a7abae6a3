"""While a file flows, a record waits for little of it (protocol.md 4.5): told
in bytes between the two, for how long they take is the way's affair."""
import os
import unittest

import lab
from relay import Gate

MIB = 1 << 20
FILE = 48 * MIB
FLOWS = 12 * MIB  # then the way is as fast as it gets
# What a node may have handed to the system or sealed and not sent yet, and
# what the gate and the system keep.
AHEAD = MIB + MIB // 2 + 4 * Gate.KEPT


class Pace(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.ada = self.node("ada", "--no-meet", person="Ada")
        self.project = self.ada.json(
            "project", "create", "--title", "A cat", "--goal", "A film",
            "--medium", "short_film", "--licence", "CC0-1.0")["id"]
        self.ada.json("contribute", "--project", self.project,
                      self.file("film.bin", os.urandom(FILE)),
                      "--title", "Film", "--licence", "CC0-1.0")
        self.gate = Gate(self.ada.address, FLOWS)
        self.addCleanup(self.gate.stop)
        self.ben = self.node("ben", "--no-meet")

    def held(self):
        topics = self.ben.json("status")["topics"]
        return sum(topic["blobs_held"] for topic in topics
                   if topic["id"] == self.project)

    def test_a_record_overtakes_what_waits_of_a_file(self):
        self.ben.json("seed", self.project)
        self.ben.json("peer", "add", f"{self.ada.node}@{self.gate.address}")
        lab.until(lambda: self.gate.passed == FLOWS, "some of the file")

        said = self.ada.json("comment", self.project, "It is coming.")["id"]
        self.gate.limit += AHEAD
        lab.until(lambda: said in self.ben.records(self.project),
                  "the record, behind no more than this of the file")
        self.assertEqual(self.held(), 0)

        self.gate.limit += 2 * FILE
        lab.until(lambda: self.held() == 1, "the rest")


if __name__ == "__main__":
    unittest.main()
