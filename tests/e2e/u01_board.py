"""U1: a board, a journal, and courage that somebody walks along with."""
import unittest

import lab
from test_peer import signed
from wire import records

LICENCE = "CC-BY-4.0"


class Board(lab.LabTest):
    """A and B are there; C comes later and knows B alone."""

    def setUp(self):
        super().setUp()
        self.a = self.node("a", person="Ada")
        self.b = self.node("b", person="Ben")
        self.b.meet(self.a)
        self.person_a = self.a.json("person", "show")["person"]
        self.person_b = self.b.json("person", "show")["person"]

    def has(self, node, topic, *ids):
        lab.until(lambda: set(ids) <= node.records(topic), "records")

    def give(self, node, board, name):
        work = self.file(f"{name}.txt", f"{name} " * 100)
        return node.json("contribute", "--project", board, work, "--title",
                         name, "--licence", LICENCE, "--accept-terms")["id"]

    def test_all_of_it_reaches_who_joins_later(self):
        entry = self.a.json("journal", "write", self.file(
            "night.txt", "I could not sleep, so I wrote."), "--title",
            "The first night")["id"]
        board = self.a.json(
            "project", "create", "--title", "The Hearth", "--goal",
            "A place to talk", "--medium", "board", "--licence",
            LICENCE)["id"]
        lab.until(lambda: board in [p["id"] for p in self.b.json(
            "project", "list")["items"] if p["listed"]], "the board")
        self.b.json("project", "follow", board)
        self.b.json("person", "follow", self.person_a)
        self.has(self.b, self.person_a, entry)
        self.has(self.b, board, board)

        thread = self.b.json("thread", "create", board, "--title",
                             "I cannot sing", "--text", "But I want to.")["id"]
        courage = self.b.json("courage", "declare", thread,
                              "Sing in front of people")["id"]
        self.has(self.a, board, courage)
        help_ = self.a.json("courage", "help", courage,
                            "I play, you sing")["id"]
        comment = self.a.json("comment", thread, "One verse, tonight?")["id"]
        pinned = self.a.json("comment", thread, "Be kind here",
                             "--pinned")["id"]
        self.has(self.b, board, help_, comment, pinned)
        tries = []
        for name in ("one verse", "the whole song"):
            work = self.give(self.b, board, name)
            self.b.json("courage", "attempt", courage, work)
            tries.append(work)
        self.has(self.a, board, *tries)
        song = self.file("keepsake.txt", "the song, as it was sung")
        # Two of a kind: it is a keepsake only if it names them both.
        alone = self.a.json(
            "release", "publish", "--project", board, "--title", "Alone",
            "--medium", "song", "--file", song, "--part", tries[1],
            "--credit", f"{self.person_b}=voice")["id"]
        keepsake = self.a.json(
            "release", "publish", "--project", board, "--title", "Sung",
            "--medium", "song", "--file", song, "--part", tries[1],
            "--credit", f"{self.person_b}=voice", "--credit",
            f"{self.person_a}=guitar")["id"]
        self.has(self.b, board, keepsake, alone)
        refused = self.b.refused("courage", "keep", courage, alone)
        self.assertEqual(refused.code, 5)
        self.assertIn("both", refused.err)
        self.b.json("courage", "keep", courage, keepsake)

        c = self.node("c", person="Cyd")
        c.meet(self.b)
        c.json("project", "follow", board)
        c.json("person", "follow", self.person_a)
        expected = self.b.records(board)
        lab.until(lambda: c.records(board) == expected, "the board")
        self.has(c, self.person_a, entry)
        self.has(self.a, board, *expected)
        shown = [n.json("thread", "show", thread) for n in (self.a, self.b, c)]
        for words in shown:
            self.assertEqual([w["id"] for w in words["comments"]],
                             [pinned, comment])
            self.assertEqual(words["text"], "But I want to.")
        walks = [n.json("courage", "show", courage)
                 for n in (self.a, self.b, c)]
        for walk in walks:
            self.assertEqual(walk["progress"], "kept")
            self.assertEqual(walk["helper"], self.person_a)
            self.assertEqual(walk["attempts"], tries)
            self.assertEqual(walk["keepsake"], keepsake)
            self.assertEqual([h["id"] for h in walk["helpers"]], [help_])
        journal = c.json("journal", "list", self.person_a)["items"]
        self.assertEqual([j["id"] for j in journal], [entry])
        self.assertIn("could not sleep", journal[0]["text"])

        # A comment in A's name that A never signed is taken nowhere.
        forged = signed(kind=27, person=records.Person("Mallory"),
                        author=bytes.fromhex(self.person_a),
                        topic=bytes.fromhex(board),
                        links=[(6, bytes.fromhex(thread))],
                        fields={"text": "I give up"})
        for node in (self.a, self.b, c):
            before = node.records()
            done = node.run("record", "import", self.file("f", forged),
                            check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(node.records(), before)


if __name__ == "__main__":
    unittest.main()
