"""What a node keeps of strangers, and what it lets go (docs/protocol.md 5.8,
5.9): budgets, standing that comes later, quotas, topics that are given up."""
import json
import time
import unittest

import lab
import peer
import shelf
import test_control
import wire
from wire import records

DAY = peer.DAY
RECORDS = 64


def signed(**parts):
    return records.pack(records.record(**parts)[0])


class BudgetTest(lab.LabTest):
    def start(self, *settings):
        home = self.folder / "daemon"
        (home / "config").mkdir(parents=True)
        (home / "config" / "troupe.conf").write_text(
            "\n".join(["[node]", *settings, ""]))
        self.daemon = self.node("daemon", person="Dora")
        self.project = bytes.fromhex(self.daemon.json(
            "project", "create", "--title", "Open house", "--goal", "Guests",
            "--medium", "short_film", "--licence", "CC-BY-4.0")["id"])
        # The middle of yesterday: the day does not end while the test runs.
        self.noon = (int(time.time() * 1000) // DAY - 1) * DAY + DAY // 2

    def meet(self, topics=None, **options):
        node = bytes.fromhex(self.daemon.node)
        return peer.Peer(wire.dial(self.daemon.address, expected=node),
                         topics=[self.project] if topics is None else topics,
                         **options)

    def comments(self, kept, count, text="hello", **parts):
        """So many comments by one person on one day; their ids, ascending."""
        return sorted(kept.admit(signed(
            kind=27, topic=self.project, links=[(6, self.project)],
            created=self.noon + i, fields={"text": f"{text} {i}"}, **parts)).id
            for i in range(count))

    def held(self):
        """Ids of the project's records of which the daemon has the body."""
        out, after = set(), []
        while True:
            page = self.daemon.json("record", "list", "--topic",
                                    self.project.hex(), "--limit", "500",
                                    *after)
            out.update(item["id"] for item in page["items"]
                       if item.get("void_reason") != "known, not held")
            if page.get("next") is None:
                return out
            after = ["--after", page["next"]]

    def topic(self, topic):
        return next(t for t in self.daemon.json("status")["topics"]
                    if t["id"] == topic.hex())

    def test_of_a_flood_the_budget_is_held_and_the_rest_known(self):
        self.start()
        kept = shelf.Shelf()
        ids = self.comments(kept, 1000)
        with self.meet(shelf=kept) as anna:
            anna.wait(lambda: self.project in anna.in_sync, "agreement")
            lab.until(lambda: self.topic(self.project)["records"] == 1001,
                      "all to be known")
            status = self.topic(self.project)
            self.assertEqual(status["local"]["over_budget"], 1000 - RECORDS)
            self.assertFalse(status["local"]["full"])
            self.assertEqual(self.held() - {self.project.hex()},
                             {i.hex() for i in ids[:RECORDS]})
            # Somebody with standing speaks for her: what is over is wanted.
            self.vouch(records.ANNA)
            lab.until(lambda: self.topic(self.project)["local"]["over_budget"]
                      == 0, "them to be forgotten")
            lab.until(lambda: self.topic(self.project)["records"] == 1002,
                      "them to be here again")
            self.assertEqual(len(self.held()), 1002)
            anna.wait(lambda: self.project in anna.in_sync, "agreement")
            self.assertEqual(self.topic(self.project)["local"]["over_budget"],
                             0)
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(len(self.held()), 1002)

    def vouch(self, person):
        """Dora vouches for somebody in her project."""
        client = test_control.Client(self.daemon)
        try:
            client.say([0, 1, "hello", [{"version": 1}]])
            client.hear()
            client.say([0, 2, "record.publish", [{
                "kind": "vouch", "topic": self.project.hex(),
                "fields": {"person": person.id.hex()}}]])
            answer = client.hear()
            self.assertIsNone(answer[2], answer)
        finally:
            client.close()

    def test_the_kept_ids_do_not_depend_on_who_comes_first(self):
        self.start()
        kept = shelf.Shelf()
        ids = self.comments(kept, 200)
        for part in (ids[150:], ids[:150]):
            some = shelf.Shelf()
            for i in part:
                some.keep(kept.records[i])
            with self.meet(shelf=some) as anna:
                anna.wait(lambda: self.project in anna.in_sync, "agreement")
                lab.until(lambda: {i.hex() for i in part}
                          <= self.daemon.records(self.project.hex()), "them")
        self.assertEqual(self.held() - {self.project.hex()},
                         {i.hex() for i in ids[:RECORDS]})

    def test_a_full_topic_keeps_nobody_without_standing(self):
        self.start("topic_quota = 4 KiB")
        kept = shelf.Shelf()
        self.comments(kept, 12, text="x" * 400)
        with self.meet(shelf=kept) as anna:
            anna.wait(lambda: self.project in anna.in_sync, "agreement")
            before = self.topic(self.project)["local"]["over_budget"]
            lab.until(lambda: self.topic(self.project)["local"]["full"],
                      "the topic to be full")
            later = anna.publish(signed(
                kind=27, topic=self.project, links=[(6, self.project)],
                person=records.BEN, created=self.noon,
                fields={"text": "too late"}))
            lab.until(lambda: later.id.hex() in self.daemon.records(
                self.project.hex()), "the head")
            self.assertNotIn(later.id.hex(), self.held())
            self.assertEqual(self.topic(self.project)["local"]["over_budget"],
                             before + 1)
            said = self.daemon.json("comment", self.project.hex(), "I may")
            self.assertIn(said["id"], self.held())

    def test_the_call_board_moves_on_by_whole_days(self):
        self.start("board_quota = 64 KiB")
        kept = shelf.Shelf()
        board = kept.board
        days = {}
        for day in range(30):
            for i in range(10):
                record = kept.admit(signed(
                    kind=11, flags=1, created=self.noon - day * DAY + i,
                    fields={"title": f"Day {day}", "deliverable": "x" * 500,
                            "kind": 1}))
                days[record.id.hex()] = self.noon - day * DAY
        with self.meet(topics=[], shelf=kept) as anna:
            lab.until(lambda: 0 < self.topic(board)["bytes"] <= 64 * 1024
                      and self.topic(board)["local"]["from_ms"]
                      > self.noon - 20 * DAY, "the board to fit")
            start = self.topic(board)["local"]["from_ms"]
            self.assertEqual(start % DAY, 0)
            anna.wait(lambda: anna.shared()[board][0] == start // DAY
                      and board in anna.in_sync, "the new window")
            there = self.daemon.records()
            for ident, at in days.items():
                self.assertEqual(ident in there, at >= start, at)
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.topic(board)["local"]["from_ms"], start)

    def heads(self, who, first, count):
        """NOT_HELD frames that tell of so many comments nobody has."""
        out = []
        for i in range(first, first + count):
            (head, _, signature, _), _ = records.record(
                kind=27, topic=self.project, links=[(6, self.project)],
                created=self.noon + i, certificate=None)
            entry = (self.noon.to_bytes(8, "big")
                     + len(head).to_bytes(2, "big") + head + signature)
            if not out or len(out[-1]) + len(entry) > 32000:
                out.append(who.tag(self.project))
            out[-1] += entry
        return out

    def test_who_tells_of_too_much_is_paused_and_nobody_else(self):
        self.start()
        limit, under_way = 20000, 4096

        def known():
            return self.topic(self.project)["records"] - 1
        with self.meet() as anna:
            anna.wait(lambda: self.project in anna.in_sync, "agreement")
            first = anna.publish(signed(
                kind=27, topic=self.project, links=[(6, self.project)],
                created=self.noon - 2, fields={"text": "who I am"}))
            lab.until(lambda: first.id.hex() in self.held(), "her name")
            frames = self.heads(anna, 0, limit + under_way + 900)
            for frame in frames:
                anna.link.send(wire.NOT_HELD, frame)
            lab.until(lambda: "peer_paused" in self.daemon.log.read_text(),
                      "the pause")
            # What she publishes is behind all these, and is taken.
            said = anna.publish(signed(
                kind=27, topic=self.project, links=[(6, self.project)],
                created=self.noon - 1, fields={"text": "a word"}))
            lab.until(lambda: said.id.hex() in self.held(), "her word")
            remembered = known()
            self.assertLess(remembered, limit + under_way)
            # Another tells of what she may not: that is remembered.
            with self.meet() as ben:  # a node key of its own
                ben.wait(lambda: self.project in ben.shared(), "the hello")
                frames = self.heads(ben, limit + under_way + 800, 100)
                for frame in frames:
                    ben.link.send(wire.NOT_HELD, frame)
                lab.until(lambda: known() == remembered + 100, "the rest")
            self.assertIsNone(anna.code)
        # Who comes back is still paused.
        link = wire.dial(self.daemon.address, keys=anna.link.keys,
                         expected=bytes.fromhex(self.daemon.node))
        with peer.Peer(link, shelf=anna.shelf,
                       topics=[self.project]) as again:
            again.wait(lambda: self.project in again.due, "STOP")
            for frame in self.heads(again, limit + under_way + 900, 100):
                again.link.send(wire.NOT_HELD, frame)
            last = again.publish(signed(
                kind=27, topic=self.project, links=[(6, self.project)],
                created=self.noon - 3, fields={"text": "good night"}))
            lab.until(lambda: last.id.hex() in self.held(), "her last word")
            self.assertEqual(known(), remembered + 101)
            self.assertNotIn(self.project, again.in_sync)
            self.assertIsNone(again.code)

    def test_a_topic_that_is_given_up_goes(self):
        self.start()
        kept = shelf.Shelf()
        ids = {i.hex() for i in self.comments(kept, 40)}
        with self.meet(shelf=kept) as anna:
            anna.wait(lambda: self.project in anna.in_sync, "agreement")
            lab.until(lambda: ids <= self.daemon.records(), "the comments")
            self.daemon.json("project", "unfollow", self.project.hex())
            anna.wait(lambda: self.project not in anna.shared(), "the hello")
            lab.until(lambda: not ids & self.daemon.records(), "room")
            # What Dora has made herself stays, and all can come back.
            self.assertIn(self.project.hex(), self.daemon.records())
            self.daemon.json("project", "follow", self.project.hex())
            lab.until(lambda: ids <= self.daemon.records(), "them again")

    def test_the_files_of_a_topic_go_with_it_but_for_ones_own(self):
        self.start()
        # What he has shown would be a copy elsewhere.
        conf = self.folder / "other" / "config" / "troupe.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text("[leases]\ntell = no\n")
        other = self.node("other", person="Olaf")
        project = other.json(
            "project", "create", "--title", "Big", "--goal", "Much",
            "--medium", "short_film", "--licence", "CC-BY-4.0")["id"]
        other.meet(self.daemon)

        def work(node, name, content):
            return node.json(
                "contribute", "--project", project, "--title", name,
                "--licence", "CC-BY-4.0", "--rights", "own_work",
                "--accept-terms", self.file(name, content))["blobs"][0]["root"]
        theirs = [work(other, f"theirs{i}", f"{i}" * 50_000)
                  for i in range(70)]
        self.daemon.json("seed", project)
        for root in theirs:
            self.daemon.run("wait", f"here:{root}")
        mine = work(self.daemon, "mine", "m" * 50_000)

        def held():
            return {f.name.split(".")[0] for f in
                    (self.daemon.home / "data" / "blobs").glob("??/*")}
        self.assertEqual(len(held()), 71)
        other.stop()
        refused = self.daemon.refused("project", "unfollow", project)
        self.assertEqual(refused.code, 10, refused.err)
        self.assertIn("--last-copy", refused.error["hint"])
        self.assertEqual(len(held()), 71)
        self.daemon.json("project", "unfollow", project, "--last-copy")
        lab.until(lambda: len(held()) == 1, "room")
        self.assertEqual(held(), {mine[2:]})
        self.assertEqual(self.daemon.json("status")["blobs"]["count"], 1)

    def test_a_kill_while_a_topic_goes_leaves_nothing_of_it(self):
        self.start()
        other = self.node("other", person="Olaf")
        project = other.json(
            "project", "create", "--title", "Big", "--goal", "Much",
            "--medium", "short_film", "--licence", "CC-BY-4.0")["id"]
        drafts = self.file("drafts", "".join(json.dumps({
            "kind": "comment", "topic": project,
            "fields": {"target": project, "text": f"line {i}"}}) + "\n"
            for i in range(5000)))
        other.json("record", "import", drafts)
        other.meet(self.daemon)
        self.daemon.json("project", "follow", project)
        there = other.records(project)
        self.assertGreater(len(there), 5000)
        lab.until(lambda: project in {
            t["id"] for t in self.daemon.json("status")["topics"]}
            and self.topic(bytes.fromhex(project))["records"] == len(there),
            "all of it")
        other.stop()
        self.daemon.json("project", "unfollow", project)
        self.daemon.kill()
        self.daemon.start()
        lab.until(lambda: not there & self.daemon.records(), "room")
        self.assertEqual(self.daemon.json("verify", "--data")["findings"], [])
        self.assertIn(self.project.hex(), self.daemon.records())


class PledgeTest(lab.LabTest):
    def test_a_pledge_ends_when_it_was_to_end(self):
        options = ("--test-clock", "--network", "test-pledge")
        ada = self.node("ada", *options, person="Ada")
        keeper = self.node("keeper", *options)
        for node in (ada, keeper):
            node.json("clock", "set", "2027-01-01T00:00:00+00:00")
        keeper.meet(ada)
        project = ada.json(
            "project", "create", "--title", "Masks", "--goal", "A carnival",
            "--medium", "event", "--licence", "CC-BY-4.0")["id"]
        keeper.json("seed", project, "--until", "+10d")

        def policy():
            return next(t["policy"] for t in keeper.json("status")["topics"]
                        if t["id"] == project)
        keeper.json("clock", "set", "2027-01-10T23:00:00+00:00")
        self.assertEqual(policy(), "seed")
        keeper.json("clock", "set", "2027-01-11T01:00:00+00:00")
        lab.until(lambda: policy() == "follow", "the end of it")
        lab.until(lambda: project in keeper.records(), "what stays")


if __name__ == "__main__":
    unittest.main()
