"""Many records from one file: drafts made here, exact ones taken as they are."""
import io
import json
import unittest

import msgpack

import lab

COMMENTS = 3000


def comment(project, text, **more):
    return {"kind": "comment", "project": project,
            "fields": {"text": text, "target": project}, **more}


def bare(records):
    """Their certificates away, but for the first."""
    unpacker = msgpack.Unpacker(io.BytesIO(records), raw=True)
    return b"".join(
        msgpack.packb(record if i == 0 else record[:3] + [None])
        for i, record in enumerate(unpacker))


class Import(lab.LabTest):
    """A leader with much to say, and a friend who hears it."""

    def setUp(self):
        super().setUp()
        self.leader = self.node("leader", person="Ada")
        self.project = self.leader.json(
            "project", "create", "--title", "Song", "--goal", "One song",
            "--medium", "song", "--licence", "CC0-1.0")["id"]

    def lines(self, drafts):
        return self.file("drafts.jsonl", "".join(
            draft if isinstance(draft, str) else json.dumps(draft) + "\n"
            for draft in drafts).encode())

    def count(self, node):
        return {topic["id"]: topic["records"] for topic
                in node.json("status")["topics"]}.get(self.project, 0)

    def test_thousands_of_drafts_are_signed_stored_and_told(self):
        friend = self.node("friend")
        friend.run("project", "follow", self.project)
        friend.meet(self.leader)
        before = self.count(self.leader)
        path = self.lines(comment(self.project, f"Number {i}")
                          for i in range(COMMENTS))
        result = self.leader.json("record", "import", path)
        self.assertEqual((result["stored"], result["known"],
                          result["refused"]), (COMMENTS, 0, 0))
        self.assertEqual(result["errors"], [])
        self.assertEqual([item["line"] for item in result["ids"]],
                         list(range(1, COMMENTS + 1)))
        self.assertEqual(len({item["id"] for item in result["ids"]}),
                         COMMENTS)
        self.assertEqual(self.count(self.leader), before + COMMENTS)
        lab.until(lambda: self.count(friend) == before + COMMENTS, "all")
        last = friend.json("record", "show", result["ids"][-1]["id"])
        self.assertEqual(last["fields"]["text"], f"Number {COMMENTS - 1}")
        self.assertTrue(last["in_force"])
        self.leader.kill()
        self.leader.start()
        self.assertEqual(self.count(self.leader), before + COMMENTS)
        self.leader.run("verify", "--data")

    def test_each_line_that_is_refused_is_named_and_the_others_stand(self):
        before = self.count(self.leader)
        path = self.lines([
            comment(self.project, "Good"), "\n", "{no json\n", "[1]\n",
            {"kind": "nonsense", "project": self.project, "fields": {}},
            comment(self.project, ""), comment(self.project, "x", odd=1),
            comment("ab" * 32, "To nobody"),
            {"kind": "role_grant", "project": self.project,
             "fields": {"person": "ab" * 32, "role": "no such role"}},
            comment(self.project, "Good, too")])
        done = self.leader.run("--json", "record", "import", path, check=False)
        result = json.loads(done.stdout)
        self.assertEqual(done.returncode, 8)
        self.assertEqual(sorted(error["line"] for error in result["errors"]),
                         [3, 4, 5, 6, 7, 8, 9])
        texts = {error["line"]: error["text"] for error in result["errors"]}
        self.assertIn("people make no records", texts[5])
        self.assertIn('the field "text"', texts[6])
        self.assertIn("no other keys", texts[7])
        self.assertEqual((result["stored"], result["refused"]), (2, 7))
        self.assertEqual([item["line"] for item in result["ids"]], [1, 10])
        self.assertEqual(self.count(self.leader), before + 2)

    def test_drafts_come_from_standard_input_and_need_a_person(self):
        draft = json.dumps(comment(self.project, "Piped"))
        result = json.loads(self.leader.run(
            "--json", "record", "import", "-", stdin=draft).stdout)
        self.assertEqual(result["stored"], 1)
        archive = self.node("archive")
        path = self.lines([comment(self.project, "By nobody")])
        self.assertEqual(archive.run("record", "import", path,
                                     check=False).returncode, 11)

    def test_revisions_of_one_file_are_newer_than_what_they_revise(self):
        first = self.leader.json("comment", self.project, "One")["id"]
        path = self.lines([comment(self.project, "Two", revises=first),
                           comment(self.project, "Three", revises=first)])
        ids = self.leader.json("record", "import", path)["ids"]
        self.assertTrue(self.leader.json("record", "show",
                                         ids[1]["id"])["in_force"])
        self.assertFalse(self.leader.json("record", "show",
                                          ids[0]["id"])["in_force"])

    def test_exact_records_are_taken_once(self):
        raw = self.leader.run("record", "raw", self.project, text=False)
        path = self.file("raw", raw.stdout)
        other = self.node("other")
        other.run("project", "follow", self.project)
        self.assertEqual(other.json("record", "import", path)["stored"], 1)
        self.assertEqual(other.json("record", "import", path)["known"], 1)

    def test_records_of_many_calls_need_one_certificate(self):
        drafts = self.lines(comment(self.project, f"{i:0900}")
                            for i in range(1500))
        made = self.leader.json("record", "import", drafts)["ids"]
        ids = [self.project] + [item["id"] for item in made]
        whole = b"".join(
            self.leader.run("record", "raw", *ids[at:at + 250], text=False)
            .stdout for at in range(0, len(ids), 250))
        other = self.node("other")
        other.run("project", "follow", self.project)
        result = other.json("record", "import", self.file("raw", bare(whole)))
        self.assertEqual((result["stored"], result["refused"]),
                         (len(ids), 0))


if __name__ == "__main__":
    unittest.main()
