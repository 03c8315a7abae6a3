"""What one is told of files that cannot go, or come from, where they should:
which mistake it was, what to do next, and nothing is left behind."""
import os
import signal
import socket
import subprocess
import unittest

import msgpack

import lab
from relay import Gate

LICENCE = "CC-BY-4.0"
MIB = 1 << 20


class ToldTest(lab.LabTest):
    """Ada's project with a work of hers; Ben's node knows it."""

    def setUp(self):
        super().setUp()
        self.ada = self.node("ada", person="Ada")
        self.project = self.ada.json(
            "project", "create", "--title", "The Crowned Cat", "--goal",
            "A short film", "--medium", "short_film", "--licence",
            LICENCE)["id"]
        self.work = self.contribute(self.file("note.txt", "a note"))

    def contribute(self, path, *more):
        return self.ada.json("contribute", "--project", self.project, path,
                             "--title", "Crown", "--licence", LICENCE,
                             *more)["id"]

    def assert_told(self, code, *args, says, hint, node=None):
        failure = (node or self.ada).refused(*args)
        self.assertEqual(failure.code, code, failure)
        self.assertIn(says, failure.error["error"])
        self.assertIn(hint, failure.error["hint"])

    def test_what_is_not_there_to_be_read(self):
        self.assert_told(2, "cat", self.work, "--range", "7-9",
                         says="the file has 6 bytes", hint="before its end")
        self.assertEqual(self.ada.run("cat", self.work, "--range", "4-99",
                                      text=False).stdout, b"te")
        for get in ("get", "cat"):
            self.assert_told(3, get, self.work, "--file", "other",
                             says="no file of that name", hint="record show")
            self.assert_told(3, get, self.project,
                             says="has no files", hint="contribution list")

    def test_where_nothing_can_be_written(self):
        taken = self.file("taken", "a file")
        for out in (taken, self.folder / "no" / "such", taken / "below"):
            self.assert_told(3, "get", self.work, "--out", out,
                             says=f"cannot write to {out}", hint="folder")
        self.assertEqual(taken.read_bytes(), b"a file")

    @unittest.skipIf(os.geteuid() != 0, "needs root to mount")
    def test_a_disk_that_is_only_read(self):
        out = self.folder / "disc"
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs",
                        out], check=True)
        self.addCleanup(subprocess.run, ["umount", out], check=True)
        large = self.contribute(self.file("large", os.urandom(2 * MIB)))
        for work in (self.work, large):
            self.assert_told(3, "get", work, "--out", out,
                             says=f"cannot write to {out}", hint="folder")

    def test_a_torrent_that_is_there_already_is_named(self):
        release = self.ada.json(
            "release", "publish", "--project", self.project, "--title", "Cat",
            "--medium", "short_film", "--part", self.work, "--file",
            self.file("film", "a film"), "--credit",
            self.ada.json("status")["person"] + "=all")["id"]
        torrent = self.file("cat.torrent", "mine")
        bundle = self.folder / "cat.troupe"
        self.assert_told(5, "release", "bundle", release, "--out", bundle,
                         "--torrent", torrent, says=str(torrent),
                         hint="--torrent")
        self.assertEqual(torrent.read_bytes(), b"mine")
        self.assertEqual(list(self.folder.glob("cat.troupe*")), [])

    def test_an_archive_for_which_there_is_no_room(self):
        self.contribute(self.file("large", os.urandom(2 * MIB)))
        bundle = self.folder / "cat.troupe"
        self.ada.run("archive", "export", self.project, "--out", bundle)
        conf = self.folder / "ben" / "config" / "troupe.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text("[node]\nquota = 1MB\n")
        ben = self.node("ben")
        failure = ben.refused("archive", "import", bundle)
        self.assertEqual(failure.code, 9, failure)
        self.assertIn("no room for 1 file", failure.error["error"])
        self.assertIn("troupe.conf", failure.error["hint"])
        self.assertIn('"no_room":1', failure.out)  # and what came is told
        conf.write_text("[node]\nquota = 10MB\n")
        ben.process.send_signal(signal.SIGHUP)
        lab.until(lambda: ben.json("status")["blobs"]["quota_bytes"]
                  == 10000000, "the quota")
        done = ben.json("archive", "import", bundle)
        self.assertEqual((done["no_room"], done["holes"]), (0, []))

    def test_files_may_stand_with_their_roles_alone(self):
        path = self.file("film", "a film")
        done = self.ada.json("contribute", "--project", self.project,
                             "--role", f"preview={path}", "--title", "Film",
                             "--licence", LICENCE)
        self.assertEqual([b["name"] for b in done["blobs"]], ["film"])
        self.assert_told(2, "contribute", "--project", self.project,
                         says="which files", hint="--role")
        self.assert_told(2, "contribute", says="REQUEST or --project",
                         hint="help contribute")

    def test_a_pledge_without_a_bound_is_not_one_of_nothing(self):
        self.ada.run("seed", self.project)
        told = self.ada.run("pledge", "list").stdout
        self.assertIn("no bound", told)
        self.assertNotIn("0 B", told)

    def in_place(self, node, path):
        """A work served from where it lies, and the root of its file."""
        done = node.json("contribute", "--project", self.project,
                         "--in-place", path, "--title", "Film", "--licence",
                         LICENCE, "--accept-terms")
        return done["id"], done["blobs"][0]["root"]

    def holds(self, node, root):
        return node.json("copies", root)["items"][0]["held_here"]

    def test_a_file_in_place_that_has_changed_is_not_held(self):
        ben = self.node("ben", person="Ben")
        ben.meet(self.ada)
        ben.json("project", "follow", self.project)
        ben.run("wait", f"caught-up:{self.project}")
        path = self.file("film", os.urandom(2 * MIB))
        was = path.read_bytes()
        work, root = self.in_place(ben, path)
        _, other = self.in_place(ben, self.file("other", os.urandom(MIB)))
        for each in (root, other):
            self.ada.run("wait", f"here:{each}")
            self.ada.run("wait", f"held:{each}:2")
        path.write_bytes(b"another cut")
        self.assertTrue(self.holds(ben, root))

        # Whoever asks finds it out, and then Ben's node says so, too.
        self.ada.json("copies", root, "--check")
        lab.until(lambda: not self.holds(ben, root), "the truth")
        lab.until(lambda: self.ada.json("copies", root)["items"][0]["holders"]
                  == [], "the news of it")
        self.assertTrue(any("troupe health" in warning for warning in
                            ben.json("status")["warnings"]))
        # What it has it still shows.
        self.ada.json("copies", other, "--check")
        self.ada.run("wait", f"held:{other}:2")
        # As it was, it comes back by name.
        ben.json("get", work, "--out", self.folder / "out")
        self.assertEqual((self.folder / "out" / "film").read_bytes(), was)
        self.assertEqual(path.read_bytes(), b"another cut")

    def test_a_file_in_place_that_was_removed_is_fetched_where_all_is(self):
        ben = self.node("ben")
        ben.meet(self.ada)
        ben.json("seed", self.project)
        path = self.file("film", os.urandom(2 * MIB))
        work, root = self.in_place(self.ada, path)
        ben.run("wait", f"here:{root}")
        path.unlink()
        self.ada.json("gc", "--dry-run")
        self.assertNotEqual(self.ada.run("verify", "--data",
                                         check=False).returncode, 0)
        self.ada.json("gc")
        lab.until(lambda: self.ada.run("verify", "--data",
                                       check=False).returncode == 0, "it")
        self.assertTrue(self.holds(self.ada, root))

    def test_a_file_in_place_that_came_back_from_a_backup_is_served(self):
        ben = self.node("ben")
        ben.meet(self.ada)
        ben.json("project", "follow", self.project)
        path = self.file("film", os.urandom(2 * MIB))
        was = path.read_bytes()
        work, root = self.in_place(self.ada, path)
        ben.run("wait", f"caught-up:{self.project}")
        self.replace(path, was)
        ben.json("get", work, "--out", self.folder / "out")
        self.assertEqual((self.folder / "out" / "film").read_bytes(), was)
        self.assertEqual(self.ada.run("cat", work, text=False).stdout, was)
        # What only looks as it was is not: that is found out, too.
        self.replace(path, os.urandom(2 * MIB))
        self.assertNotEqual(self.ada.run("cat", work, check=False).returncode,
                            0)
        # It is let go, and comes again from who has it.
        lab.until(lambda: self.ada.run("cat", work, check=False, text=False)
                  .stdout == was, "the film")

    def replace(self, path, content):
        """Another file of that time at the same place."""
        time = path.stat().st_mtime_ns
        other = path.with_name("other")
        other.write_bytes(content)
        os.utime(other, ns=(time, time))
        other.replace(path)

    def test_a_file_that_nobody_has_keeps_no_other_away(self):
        names = ("first", "large", "lost", "small", "tiny")
        done = self.ada.json(
            "contribute", "--project", self.project, "--title", "Many",
            "--licence", LICENCE, *(self.file(name, os.urandom(size))
            for name, size in zip(names, (9, 2 * MIB, MIB + 7, 70000, 5))))
        lost = done["blobs"][2]["root"]
        self.ada.json("drop", lost, "--last-copy")
        ben = self.node("ben")
        ben.meet(self.ada)
        ben.json("project", "follow", self.project)
        ben.run("wait", f"caught-up:{self.project}")
        out = self.folder / "out"
        failure = ben.refused("--timeout", "1", "get", done["id"], "--out",
                              out)
        self.assertEqual(failure.code, 7, failure)
        self.assertIn("troupe want list", failure.error["hint"])
        lab.until(lambda: sorted(p.name for p in out.iterdir()
                                 if not p.name.startswith("."))
                  == ["first", "large", "small", "tiny"], "the others")
        want, = ben.json("want", "list")["items"]
        self.assertEqual(want["root"], lost)
        # When it is there again, the same job ends.
        self.ada.json("contribute", "--project", self.project, "--title",
                      "Again", "--licence", LICENCE, self.folder / "lost")
        ben.run("wait", "job:1")
        told = ben.json("job", "attach", "1")["files"]
        self.assertEqual([os.path.basename(f["path"]) for f in told],
                         list(names))

    def test_health_is_told_page_by_page_and_as_it_is(self):
        done = self.ada.json(
            "contribute", "--project", self.project, "--title", "Many",
            "--licence", LICENCE, *(self.file(f"{i}", os.urandom(100 + i))
            for i in range(4)))
        roots, after = [], []
        while after is not None:
            page = self.ada.json("health", self.project, "--limit", "2",
                                 *after)
            self.assertLessEqual(len(page["items"]), 2)
            roots += [item["root"] for item in page["items"]]
            after = page["next"] and ("--after", page["next"])
        self.assertEqual(len(set(roots)), len(roots))
        self.assertLessEqual({b["root"] for b in done["blobs"]}, set(roots))
        self.assertEqual(self.ada.refused("health", "--after", "zz").code, 2)
        # At once after a drop.
        here = page["topics"][0]["held_here"]
        self.ada.json("drop", done["id"], "--last-copy")
        topic, = self.ada.json("health", self.project)["topics"]
        self.assertEqual((topic["held_here"], topic["nowhere"]),
                         (here - 4, 4))
        topic, = [t for t in self.ada.json("status")["topics"]
                  if t["id"] == self.project]
        self.assertEqual(topic["blobs_held"], here - 4)

    def test_an_archive_that_is_taken_in_twice_at_once(self):
        self.contribute(self.file("large", os.urandom(96 * MIB)))
        bundle = self.folder / "cat.troupe"
        self.ada.run("archive", "export", self.project, "--out", bundle)
        ben = self.node("ben")
        first = ben.begin("archive", "import", bundle)
        lab.until(lambda: any(j["done"] > MIB for j in
                              ben.json("job", "list")["items"]), "the first")
        second = ben.json("archive", "import", bundle)
        self.assertEqual((second["blobs"], second["holes"]), (2, []))
        self.assertEqual(first.wait(lab.PATIENCE), 0)
        told = ben.json("job", "attach", "1")
        self.assertEqual((told["blobs"], told["holes"]), (2, []))

    def starved(self):
        """A node that knows the project and gets half of a file."""
        large = self.contribute(self.file("large", os.urandom(8 * MIB)))
        ben = self.node("ben")
        gate = Gate(self.ada.address, 4 * MIB)
        self.addCleanup(gate.stop)
        ben.json("peer", "add", f"{self.ada.node}@{gate.address}")
        ben.json("project", "follow", self.project)
        ben.run("wait", f"caught-up:{self.project}")
        return ben, large

    def get(self, node, work, out):
        """The number of a job that wants what `work` names."""
        jobs = len(node.json("job", "list")["items"])
        command = node.begin("get", work, "--out", self.folder / out)
        lab.until(lambda: len(node.json("job", "list")["items"]) > jobs
                  and node.json("want", "list")["items"], "the job")
        command.kill()
        command.wait()
        return node.json("job", "list")["items"][0]["id"]

    def wants(self, node):
        """Why the large file is wanted."""
        return [item["why"] for item in node.json("want", "list")["items"]
                if item["size"] == 8 * MIB]

    def test_what_was_called_off_is_not_wanted_any_more(self):
        ben, large = self.starved()
        first, second = (self.get(ben, large, out) for out in "ab")
        # While somebody waits for it, it is wanted.
        ben.json("job", "cancel", str(first))
        self.assertEqual(self.wants(ben), ["asked"])
        ben.json("job", "cancel", str(second))
        lab.until(lambda: self.wants(ben) == [], "the end of the want")
        # A restart calls nothing off.
        self.get(ben, large, "c")
        ben.stop()
        ben.start()
        self.assertEqual(self.wants(ben), ["asked"])
        # What was dropped before is so again, whatever is pledged.
        ben.json("drop", large)
        third = self.get(ben, large, "d")
        ben.json("seed", self.project)
        ben.json("job", "cancel", str(third))
        lab.until(lambda: self.wants(ben) == [], "the end of the want")
        self.assertEqual(ben.json("seed", self.project)["dropped"], 1)

    def test_who_waits_for_what_is_dropped_waits_no_longer(self):
        ben, large = self.starved()
        job = self.get(ben, large, "a")
        ben.json("drop", large)
        self.assert_told(3, "job", "attach", job, node=ben,
                         says="dropped here", hint="troupe get")
        item, = ben.json("job", "list")["items"]
        self.assertEqual(item["state"], "failed")
        self.assertIn("dropped here", item["error"])
        self.assert_told(5, "job", "cancel", job, node=ben,
                         says="ended already", hint="job list")

    def test_a_job_says_for_what_it_waits(self):
        ben, large = self.starved()
        self.get(ben, large, "a")

        def waits():
            return ben.json("job", "list")["items"][0]["waits"]
        ben.json("peer", "remove", self.ada.node)
        lab.until(lambda: waits() == "a peer of its project", "the reason")
        shown = ben.run("job", "list").stdout
        self.assertIn("waits for a peer", shown)
        self.assertIn(" of 8.0 MiB", shown)

    def test_a_fetch_that_stands_still_is_told(self):
        ben, large = self.starved()
        self.get(ben, large, "a")
        lab.until(lambda: ben.json("job", "list")["items"][0]["waits"],
                  "the reason")

    def test_who_is_away_is_near_to_nobody(self):
        ben = self.node("ben")
        ben.meet(self.ada)
        self.ada.stop()

        def peer():
            return ben.json("peer", "list")["items"][0]
        lab.until(lambda: peer()["state"] == "waiting", "that she has gone")
        self.assertEqual([peer()[k] for k in ("direction", "path", "rtt_ms")],
                         [None] * 3)

    def test_a_root_is_whole(self):
        root = self.ada.json("copies", self.work)["items"][0]["root"]
        self.ada.json("copies", root)
        for command in ("copies", "drop"):
            self.assert_told(3, command, root[:16], says="no record",
                             hint="64 digits")

    def test_a_pledge_wants_what_a_get_was_called_off_for(self):
        ben, large = self.starved()
        job = self.get(ben, large, "a")
        ben.json("seed", self.project)
        ben.json("job", "cancel", str(job))
        lab.until(lambda: self.wants(ben) == ["seed"], "the pledge's want")

    def test_what_was_dropped_is_told_to_who_seeds_and_exports(self):
        dropped = self.contribute(self.file("dropped", "let go of"))
        self.ada.json("drop", dropped, "--last-copy")
        self.assertEqual(self.ada.json("seed", self.project)["dropped"], 1)
        told = self.ada.run("seed", self.project).stderr
        self.assertIn("but for 1 file that you dropped", told)
        self.assertIn("troupe get RECORD", told)
        told = self.ada.run("archive", "export", self.project, "--out",
                            self.folder / "cat.troupe").stdout
        self.assertIn("dropped here", told)
        self.assertIn("troupe get RECORD", told)
        self.assertNotIn("troupe seed", told)
        ben = self.node("ben")
        ben.meet(self.ada)
        self.assertEqual(ben.json("seed", self.project)["dropped"], 0)

    def test_who_interrupts_is_told_that_it_goes_on(self):
        large = self.contribute(self.file("large", os.urandom(8 * MIB)))
        ben = self.node("ben")
        gate = Gate(self.ada.address, 4 * MIB)
        self.addCleanup(gate.stop)
        ben.json("peer", "add", f"{self.ada.node}@{gate.address}")
        ben.json("project", "follow", self.project)
        ben.run("wait", f"caught-up:{self.project}")
        command = subprocess.Popen(
            [lab.TROUPE, "--home", ben.home, "get", large, "--out",
             self.folder / "out"], stderr=subprocess.PIPE, text=True)
        lab.until(lambda: any(j["state"] == "running" and j["done"] > 0
                              for j in ben.json("job", "list")["items"]),
                  "the job")
        command.send_signal(signal.SIGINT)
        told = command.communicate(timeout=lab.PATIENCE)[1]
        self.assertEqual(command.returncode, -signal.SIGINT)
        self.assertIn("troupe job attach 1", told)
        self.assertIn("troupe job cancel 1", told)
        gate.limit = float("inf")
        ben.run("get", large, "--out", self.folder / "out")
        ben.run("wait", "job:1")
        self.assertEqual([p.name for p in (self.folder / "out").iterdir()],
                         ["large"])

    def test_who_leaves_before_files_are_in_has_made_nothing_of_them(self):
        path = self.file("large", os.urandom(24 * MIB))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.ada.home / "run" / "control.sock"))
            for number, (method, params) in enumerate((
                    ("hello", {"version": 1}),
                    ("contribute", {
                        "project": bytes.fromhex(self.project),
                        "files": [{"path": str(path)}],
                        "fields": {"title": "Crown", "licence": LICENCE}}))):
                client.sendall(msgpack.packb([0, number, method, [params]]))
        self.contribute(path)
        works = self.ada.json("contribution", "list", "--project",
                              self.project)["items"]
        self.assertEqual(len(works), 2)  # with that of setUp()
        jobs = self.ada.json("job", "list")["items"]
        self.assertEqual([(j["what"], j["state"]) for j in jobs],
                         [("contribute large", "done"),
                          ("contribute large", "cancelled"),
                          ("contribute note.txt", "done")])


if __name__ == "__main__":
    unittest.main()
