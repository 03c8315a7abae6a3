"""Quotas of files, what goes and what stays, limits, and who is served what
(docs/storage.md 6)."""
import hashlib
import os
import signal
import time
import unittest

import lab
import peer
import wire
from wire import records

LICENCE = "CC-BY-4.0"
KIB = 1024
MIB = KIB * KIB


def now_ms():
    return int(time.time() * 1000)


class QuotaTest(lab.LabTest):
    def conf(self, name, *lines):
        """Writes troupe.conf; a daemon that runs takes it over."""
        folder = self.folder / name / "config"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "troupe.conf").write_text("\n".join([*lines, ""]))

    def reload(self, node, *lines):
        self.conf(node.home.name, *lines)
        node.process.send_signal(signal.SIGHUP)

    def project(self, node):
        return node.json("project", "create", "--title", "Much", "--goal", "All",
                         "--medium", "short_film", "--licence", LICENCE)["id"]

    def work(self, node, project, size, name="noise"):
        """A work of so many random bytes: its id, and the file's root."""
        path = self.file(f"{name}.bin", os.urandom(size))
        done = node.json("contribute", "--project", project, "--title", name,
                         "--licence", LICENCE, "--rights", "own_work",
                         "--accept-terms", path)
        return done["id"], done["blobs"][0]["root"]

    @staticmethod
    def used(node):
        blobs = node.json("status")["blobs"]
        return blobs["bytes"] + blobs["partial_bytes"]

    @staticmethod
    def is_full(node):
        return any("quota" in w for w in node.json("status")["warnings"])

    def files(self, node):
        return sorted(p.name for p in
                      (node.home / "data" / "blobs").glob("??/*"))

    # What is full.

    def test_what_does_not_fit_waits_until_there_is_room(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        roots = [self.work(ada, project, MIB, f"w{i}")[1] for i in range(4)]
        self.conf("ben", "[node]", "quota = 2 MiB")
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", project)
        lab.until(lambda: ben.json("status")["blobs"]["count"] == 2, "two")
        lab.until(lambda: self.is_full(ben), "a warning")
        self.assertEqual(self.used(ben), 2 * MIB)
        warning, = (w for w in ben.json("status")["warnings"] if "quota" in w)
        self.assertIn("troupe.conf", warning)
        self.assertIn("troupe drop", warning)
        self.reload(ben, "[node]", "quota = 3 MiB")
        lab.until(lambda: ben.json("status")["blobs"]["count"] == 3, "three")
        self.assertLessEqual(self.used(ben), 3 * MIB)
        self.reload(ben, "[node]")
        for root in roots:
            ben.run("wait", f"here:{root}")
        self.assertFalse(self.is_full(ben))

    def test_a_pledge_that_is_too_small_is_told(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        root = self.work(ada, project, MIB)[1]
        ben = self.node("ben")
        ada.meet(ben)

        def told():
            return [w for w in ben.json("status")["warnings"]
                    if "pledged" in w]
        said = ben.run("seed", project, "--quota", "1MiB").stderr
        ben.run("wait", f"here:{root}")
        self.assertEqual(told(), [])
        self.work(ada, project, MIB, "second")
        lab.until(told, "a warning")
        self.assertIn("--quota", told()[0])
        again = ben.run("seed", project, "--quota", "1MiB").stderr
        self.assertIn("as much as fits into 1.0 MiB", again)
        self.assertNotIn("everything", said + again)
        ben.json("seed", project, "--quota", "2MiB")
        lab.until(lambda: not told(), "that it has come")
        self.assertEqual(self.used(ben), 2 * MIB)

    def test_what_is_asked_for_and_brought_keeps_to_the_quota_too(self):
        self.conf("ada", "[node]", "quota = 2 MiB")
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        self.work(ada, project, MIB + MIB // 2, "fits")
        path = self.file("large.bin", os.urandom(MIB))
        failed = ada.refused("contribute", "--project", project, "--title",
                             "no", "--licence", LICENCE, "--rights",
                             "own_work", path)
        self.assertEqual(failed.code, 9)
        self.assertIn("troupe.conf", failed.error["hint"])
        self.assertEqual(self.used(ada), MIB + MIB // 2)
        self.conf("ben", "[node]", "quota = 1 MiB")
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("project", "follow", project)
        ben.run("wait", f"caught-up:{project}")
        work, = ada.json("contribution", "list", "--project",
                         project)["items"]
        failed = ben.refused("get", work["id"], "--out", self.folder / "out")
        self.assertEqual(failed.code, 9)
        self.assertIn("troupe drop", failed.error["hint"])
        self.assertEqual(self.used(ben), 0)
        self.assertEqual(ben.refused("gc", "--nothing").code, 2)

    def test_what_was_of_use_lately_stays_when_room_is_made(self):
        options = ("--network", "test-use", "--test-clock")
        ada = self.node("ada", *options, person="Ada")
        project = self.project(ada)
        works, roots = [], []
        for name in ("first", "second", "third"):
            path = self.file(f"{name}.txt",
                             os.urandom(450 * KIB).hex().encode())
            role = "master" if name == "third" else "preview"
            done = ada.json("contribute", "--project", project, "--title",
                            name, "--licence", LICENCE, "--rights", "own_work",
                            "--accept-terms", self.file("note", b"small"),
                            "--role", f"{role}={path}")
            works.append(done["id"])
            roots += [b["root"] for b in done["blobs"] if b["size"] > KIB]
        self.conf("ben", "[node]", "quota = 2 MiB")
        ben = self.node("ben", *options)
        ada.meet(ben)
        ben.json("project", "follow", project)
        for root in roots[:2]:  # here, and proved to be there
            ben.run("--timeout", "60", "wait", f"held:{root}:2")
        ben.json("clock", "set", "+2h")
        ben.run("cat", works[0], "--file", "first.txt", "--range", "0-9")
        ben.json("get", works[2], "--out", self.folder / "out")
        self.assertEqual(
            [ben.json("copies", root)["items"][0]["held_here"]
             for root in roots], [True, False, True])
        self.assertLessEqual(self.used(ben), 2 * MIB)

    # What goes by the owner's word.

    def test_the_last_copy_goes_only_by_name_and_does_not_come_back(self):
        # What she has shown would be a copy elsewhere.
        self.conf("ada", "[leases]", "tell = no")
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        work, root = self.work(ada, project, 3 * MIB)
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", project)
        ben.run("wait", f"here:{root}")
        failed = ben.refused("drop", work)
        self.assertEqual(failed.code, 10)
        self.assertIn("--last-copy", failed.error["hint"])
        self.assertEqual(len(self.files(ben)), 1)
        gone = ben.json("drop", root, "--last-copy")
        self.assertEqual(gone["freed_bytes"], 3 * MIB)
        self.assertEqual([i["root"] for i in gone["items"]], [root])
        self.assertEqual(self.files(ben), [])
        self.assertEqual(self.used(ben), 0)
        ben.stop()
        ben.start()  # goes through all that it seeds
        ben.meet(ada)
        more, second = self.work(ada, project, MIB, "second")
        ben.run("wait", f"here:{second}")
        self.assertEqual(self.used(ben), MIB)
        got, = ben.json("get", work, "--out", self.folder / "out")["files"]
        self.assertEqual(lab.sha256(got["path"]),
                         lab.sha256(self.folder / "noise.bin"))
        self.assertEqual(self.used(ben), 4 * MIB)
        for bad in (("drop",), ("drop", "zz"), ("drop", work[:4])):
            self.assertEqual(ben.refused(*bad).code, 2, bad)
        for nothing in ("0" * 63 + "1", project):
            self.assertEqual(ben.refused("drop", nothing).code, 3)

    def test_two_do_not_let_go_of_a_file_because_of_each_other(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        work, root = self.work(ada, project, 3 * MIB)
        other, _ = self.work(ada, project, MIB, "other")
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", project)
        for node in (ada, ben):
            node.run("wait", f"held:{root}:2")
        # What he has signed still says that he has it.
        ben.json("drop", work)
        failed = ada.refused("drop", work)
        self.assertEqual(failed.code, 10, failed)
        self.assertIn("troupe copies", failed.error["hint"])
        self.assertEqual(ada.run("cat", work, text=False).stdout,
                         (self.folder / "noise.bin").read_bytes())
        # At one moment: one of them keeps it, or both do.
        lab.until(lambda: all(
            i["copies"] == 2 for node in (ada, ben)
            for i in node.json("copies", other)["items"]), "both")
        drops = [node.begin("drop", other) for node in (ada, ben)]
        codes = {drop.wait(lab.PATIENCE) for drop in drops}
        self.assertIn(10, codes)
        self.assertLessEqual(codes, {0, 10})
        self.assertTrue(any(i["held_here"] for node in (ada, ben)
                            for i in node.json("copies", other)["items"]))

    def test_two_do_not_give_up_a_project_because_of_each_other(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        _, root = self.work(ada, project, 3 * MIB)
        ben, carl = self.node("ben"), self.node("carl")
        archivists = (ben, carl)
        for node in archivists:
            ada.meet(node)
            node.json("seed", project)
            node.run("wait", f"here:{root}")
        ben.meet(carl)
        for node in archivists:
            node.run("wait", f"held:{root}:3")
        # She is not there for ever; what they know of her would last.
        ada.json("project", "unfollow", project, "--last-copy")
        ada.stop()
        lab.until(lambda: all(
            [h["state"] for i in node.json("copies", root)["items"]
             for h in i["holders"]].count("shown") == 1
            for node in archivists), "the two alone")
        ends = [node.begin("project", "unfollow", project)
                for node in archivists]
        codes = {end.wait(lab.PATIENCE) for end in ends}
        self.assertIn(10, codes)
        self.assertLessEqual(codes, {0, 10})
        self.assertTrue(any(self.files(node) for node in archivists))
        # Who has dropped a file still says so for a while.
        for node in archivists:
            if not self.files(node):
                node.json("seed", project)
                node.run("wait", f"here:{root}")
        for node in archivists:
            node.run("wait", f"held:{root}:2")
        ben.json("drop", root)
        failed = carl.refused("project", "unfollow", project)
        self.assertEqual(failed.code, 10, failed)
        self.assertIn("--last-copy", failed.error["hint"])
        self.assertEqual(len(self.files(carl)), 1)

    def test_a_pledge_to_everybody_ends_not_with_last_copies(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        ada.json("request", "publish", "--project", project, "--title", "Draw",
                 "--deliverable", "A crown", "--kind", "image")
        work, root = self.work(ada, project, MIB)
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", "all")
        ben.run("wait", f"held:{root}:2")
        ada.run("drop", work, "--last-copy")
        lab.until(lambda: ben.json("copies", root)["items"][0]["copies"] == 1,
                  "that Ada has none")
        end = ("seed", "all", "--until", "2020-01-01")
        failed = ben.refused(*end)
        self.assertEqual(failed.code, 10)
        self.assertIn("--last-copy", failed.error["hint"])
        self.assertEqual(self.used(ben), MIB)
        ben.json(*end, "--last-copy")
        lab.until(lambda: self.used(ben) == 0, "that it has gone")

    def test_the_time_of_a_pledge_to_everybody_takes_no_last_copies(self):
        ada = self.node("ada", "--network", "test-end", "--test-clock",
                        person="Ada")
        project = self.project(ada)
        ada.json("request", "publish", "--project", project, "--title", "Draw",
                 "--deliverable", "A crown", "--kind", "image")
        work, root = self.work(ada, project, MIB)
        other = self.project(ada)
        ada.json("request", "publish", "--project", other, "--title", "Sing",
                 "--deliverable", "A song", "--kind", "audio")
        its_root = self.work(ada, other, 2 * MIB)[1]
        ben = self.node("ben", "--network", "test-end", "--test-clock")
        ada.meet(ben)
        ben.json("seed", "all", "--until", "+1d")
        for held in (root, its_root):
            ben.run("wait", f"held:{held}:2")
        ada.run("drop", work, "--last-copy")
        lab.until(lambda: ben.json("copies", root)["items"][0]["copies"] == 1,
                  "that Ada has none")
        for node in (ada, ben):
            node.json("clock", "set", "+2d")
        # What somebody else has goes, and the last copy stays.
        lab.until(lambda: self.used(ben) == MIB, "the end of the pledge")
        self.assertEqual(len(self.files(ben)), 1)
        ben.json("seed", "all", "--until", "2020-01-01", "--last-copy")
        lab.until(lambda: self.used(ben) == 0, "that it has gone")

    def test_who_gives_a_project_up_says_that_it_holds_nothing_of_it(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        work, root = self.work(ada, project, 3 * MIB)
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", project)
        for node in (ada, ben):
            node.run("wait", f"held:{root}:2")
        lab.until(lambda: ada.json("pledge", "list")["items"], "his pledge")
        ben.json("project", "unfollow", project)
        lab.until(lambda: ada.json("copies", root)["items"][0]["holders"]
                  == [], "the news of it")
        self.assertEqual(ada.json("copies", root)["items"][0]["copies"], 1)
        lab.until(lambda: ada.json("pledge", "list")["items"] == [],
                  "the end of his pledge")
        self.assertEqual(ada.refused("drop", work).code, 10)
        ben.json("seed", project)
        lab.until(lambda: [h["node"] for h in ada.json("copies", root)
                           ["items"][0]["holders"]] == [ben.node],
                  "his new word")

    def test_who_had_a_file_last_is_told_when_they_say_it_is_gone(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        _, root = self.work(ada, project, 3 * MIB)
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", project, "--quota", "1MiB")

        def last():
            return [(w["root"], w["last_node"], w["last_ms"] > 0)
                    for w in ben.json("want", "list")["items"]
                    if w["last_node"]]
        lab.until(last, "her word")
        known = [(root, ada.node, True)]
        self.assertEqual(last(), known)
        ada.json("drop", root, "--last-copy")
        lab.until(lambda: ben.json("copies", root)["items"][0]["holders"]
                  == [], "the news of it")
        self.assertEqual(last(), known)
        ada.stop()
        ben.stop()
        ben.start()
        self.assertEqual(last(), known)

    # What nothing refers to.

    def test_rubbish_is_listed_and_collected_after_a_day(self):
        ada = self.node("ada", "--network", "test-gc", "--test-clock",
                        person="Ada")
        project = self.project(ada)
        work, root = self.work(ada, project, MIB)
        stray = "ab" + hashlib.sha256(b"nobody's").hexdigest()[2:]
        folder = ada.home / "data" / "blobs" / "ab"
        folder.mkdir(exist_ok=True)
        names = [f"{stray[2:]}.{5 * MIB}", f"{stray[2:]}.{6 * MIB}.part"]
        for name in names:
            (folder / name).write_bytes(b"x" * 100)
        (folder / "notes.txt").write_text("somebody's own")
        # A file that is taken in, of a record that is then refused.
        path = self.file("orphan.bin", os.urandom(2 * MIB))
        failed = ada.refused("contribute", "--project", project, "--title",
                             "x" * 5000, "--licence", LICENCE, "--rights",
                             "own_work", path)
        self.assertNotEqual(failed.code, 0)
        has_unnamed = self.used(ada) == 3 * MIB
        self.assertEqual(ada.json("gc", "--dry-run")["findings"], [])
        for name in names:
            os.utime(folder / name, (0, 0))
        ada.json("clock", "set", "+2d")
        dry = ada.json("gc", "--dry-run")
        self.assertEqual(sorted(f["what"] for f in dry["findings"]),
                         ["stray file", "stray part"]
                         + ["unnamed"] * has_unnamed)
        before = self.files(ada)
        done = ada.json("gc")
        self.assertEqual(done["findings"], dry["findings"])
        self.assertGreaterEqual(done["freed_bytes"], 2 * MIB * has_unnamed)
        self.assertEqual(self.used(ada), MIB)
        self.assertEqual(len(self.files(ada)), len(before) - 2 - has_unnamed)
        self.assertTrue((folder / "notes.txt").exists())
        self.assertEqual(ada.json("gc")["findings"], [])
        ada.json("get", work, "--out", self.folder / "out")
        self.assertEqual(ada.json("verify", "--data")["findings"], [])
        self.assertTrue(has_unnamed, "the refused work left its file")

    # How fast.

    def test_a_limit_holds_until_it_is_lifted(self):
        self.conf("ada", "[limits]", "upload = 1")
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        work, root = self.work(ada, project, 2 * MIB)
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("project", "follow", project)
        ben.run("wait", f"caught-up:{project}")
        getting = ben.begin("get", work, "--out", self.folder / "out")
        lab.until(lambda: any(j["done"] or j["state"] == "running"
                              for j in ben.json("job", "list")["items"]),
                  "the job")
        # Records are not held up by what holds up files.
        said = ada.json("comment", work, "still here")["id"]
        lab.until(lambda: said in ben.records(project), "the comment")
        self.assertIsNone(getting.poll())
        self.assertEqual(ben.json("status")["blobs"]["count"], 0)
        self.reload(ada, "[limits]", "upload = 1 GiB/s", "upload_each = 0",
                    "upload_at = 00:00-24:00 0")
        self.assertEqual(getting.wait(lab.PATIENCE), 0)
        self.assertEqual(ben.json("status")["blobs"]["count"], 1)

    def test_what_comes_in_is_limited_too(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        _, root = self.work(ada, project, 20 * MIB)
        self.conf("ben", "[limits]", "download_each = 1")
        ben = self.node("ben")
        ada.meet(ben)
        ben.json("seed", project)
        lab.until(lambda: any(w["state"] == "fetching" for w in
                              ben.json("want", "list")["items"]), "a fetch")
        said = ada.json("comment", project, "still here")["id"]
        lab.until(lambda: said in ben.records(project), "the comment")
        self.assertLess(self.used(ben), 20 * MIB)
        self.reload(ben, "[limits]", "download = 1 GiB")
        ben.run("wait", f"here:{root}")

    # Who gets what.

    def test_to_name_a_file_on_the_board_gives_nobody_a_private_one(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        _, root = self.work(ada, project, MIB + 5)
        link = wire.dial(ada.address, expected=bytes.fromhex(ada.node))
        with peer.Peer(link) as anna:
            name = [bytes.fromhex(root), MIB + 5]
            ask = records.pack(records.record(
                kind=11, flags=1, created=now_ms(),
                fields={"title": "Give it to me", "deliverable": "It",
                        "kind": 1, "brief_media": [
                            {"blob": name, "media_type": "video/ogg",
                             "name": "it.ogv", "role": 1}]})[0])
            request = anna.publish(ask).id
            lab.until(lambda: request.hex() in ada.records(), "the request")
            board = anna.shelf.board

            def refused(topic):
                with self.assertRaises(wire.Broken) as caught:
                    anna.fetch(topic, *name)
                return str(caught.exception)
            self.assertIn("NOT_HELD", refused(board))
            # Nor if she holds the topic in which it is named, and Ada, too,
            # wants it there: that Ada has it elsewhere is nobody's business.
            anna.follow(board, request)
            ada.json("seed", request.hex())
            anna.wait(lambda: request in anna.in_sync, "agreement")
            self.assertIn("NOT_HELD", refused(request))
            self.assertEqual(ada.json("status")["blobs"]["count"], 1)


if __name__ == "__main__":
    unittest.main()
