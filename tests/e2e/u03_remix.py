"""U3: contribute, cite, remix; three generations; claims and their answers."""
import unittest

import lab
import peer
import wire
from liar import Flipper
from shelf import Blob
from test_peer import contribution
from wire import records

LICENCE = "CC-BY-4.0"


class Remix(lab.LabTest):
    """C writes a poem, D draws from it, A sings both."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c, self.d = (
            self.node(name, person=name)
            for name in ("Ada", "Ben", "Cyd", "Dan"))
        self.everybody = [self.a, self.b, self.c, self.d]
        for node in self.everybody[1:]:
            node.meet(self.a)
        self.project = self.a.json(
            "project", "create", "--title", "Sea Songs", "--goal", "A song",
            "--medium", "song", "--licence", LICENCE)["id"]
        for node in self.everybody[1:]:
            node.json("project", "follow", self.project)
            lab.until(lambda n=node: self.project in n.records(self.project))

    def give(self, node, title, *more, licence=LICENCE):
        return node.json("contribute", "--project", self.project,
                         self.file(f"{title}.txt", title), "--title", title,
                         "--licence", licence, "--accept-terms", *more)

    def everywhere(self, *ids):
        for node in self.everybody:
            lab.until(lambda n=node: set(ids) <= n.records(self.project),
                      "records")

    def tree(self, node, work):
        """Its nodes by title, its edges by what they say."""
        tree = node.json("tree", work)
        titles = {n["id"]: n.get("title") for n in tree["nodes"]}
        return set(titles.values()), {
            (titles[e["child"]], titles.get(e.get("source"),
                                            e.get("source_text")),
             e.get("relation"), e["state"]) for e in tree["edges"]}

    def everywhere_tree(self, work, nodes, edges):
        for node in self.everybody:
            lab.until(lambda n=node: self.tree(n, work) == (nodes, edges),
                      "the same tree")

    def test_three_generations_on_every_peer(self):
        poem = self.give(self.c, "Poem")["id"]
        self.everywhere(poem)
        drawing = self.give(self.d, "Drawing", "--from", poem, "--relation",
                            "adapted", "--thanks", "Your sea is my blue")
        self.everywhere(drawing["id"], *drawing["resources"])
        lab.until(lambda: any("Your sea is my blue" in item["text"]
                              for item in self.c.json("inbox")["items"]),
                  "the words of thanks")
        song = self.give(
            self.a, "Song", "--from", poem, "--relation", "performed",
            "--thanks", "I sing your words", "--from", drawing["id"],
            "--relation", "inspired", "--thanks", "I sang to it")
        self.everywhere(song["id"], *song["resources"])
        edges = {("Drawing", "Poem", "adapted", "cited"),
                 ("Song", "Poem", "performed", "cited"),
                 ("Song", "Drawing", "inspired", "cited")}
        everything = {"Poem", "Drawing", "Song"}
        for work in (poem, song["id"]):
            self.everywhere_tree(work, everything, edges)
        # Up and down from the drawing; what the song has besides is not its.
        self.everywhere_tree(drawing["id"], everything, edges - {
            ("Song", "Poem", "performed", "cited")})
        dot = self.b.run("tree", poem, "--dot").stdout
        self.assertIn("digraph", dot)
        self.assertEqual(dot.count("->"), 3)
        self.no_cycle(poem, song["id"])
        self.no_impossible_mix(poem)

    def no_cycle(self, poem, song):
        before = self.c.records(self.project)
        refused = self.c.refused("cite", poem, "--source", song, "--thanks",
                                 "Round and round")
        self.assertEqual(refused.code, 5)
        for words in ("\"Song\"", "\"Poem\"", "cycle"):
            self.assertIn(words, refused.err)
        self.assertEqual(self.c.records(self.project), before)

    def no_impossible_mix(self, poem):
        shared = self.give(self.b, "Shared", licence="CC-BY-SA-4.0")["id"]
        bound = self.give(self.c, "Bound", licence="CC-BY-NC-4.0")["id"]
        self.everywhere(shared, bound)
        refused = self.d.refused(
            "contribute", "--project", self.project,
            self.file("both.txt", "both"), "--title", "Both", "--licence",
            "CC-BY-4.0", "--accept-terms", "--from", poem, "--from", shared,
            "--from", bound, "--thanks", "to all of you")
        self.assertEqual(refused.code, 5)
        for words in ("CC-BY-SA-4.0 of \"Shared\"",
                      "CC-BY-NC-4.0 of \"Bound\""):
            self.assertIn(words, refused.err)

    def test_a_source_is_resolved_later_and_another_withdrawn(self):
        tune = self.give(self.b, "Tune", "--source-text", "a song of the ferry",
                         "--thanks", "whoever sang it")
        resource = tune["resources"][0]
        self.everywhere(tune["id"], resource)
        self.everywhere_tree(tune["id"], {"Tune"}, {
            ("Tune", "a song of the ferry", None, "cited")})
        ferry = self.give(self.c, "Ferry")["id"]
        self.everywhere(ferry)
        self.b.json("cite", "resolve", resource, "--source", ferry)
        self.everywhere_tree(tune["id"], {"Tune", "Ferry"}, {
            ("Tune", "Ferry", None, "cited")})
        self.b.json("cite", "withdraw", resource, "--reason",
                    "It was another song")
        self.everywhere_tree(tune["id"], {"Tune", "Ferry"}, {
            ("Tune", "Ferry", None, "withdrawn")})
        edge = self.d.json("tree", ferry)["edges"][0]
        self.assertEqual(edge["reason"], "It was another song")
        self.assertEqual(self.b.refused("cite", "withdraw", resource).code, 2)

    def test_a_claim_is_accepted_or_declined_by_the_author(self):
        mine = self.give(self.b, "Mine")["id"]
        yours = self.give(self.c, "Yours")["id"]
        self.everywhere(mine, yours)
        self.assertEqual(self.b.refused("cite", yours, "--source", mine,
                                        "--thanks", "so").code, 5)
        claim = self.b.json("cite", "claim", yours, "--source", mine,
                            "--relation", "used", "--thanks",
                            "I hear my bridge in it")["id"]
        self.everywhere(claim)
        self.everywhere_tree(yours, {"Mine", "Yours"},
                             {("Yours", "Mine", "used", "claimed")})
        self.assertEqual(self.d.refused("cite", "accept", claim).code, 5)
        self.c.json("cite", "decline", claim, "--reason", "I had not heard it")
        self.everywhere_tree(yours, {"Mine", "Yours"},
                             {("Yours", "Mine", "used", "declined")})
        self.c.json("cite", "accept", claim, "--thanks", "I did hear it")
        self.everywhere_tree(yours, {"Mine", "Yours"},
                             {("Yours", "Mine", "used", "cited")})

    def test_a_file_with_one_flipped_byte_is_rejected(self):
        """Nothing of it is shown or kept; who is honest is believed."""
        topic = bytes.fromhex(self.project)
        song = Blob(bytes(range(256)) * 4096 + b"the end")
        out = self.folder / "song"

        def meet(kind):
            one = kind(wire.dial(self.a.address))
            self.addCleanup(one.stop)
            one.start()
            one.follow(topic)
            one.wait(lambda: topic in one.shelf.records, "the project")
            one.shelf.blobs[song.root] = song
            return one

        liar = meet(Flipper)
        work = liar.publish(contribution(
            liar, topic, [song],
            person=records.Person("Finn"))).id.hex()
        self.everywhere(work)
        get = self.a.begin("get", work, "--out", out)
        self.addCleanup(get.kill)
        lab.until(lambda: "bad_blob" in self.a.log.read_text().lower(),
                  "the daemon to say so")
        self.assertFalse(any(out.glob("*")))
        liar.stop()
        honest = meet(peer.Peer)
        self.assertEqual(get.wait(lab.PATIENCE), 0)
        self.assertEqual([f.read_bytes() for f in out.glob("*")], [song.data])
        honest.stop()
        # And on from peer to peer, byte by byte.
        self.d.json("get", work, "--out", self.folder / "again")
        self.assertEqual([f.read_bytes() for f in
                          (self.folder / "again").glob("*")], [song.data])

    def test_three_works_of_one_author_for_one_request_all_stand(self):
        request = self.a.json(
            "request", "publish", "--project", self.project, "--title",
            "A wave", "--deliverable", "One wave, drawn", "--kind",
            "text")["id"]
        self.everywhere(request)
        works = [self.b.json("contribute", request,
                             self.file(f"wave{n}.txt", f"wave {n}"), "--title",
                             f"Wave {n}", "--licence", LICENCE,
                             "--accept-terms")["id"] for n in range(3)]
        self.everywhere(*works)
        for node in self.everybody:
            listed = node.json("contribution", "list", "--request", request)
            self.assertEqual({i["id"] for i in listed["items"]}, set(works))
            self.assertEqual([i["in_force"] for i in listed["items"]],
                             [True] * 3)
        by = self.d.json("contribution", "list", "--author",
                         self.b.json("person", "show")["person"])["items"]
        self.assertEqual({i["id"] for i in by}, set(works))


if __name__ == "__main__":
    unittest.main()
