"""Bundles by somebody else, made from docs/protocol.md: what a node takes of
them is what it would take of a peer."""
import json
import time
import unittest

import bundles
import lab
from wire import records

DAY = 86400000
RECORDS = 64  # of a stranger, a day
PROJECT, VOUCH, CONTRIBUTION, RETRACTION = 7, 3, 13, 36


class Hostile(lab.LabTest):
    """Anna's project, written by hand."""

    def setUp(self):
        super().setUp()
        self.n = self.node("n")
        self.now = int(time.time() * 1000)
        self.noon = (self.now // DAY - 1) * DAY + DAY // 2
        self.project, self.topic = records.record(
            kind=PROJECT, created=self.noon, fields={
                "title": "Film", "goal": "One film", "medium": 1,
                "licence": "CC0-1.0",
                "terms": {"pay": 1, "decision": 1, "ml_use": 1}})

    def bundle(self, *made, blobs=(), odd=()):
        """A bundle of the project and these records."""
        writer = bundles.Writer().begin(self.topic)
        for record in (self.project, *made):
            writer.put(bundles.RECORD, records.pack(record))
        for kind in odd:
            writer.put(kind, b"new")
        for root, size in blobs:
            writer.blob(root, size)
        return self.file("made.troupe", writer.end())

    def comment(self, text="Hello", person=records.BEN, at=1, **more):
        return records.record(person=person, created=self.noon + at,
                              topic=self.topic, links=[(6, self.topic)],
                              fields={"text": text}, **more)[0]

    def taken(self, path, code=0):
        """What the import says of it."""
        done = self.n.run("--json", "archive", "import", str(path),
                          check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout)

    def test_a_stranger_has_the_budget_of_a_stranger(self):
        said = [self.comment(f"Number {i}", at=i + 1) for i in range(100)]
        path = self.bundle(*said)
        done = self.taken(path)
        self.assertEqual((done["stored"], done["over"], done["refused"]),
                         (1 + RECORDS, 100 - RECORDS, 0))
        self.assertEqual(len(self.n.records(self.topic.hex())), 1 + RECORDS)
        again = self.taken(path)
        self.assertEqual((again["stored"], again["over"]),
                         (0, 100 - RECORDS))
        # Vouched for, at the end of the file, all of it is welcome.
        vouch = records.record(kind=VOUCH, created=self.noon + 500,
                               topic=self.topic,
                               fields={"person": records.BEN.id})[0]
        done = self.taken(self.bundle(*said, vouch))
        self.assertEqual((done["stored"], done["over"]),
                         (100 - RECORDS + 1, 0))
        self.assertEqual(len(self.n.records(self.topic.hex())), 102)

    def test_what_no_peer_could_bring_is_refused(self):
        other = records.record(kind=PROJECT, created=self.noon, fields={
            "title": "Another", "goal": "Other", "medium": 1,
            "licence": "CC0-1.0",
            "terms": {"pay": 1, "decision": 1, "ml_use": 1}})[0]
        late = self.comment("Of the future", at=3 * DAY)
        forged = self.comment("Not mine", signature=bytes(64))
        nobody = records.record(
            person=records.BEN, created=self.noon, topic=self.topic,
            links=[(6, self.topic)], fields={"text": "Who?"},
            certificate=None)[0]
        erased = self.comment("Gone", sent_body=None)
        path = self.bundle(other, late, forged, nobody, erased,
                           [b"odd", None, bytes(64), None],
                           self.comment("Good"))
        done = self.taken(path, code=8)
        # Ben's certificate came beside others of his, but only those that
        # were taken in count.
        self.assertEqual(done["stored"] + done["refused"], 8)
        self.assertGreaterEqual(done["refused"], 5)
        held = self.n.json("record", "list", "--topic",
                           self.topic.hex())["items"]
        self.assertIn("comment", {item["kind"] for item in held})
        self.assertEqual(len(held), done["stored"])
        self.assertEqual({item["topic"] for item in held},
                         {self.topic.hex()})

    def test_a_body_may_be_away_beside_its_retraction(self):
        gone, ident = records.record(
            person=records.BEN, created=self.noon + 1, topic=self.topic,
            links=[(6, self.topic)], fields={"text": "Gone"})
        erased = [gone[0], None, *gone[2:]]
        back = records.record(kind=RETRACTION, person=records.BEN,
                              created=self.noon + 2, topic=self.topic,
                              links=[(6, ident)],
                              fields={"reason": "It was wrong"})[0]
        done = self.taken(self.bundle(erased), code=8)
        self.assertEqual((done["stored"], done["refused"]), (1, 1))
        done = self.taken(self.bundle(back, erased))
        self.assertEqual((done["stored"], done["known"]), (2, 1))

    def test_a_name_takes_no_room(self):
        blob = {"name": "huge.mkv", "media_type": "video/x",
                "blob": [b"r" * 32, 1 << 44]}
        work = records.record(
            kind=CONTRIBUTION, created=self.noon + 1, topic=self.topic,
            fields={"title": "Huge", "licence": "CC0-1.0", "media_kind": 1,
                    "work_kind": 1, "rights_statement": "mine",
                    "files": [blob]})[0]
        done = self.taken(self.bundle(work, blobs=[(b"r" * 32, 1 << 44),
                                                   (b"s" * 32, 5)],
                                      odd=[99]))
        self.assertEqual((done["blobs"], done["blobs_unnamed"]), (0, 1))
        self.assertEqual([(hole["name"], hole["size"]) for hole in
                          done["holes"]], [("huge.mkv", 1 << 44)])
        self.assertEqual(list((self.n.home / "data" / "blobs").rglob(
            "*.part")), [])

    def test_what_must_not_be_ignored_is_not(self):
        failed = self.n.refused("archive", "import",
                                str(self.bundle(odd=[98])))
        self.assertEqual(failed.code, 12)


if __name__ == "__main__":
    unittest.main()
