"""U11: safety and deletion: blocks, reports, rulings, take-downs, what an
author takes back, and what a stranger may not do."""
import time
import unittest

import crown
import lab
import peer
import shelf
import wire
from test_peer import LICENCE, signed
from wire import records

MALLORY = records.Person("Mallory")
COMMENT, RETRACTION, TARGET = 27, 36, 6
RECORDS = 64  # a stranger's budget of a day


class Safety(crown.CrownTest):
    """A leads, B keeps order, C makes and takes back; M is a nuisance."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c, self.m = (
            self.node(name, person=name)
            for name in ("Ada", "Bea", "Cyd", "Mo"))
        self.crown(self.a, self.b, self.c, self.m, join=("seed",))

    def person(self, node):
        return node.json("status")["person"]

    def reaches(self, ident, *nodes):
        for node in nodes or self.lab.nodes:
            lab.until(lambda n=node: ident in n.records(),
                      f"{ident} at {node.home.name}")

    def work(self, node, title, content, *extra):
        """A contribution, held with its file by everybody."""
        made = node.json("contribute", self.request,
                         self.file(f"{title}.txt", content), "--title", title,
                         "--licence", LICENCE, "--accept-terms", *extra)
        blob = made["blobs"][0]
        for other in self.lab.nodes:
            lab.until(lambda n=other: self.has(n, blob), f"{title}'s file")
        return made["id"], blob

    def has(self, node, blob):
        """Whether the node holds the file, by the file's own path."""
        inline = blob["size"] <= 16384
        if inline:
            raise AssertionError("files of these tests lie on the disk")
        return self.path(node, blob).exists()

    @staticmethod
    def path(node, blob):
        root = blob["root"]
        found = list(node.home.rglob(f"{root[:2]}/{root[2:]}.{blob['size']}"))
        return found[0] if found else node.home / "no such file"

    def bodies(self, node):
        """Ids of records that the node shows as held."""
        return {item["id"] for item in node.json(
            "record", "list", "--topic", self.project, "--limit",
            "500")["items"] if item["void_reason"] != "known, not held"}

    def listed(self, node):
        return {item["id"] for item in node.json(
            "contribution", "list", "--project", self.project)["items"]}

    def gone(self, node, ident, blob):
        lab.until(lambda: ident not in self.bodies(node)
                  and not self.has(node, blob),
                  f"{ident} to leave {node.home.name}")

    def again(self, node, index=False):
        """A restart, perhaps without the index."""
        node.stop()
        if index:
            for file in node.home.rglob("index.mdb*"):
                file.unlink()
        node.start()
        if node is not self.a:
            node.meet(self.a)
            return
        for other in self.lab.nodes:  # it listens at another port now
            if other is not node:
                other.meet(node)

    def agrees(self, node):
        """Caught up with its peers, and nothing wrong with what it has."""
        node.json("wait", f"caught-up:{self.project}")
        self.assertEqual(node.json("verify", "--data")["findings"], [])

    def test_a_blocked_person_leaves_and_comes_back(self):
        work, blob = self.work(self.m, "Nuisance", b"n" * 40000)
        kept, other = self.work(self.c, "Crown", b"c" * 50000)
        self.a.json("select", work, "chosen")
        release = self.a.json(
            "release", "publish", "--project", self.project, "--title",
            "Crowned", "--medium", "short_film", "--file",
            self.file("film.txt", "f" * 20000), "--part", work, "--part", kept,
            "--credit", f"{self.person(self.m)}=text",
            "--credit", f"{self.person(self.c)}=text",
            "--credit", f"{self.person(self.a)}=director")["id"]
        self.reaches(release, self.b)
        before = self.b.json("credits", release)["credits"]
        who = self.person(self.m)
        self.b.json("block", who, "--reason", "rude")
        self.gone(self.b, work, blob)
        self.assertEqual(self.listed(self.b), {kept})
        self.assertTrue(self.has(self.b, other))
        for command in (("contribution", "show", work), ("get", work),
                        ("cat", work)):
            refused = self.b.refused(*command)
            self.assertEqual(refused.code, 5, refused)
            self.assertIn("blocked", refused.err)
            self.assertIn(f"troupe unblock {who[:16]}", refused.err)
        self.assertEqual(self.b.json("credits", release)["credits"], before)
        for index in (False, True):
            self.again(self.b, index)
            self.agrees(self.b)
            self.assertEqual(self.listed(self.b), {kept})
            self.assertFalse(self.has(self.b, blob))
        late = self.m.json("comment", kept, "Boo")["id"]
        self.reaches(late, self.b)
        self.assertNotIn(late, self.bodies(self.b))
        self.assertEqual(
            [i["id"] for i in self.b.json("block", "list")["items"]], [who])
        self.assertIn(work, self.listed(self.a))  # a block is one's own

        self.b.json("unblock", who)
        lab.until(lambda: {work, late} <= self.bodies(self.b)
                  and self.has(self.b, blob), "it to come back")
        self.assertEqual(self.listed(self.b), {work, kept})
        self.agrees(self.b)
        self.assertEqual(self.b.json("block", "list")["items"], [])

    def test_a_block_ends_and_is_shared_only_if_wished(self):
        refused = self.b.refused("block", self.person(self.b))
        self.assertEqual(refused.code, 2)
        self.assertEqual(self.b.refused("unblock", self.person(self.m)).code,
                         3)
        shared = self.b.json("block", self.person(self.m), "--shareable")
        self.assertEqual(
            self.b.json("record", "show", shared["record"])["kind"], "block")

    def test_a_ruling_hides_for_who_follows_the_keeper(self):
        work, blob = self.work(self.m, "Nuisance", b"n" * 40000)
        report = self.c.json("report", work, "--reason", "not yours")["id"]
        self.reaches(report, self.b)
        self.assertIn(work, self.listed(self.b))
        ruling = self.b.json("ruling", work, "--reason", "stolen")["id"]
        self.assertIn(work, self.listed(self.b))
        keeper = self.person(self.b)
        self.a.json("keeper", "follow", keeper)
        self.reaches(ruling, self.a)
        lab.until(lambda: work not in self.listed(self.a), "the ruling")
        refused = self.a.refused("contribution", "show", work)
        self.assertEqual(refused.code, 5)
        self.assertIn("keeper", refused.err)
        self.assertTrue(self.has(self.a, blob))  # it is hidden, not erased
        self.assertIn(work, self.listed(self.c))
        self.a.json("keeper", "allow", work)
        self.assertIn(work, self.listed(self.a))
        self.a.json("keeper", "allow", work, "--end")
        self.assertNotIn(work, self.listed(self.a))
        self.b.json("retract", ruling, "--reason", "I was wrong")
        lab.until(lambda: work in self.listed(self.a), "the end of it")
        self.b.json("ruling", "--person", self.person(self.m), "--reason",
                    "a nuisance")
        lab.until(lambda: work not in self.listed(self.a), "the ruling")
        self.a.json("keeper", "unfollow", keeper)
        self.assertIn(work, self.listed(self.a))

    def test_strangers_wait_for_leave_to_speak_of_ones_work(self):
        work, _ = self.work(self.c, "Crown", b"c" * 50000)
        first = self.m.json("comment", work, "Look at my shop")["id"]
        second = self.m.json("comment", work, "Buy now")["id"]
        friend = self.b.json("comment", work, "It glows")["id"]
        led = self.a.json("comment", work, "Thank you")["id"]
        asked = self.m.json("comment", self.request, "How large?")["id"]
        self.reaches([first, second, friend, led, asked][-1])
        for ident in (first, second, friend, led):
            self.reaches(ident)
        self.c.json("inbox", "--mask", "comment=on")

        def shown(node):
            page = node.json("thread", "show", work)
            return ([c["id"] for c in page["comments"]],
                    page["local"]["hidden"])

        def waiting():
            return [i["id"] for i in self.c.json("contact",
                                                 "list")["items"]]

        def told():
            return [(i["kind"], i["id"], i["text"])
                    for i in self.c.json("inbox")["items"]]

        # It is hers alone: everybody else reads all of it.
        everything = [first, second, friend, led]
        for node in (self.a, self.b, self.m):
            self.assertEqual(shown(node), (everything, False))
        self.assertEqual(shown(self.c), ([led], True))
        self.assertEqual(waiting(), [friend, second, first])
        self.assertEqual(told(), [
            ("comment", led, "Thank you"), ("contact", friend, None),
            ("contact", second, None), ("contact", first, None)])
        # A request asks for words: nobody waits there.
        self.assertEqual([c["id"] for c in self.a.json(
            "thread", "show", self.request)["comments"]], [asked])
        # One comment, one person, whom one follows, everybody.
        self.c.json("contact", "allow", first)
        self.assertEqual(shown(self.c), ([first, led], True))
        self.c.json("contact", "allow", self.person(self.b))
        self.assertEqual(shown(self.c), ([first, friend, led], True))
        self.assertIn(("comment", friend, "It glows"), told())
        self.assertEqual({i["id"] for i in self.c.json(
            "contact", "allowed")["items"]}, {first, self.person(self.b)})
        self.c.json("contact", "allow", first, "--end")
        self.assertEqual(shown(self.c), ([friend, led], True))
        self.assertEqual(self.c.refused("contact", "allow", first,
                                        "--end").code, 3)
        self.again(self.c)
        self.assertEqual(shown(self.c), ([friend, led], True))
        self.c.json("person", "follow", self.person(self.m))
        self.assertEqual(shown(self.c), (everything, False))
        self.c.json("person", "unfollow", self.person(self.m))
        self.assertEqual(waiting(), [second, first])
        self.c.json("contact", "allow", "all")
        self.assertEqual(shown(self.c), (everything, False))
        self.assertEqual(waiting(), [])

    def test_what_is_hidden_is_hidden_within_what_is_shown(self):
        work, _ = self.work(self.c, "Crown", b"c" * 50000)
        rude = self.m.json("comment", work, "Boo")["id"]
        word = self.m.json("feedback", work, "Bad", "--tone", "note")["id"]
        fine = self.c.json("comment", work, "Thanks")["id"]
        self.reaches(rude, self.a)
        self.reaches(word, self.a)
        self.reaches(fine, self.a)
        keeper = self.person(self.b)
        self.a.json("keeper", "follow", keeper)

        def seen():
            thread = self.a.json("thread", "show", work)
            shown = self.a.json("contribution", "show", work)
            return ([c["id"] for c in thread["comments"]],
                    [f["id"] for f in shown["feedback"]],
                    thread["local"]["hidden"], shown["local"]["hidden"])

        self.assertEqual(seen(), ([rude, fine], [word], False, False))
        self.assertEqual(
            self.a.json("feedback", "list", work)["items"],
            self.a.json("contribution", "show", work)["feedback"])
        ruling = self.b.json("ruling", rude, "--reason", "rude")["id"]
        lab.until(lambda: seen() == ([fine], [word], True, False),
                  "the ruling")
        self.b.json("retract", ruling, "--reason", "I was wrong")
        lab.until(lambda: seen()[0] == [rude, fine], "the end of it")
        self.a.json("block", self.person(self.m))
        self.assertEqual(seen()[:2], ([fine], []))
        self.a.json("unblock", self.person(self.m))
        lab.until(lambda: seen() == ([rude, fine], [word], False, False),
                  "their words to come back")
        # Pages of one.
        page = self.a.json("thread", "show", work, "--limit", "1")
        self.assertEqual([c["id"] for c in page["comments"]], [rude])
        page = self.a.json("thread", "show", work, "--limit", "1", "--after",
                           page["next"])
        self.assertEqual([c["id"] for c in page["comments"]], [fine])
        self.assertIsNone(page["next"])

    def test_what_its_author_takes_back_goes_and_what_was_built_stays(self):
        source, blob = self.work(self.c, "Source", b"s" * 40000)
        remix, own = self.work(self.m, "Remix", b"r" * 40000, "--from", source,
                               "--relation", "adapted", "--thanks", "Fine!")
        release = self.a.json(
            "release", "publish", "--project", self.project, "--title",
            "Crowned", "--medium", "short_film", "--file",
            self.file("film.txt", "f" * 20000), "--part", remix,
            "--credit", f"{self.person(self.m)}=text",
            "--credit", f"{self.person(self.c)}=source",
            "--credit", f"{self.person(self.a)}=director")["id"]
        self.reaches(release)
        before = self.b.json("credits", release)["credits"]

        # Somebody else's retraction does nothing.
        with peer.Peer(wire.dial(self.a.address)) as stranger:
            stranger.follow(bytes.fromhex(self.project))
            forged = stranger.publish(signed(
                kind=RETRACTION, person=MALLORY,
                topic=bytes.fromhex(self.project),
                links=[(TARGET, bytes.fromhex(source))],
                fields={"reason": "mine"})).id.hex()
            self.reaches(forged)
        shown = self.b.json("record", "show", forged)
        self.assertFalse(shown["in_force"])
        self.assertEqual(self.m.refused(
            "retract", source, "--reason", "mine").code, 5)
        for node in self.lab.nodes:
            self.assertTrue(self.has(node, blob))
        final = self.a.refused("retract", release, "--reason", "no")
        self.assertEqual(final.code, 5)
        self.assertIn("final", final.err)

        self.c.json("retract", source, "--reason", "A voice is not mine",
                    "--keep-title", "--keep-licence")
        for node in self.lab.nodes:
            lab.until(lambda n=node: not self.has(n, blob)
                      and n.json("record", "show", source)["state"]
                      == "retracted", "the bytes to go")
            self.assertTrue(self.has(node, own))
            self.assertEqual(node.json("credits", release)["credits"], before)
            tree = node.json("tree", remix)
            self.assertIn((remix, source),
                          {(e["child"], e["source"]) for e in tree["edges"]})
            kept = next(n for n in tree["nodes"] if n["id"] == source)
            self.assertEqual(kept["title"], "Source")
            self.assertTrue(kept["retracted"])
            shown = node.json("record", "show", source)
            self.assertEqual(set(shown["fields"]), {"project", "request"})
            self.assertEqual(shown["title"], "Source")
            self.assertEqual(shown["author"], self.person(self.c))
        # Nothing of it is left on the disk.
        for node in (self.a, self.b):
            self.again(node, index=True)
        # Who comes later learns what is left of it, and has no error of it.
        late = self.node("late", person="Lea")
        late.meet(self.a)
        late.json("seed", self.project)
        lab.until(lambda: self.has(late, own), "the remix")
        for node in (self.a, self.b, late):
            self.agrees(node)
            lab.until(lambda n=node: n.json("record", "show", source)["state"]
                      == "retracted", "the state")
            self.assertFalse(self.has(node, blob))
            self.assertEqual(node.json("credits", release)["credits"], before)
        self.assertNotIn("NO_BODY", late.log.read_text())

    def test_what_was_taken_down_stays_down(self):
        work, blob = self.work(self.m, "Nuisance", b"n" * 40000)
        twin = self.file("twin.txt", b"n" * 40000)
        raw = self.c.run("record", "raw", work, text=False).stdout
        self.a.json("takedown", work, "--reason", "the law here")
        self.a.json("takedown", blob["root"], "--reason", "the law here")
        self.gone(self.a, work, blob)
        self.assertTrue(self.has(self.b, blob))  # others decide themselves
        for step in range(3):
            self.assertNotIn(work, self.listed(self.a))
            refused = self.a.refused("get", work, "--out", self.folder)
            self.assertEqual(refused.code, 5)
            refused = self.a.refused(
                "contribute", self.request, twin, "--title", "Twin",
                "--licence", LICENCE, "--accept-terms")
            self.assertEqual(refused.code, 5)
            self.assertIn("taken down", refused.err)
            self.a.run("record", "import", self.file("raw", raw))
            self.assertNotIn(work, self.bodies(self.a))
            self.a.json("gc")
            self.assertFalse(self.has(self.a, blob))
            if step < 2:
                self.again(self.a, index=step == 1)
                self.agrees(self.a)
        # The same file, named by somebody else, is not fetched either.
        other, _ = self.c.json(
            "contribute", self.request, twin, "--title", "Twin", "--licence",
            LICENCE, "--accept-terms")["id"], None
        self.reaches(other, self.a)
        refused = self.a.refused("get", other, "--out", self.folder)
        self.assertEqual(refused.code, 5, refused)
        self.assertFalse(self.has(self.a, blob))
        down = {i["id"]: i for i in self.a.json("takedown", "list")["items"]}
        self.assertEqual(set(down), {work, blob["root"]})
        self.assertEqual(down[work]["reason"], "the law here")
        self.a.json("takedown", "lift", work)
        lab.until(lambda: work in self.bodies(self.a), "the record")
        self.assertFalse(self.has(self.a, blob))
        self.a.json("takedown", "lift", blob["root"])
        lab.until(lambda: self.has(self.a, blob), "the file")
        self.agrees(self.a)

    def test_a_flood_of_a_strangers_words_is_cut(self):
        now = int(time.time() * 1000)
        noon = (now // peer.DAY - 1) * peer.DAY + peer.DAY // 2
        kept = shelf.Shelf()
        topic = bytes.fromhex(self.project)
        for i in range(500):
            kept.admit(signed(kind=COMMENT, person=MALLORY, topic=topic,
                              links=[(TARGET, topic)], created=noon + i,
                              fields={"text": f"Buy {i}"}))
        with peer.Peer(wire.dial(self.a.address), topics=[topic],
                       shelf=kept) as stranger:
            stranger.wait(lambda: topic in stranger.in_sync, "agreement")
        held = [i for i in self.a.json(
            "record", "list", "--topic", self.project, "--kind", "comment",
            "--limit", "500")["items"]
            if i["void_reason"] != "known, not held"]
        self.assertEqual(len(held), RECORDS)


if __name__ == "__main__":
    unittest.main()
