"""Each command as a person uses it, with wrong input, too."""
import datetime
import json
import os
import pathlib
import signal
import subprocess
import unittest

import lab
from test_control import HELLO, Client

LICENCE = "CC-BY-SA-4.0"
NAUGHTY = json.loads((pathlib.Path(__file__).parent.parent / "vectors" / "text"
                      / "blns.json").read_text())
# What may not stand in a line: protocol.md §3.2.
BARRED = (set(range(0x00, 0x20)) | set(range(0x7f, 0xa0))
          | {0x2028, 0x2029} | set(range(0x202a, 0x202f))
          | set(range(0x2066, 0x206a)))
DAY_MS = 86400000


class CommandTest(lab.LabTest):
    """One person's daemon, and short ways to fill it."""

    def setUp(self):
        super().setUp()
        self.ada = self.node("ada", *self.options(), person="Ada")

    @staticmethod
    def options():
        return []

    def project(self, title="The Crowned Cat", *more):
        return self.ada.json(
            "project", "create", "--title", title, "--goal", "A short film",
            "--medium", "short_film", "--licence", LICENCE, *more)["id"]

    def request(self, project, title="Draw the crown", *more):
        if "--kind" not in more:
            more = ("--kind", "image", *more)
        return self.ada.json(
            "request", "publish", "--project", project, "--title", title,
            "--deliverable", "A crown", *more)["id"]

    def work(self, target, path, *more):
        if "--title" not in more:
            more = ("--title", "Crown", *more)
        return self.ada.json(
            "contribute", target, path, "--licence", LICENCE,
            "--accept-terms", *more)["id"]

    def comment(self, target, text, *more):
        return self.ada.json("comment", target, text, *more)["id"]

    def assert_refused(self, code, *args, node=None):
        """It ends with the code and says so, and how to go on, in JSON."""
        failure = (node or self.ada).refused(*args)
        self.assertEqual(failure.code, code, failure)
        self.assertEqual(failure.out, "", failure)
        self.assertLessEqual({"error", "code", "hint"}, set(failure.error),
                             failure)
        self.assertEqual(failure.error["code"], code, failure)
        self.assertTrue(failure.error["error"], failure)
        return failure

    def pages(self, *args, limit):
        """All items of a list, page by page; no page is over the limit."""
        items, after = [], []
        while True:
            page = self.ada.json(*args, "--limit", limit, *after)
            self.assertLessEqual(len(page["items"]), limit)
            items += page["items"]
            if page.get("next") is None:
                return items
            after = ["--after", page["next"]]
            self.assertTrue(page["items"], "an empty page in between")


class Ids(CommandTest):
    """What names a record, and what does not."""

    def test_ids_are_whole_or_unique_prefixes_of_enough_digits(self):
        project = self.project()
        self.assertEqual(
            self.ada.json("project", "show", project[:6])["id"], project)
        self.assertEqual(
            self.ada.json("project", "show", project.upper())["id"], project)
        self.assert_refused(2, "project", "show", project[:5])
        self.assert_refused(2, "project", "show", project + "0")
        self.assert_refused(2, "project", "show", "")
        self.assert_refused(2, "project", "show", "not an id")
        self.assert_refused(2, "project", "show", project[:-1] + "g")
        self.assert_refused(3, "project", "show", "0" * 64)
        wrong = project[:5] + ("0" if project[5] != "0" else "1")
        self.assert_refused(3, "project", "show", wrong)

    def test_what_signs_wants_sixteen_digits(self):
        project = self.project()
        self.comment(project[:16], "enough")
        self.assert_refused(2, "comment", project[:15], "too short")

    def test_a_record_of_another_kind_is_not_what_was_asked_for(self):
        project = self.project()
        request = self.request(project)
        for command in (["project", "show", request],
                        ["request", "show", project],
                        ["contribution", "show", request],
                        ["release", "show", project],
                        ["select", request, "chosen"],
                        ["credits", request],
                        ["request", "close", project, "--outcome",
                         "withdrawn"]):
            failure = self.ada.refused(*command)
            self.assertIn(failure.code, (2, 3, 5), (command, failure))
            self.assertTrue(failure.error.get("error"), failure)


class Usage(CommandTest):
    """Wrong words end with 2 and change nothing."""

    def test_wrong_words_are_usage_errors(self):
        project = self.project()
        before = self.ada.records()
        for command in (
                ["nonsense"], ["project"], ["project", "nonsense"],
                ["project", "create"],
                ["project", "create", "--title", "T"],
                ["project", "show"], ["project", "show", project, project],
                ["project", "list", "--nonsense"],
                ["project", "list", "--limit", "0"],
                ["project", "list", "--limit", "-1"],
                ["project", "list", "--limit", "x"],
                ["project", "list", "--after", "not a cursor"],
                ["request", "list", "--kind", "nonsense"],
                ["request", "list", "--closing", "soon"],
                ["record", "list", "--kind", "nonsense"],
                ["request", "publish", "--title", "T", "--deliverable", "D",
                 "--kind", "nonsense"],
                ["request", "publish", "--title", "T", "--deliverable", "D",
                 "--kind", "image", "--deadline", "yesterdayish"],
                ["select", project, "nonsense"],
                ["comment", project], ["contribute"],
                ["contribute", project],
                ["wait", "nonsense"], ["wait", "held:zz:1"],
                ["wait", "here:zz"],
                ["job", "cancel", "x"],
                ["cat", project, "--range", "5-1"],
                ["person", "edit", "--skill", "ink:nonsense"],
                ["peer", "add", "nonsense"],
                ["peer", "add", "00" * 32 + "@nowhere"],
                ["join", "troupe:nonsense"]):
            self.assert_refused(2, *command)
        self.assertEqual(self.ada.records(), before)

    def test_texts_that_are_empty_too_long_or_of_two_lines_are_refused(self):
        project = self.project("t" * 200)
        for title in ("", "t" * 3000, "two\nlines", "a\u202eb"):
            self.assert_refused(2, "project", "create", "--title", title,
                                "--goal", "G", "--medium", "short_film",
                                "--licence", LICENCE)
        self.assert_refused(2, "comment", project, "")
        self.assertEqual(
            self.ada.json("project", "show", project)["title"], "t" * 200)

    def test_without_a_daemon_it_says_how_to_start_one(self):
        self.ada.stop()
        failure = self.assert_refused(6, "project", "list")
        self.assertIn("start", failure.error["hint"])

    def test_errors_for_people_name_the_next_step_on_stderr(self):
        done = self.ada.run("project", "show", "0" * 64, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertTrue(done.stderr.startswith("troupe: "), done.stderr)


class Files(CommandTest):
    """What can be given, and that it comes back to the byte."""

    def test_what_is_no_file_is_refused_and_nothing_is_signed(self):
        project = self.project()
        before = self.ada.records()
        folder = self.folder / "folder"
        folder.mkdir()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        common = ["--project", project, "--title", "T", "--licence", LICENCE,
                  "--accept-terms"]
        for path in (self.folder / "missing", folder, fifo,
                     self.folder / "missing" / "below", ""):
            failure = self.ada.refused("contribute", path, *common)
            self.assertIn(failure.code, (1, 2, 3), failure)
            self.assertTrue(failure.error["error"], failure)
        if os.geteuid() != 0:
            secret = self.file("secret", "x")
            secret.chmod(0)
            self.assertNotEqual(
                self.ada.refused("contribute", secret, *common).code, 0)
        self.assertEqual(self.ada.records(), before)

    def test_files_of_odd_sizes_come_back_to_the_byte(self):
        project = self.project()
        for size in (0, 1, 16383, 16384, 16385, 65536, 1048576, 1048577):
            content = bytes(i * 7 % 251 for i in range(256)) * (size // 256 + 1)
            path = self.file(f"f{size}", content[:size])
            work = self.ada.json(
                "contribute", "--project", project, path, "--title",
                f"{size} bytes", "--licence", LICENCE, "--accept-terms")
            self.assertEqual(work["blobs"][0]["size"], size)
            got = self.ada.json("get", work["id"], "--out",
                                self.folder / f"out{size}")["files"][0]
            self.assertTrue(got["verified"])
            self.assertEqual(lab.sha256(got["path"]), lab.sha256(path))
            printed = self.ada.run("cat", work["id"], text=False).stdout
            self.assertEqual(printed, content[:size])

    def test_a_different_file_is_never_overwritten(self):
        project = self.project()
        path = self.file("crown.svg", "<svg/>")
        work = self.ada.json(
            "contribute", "--project", project, path, "--title", "Crown",
            "--licence", LICENCE, "--accept-terms")["id"]
        out = self.folder / "out"
        out.mkdir()
        (out / "crown.svg").write_text("mine")
        got = self.ada.json("get", work, "--out", out)["files"][0]
        self.assertEqual(pathlib.Path(got["path"]).name, "crown (2).svg")
        self.assertEqual((out / "crown.svg").read_text(), "mine")
        again = self.ada.json("get", work, "--out", out)["files"][0]
        self.assertEqual(pathlib.Path(again["path"]).read_text(), "<svg/>")
        self.assertEqual(len(list(out.iterdir())), 2)
        # Without --out, where one stands: the home's folder, in these tests.
        here = self.ada.json("get", work)["files"][0]
        self.assertEqual(pathlib.Path(here["path"]).parent,
                         self.ada.home.parent)

    def test_parts_of_a_file_and_files_by_name(self):
        project = self.project()
        first, second = self.file("a.txt", "0123456789"), self.file("b.txt",
                                                                    "second")
        work = self.ada.json(
            "contribute", "--project", project, first, second, "--title", "T",
            "--licence", LICENCE, "--accept-terms")["id"]
        self.assertEqual(self.ada.run("cat", work, "--range", "2-4").stdout,
                         "234")
        self.assertEqual(self.ada.run("cat", work, "--file", "b.txt").stdout,
                         "second")
        self.assert_refused(3, "cat", work, "--file", "c.txt")
        self.assert_refused(3, "get", work, "--file", "c.txt", "--out",
                            self.folder / "out")

    def test_a_folder_whose_name_is_no_text_is_refused(self):
        project = self.project()
        work = self.ada.json(
            "contribute", "--project", project, self.file("a", "a"),
            "--title", "T", "--licence", LICENCE, "--accept-terms")["id"]
        done = subprocess.run(
            [str(lab.TROUPE), "--home", str(self.ada.home), "get", work,
             "--out", os.fsencode(self.folder) + b"/\xff"],
            capture_output=True, timeout=lab.PATIENCE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"UTF-8", done.stderr)

    def test_names_that_lead_elsewhere_stay_in_their_folder(self):
        project = self.project()
        for number, name in enumerate(("two\nlines.txt", "-rf", "a b", "~",
                                       "%s%n", "nul\u0000".strip("\0") + ".x",
                                       "‮txt.exe", "ünï", ".hidden")):
            path = self.folder / f"in{number}" / name
            path.parent.mkdir()
            path.write_text(f"content {number}")
            work = self.ada.run(
                "--json", "contribute", "--project", project, "--title", "T",
                "--licence", LICENCE, "--accept-terms", "--", path,
                check=False)
            if work.returncode != 0:
                self.assertEqual(work.returncode, 2, work.stderr)
                self.assertTrue(set(map(ord, name)) & BARRED, name)
                continue
            out = self.folder / f"out{number}"
            got = self.ada.json("get", json.loads(work.stdout)["id"], "--out",
                                out)["files"][0]
            self.assertEqual(pathlib.Path(got["path"]).resolve().parent,
                             out.resolve())
            self.assertEqual(pathlib.Path(got["path"]).read_text(),
                             f"content {number}")


class Naughty(CommandTest):
    """Strings that break other programs go through this one unchanged."""

    def test_naughty_titles_and_comments_come_back_as_they_were(self):
        project = self.project()
        for text in NAUGHTY:
            if not text or "\0" in text:
                continue
            bad = set(map(ord, text)) & BARRED
            for args in (["comment", project, "--", text],):
                done = self.ada.run("--json", *args, check=False)
                self.assertIn(done.returncode, (0, 2), (text, done.stderr))
                if done.returncode != 0:
                    self.assertTrue(bad or not text.strip(), repr(text))
                    continue
                shown = self.ada.json("record", "show",
                                      json.loads(done.stdout)["id"])
                self.assertEqual(shown["fields"]["text"], text)

    def test_naughty_file_names_come_back_or_are_refused(self):
        project = self.project()
        folder = self.folder / "naughty"
        folder.mkdir()
        names = [t for t in NAUGHTY if t and "/" not in t and "\0" not in t
                 and t not in (".", "..") and len(t.encode()) < 200]
        for number, name in enumerate(names[::7]):
            path = folder / name
            path.write_text(str(number))
            done = self.ada.run(
                "--json", "contribute", "--project", project, "--title", name,
                "--licence", LICENCE, "--accept-terms", "--", path,
                check=False)
            if done.returncode != 0:
                self.assertEqual(done.returncode, 2, (name, done.stderr))
                self.assertTrue(set(map(ord, name)) & BARRED
                                or not name.strip(), repr(name))
                continue
            work = json.loads(done.stdout)["id"]
            shown = self.ada.json("contribution", "show", work)
            self.assertEqual(shown["title"], name)
            self.assertEqual(shown["files"][0]["name"], name)
            got = self.ada.json("get", work, "--out",
                                self.folder / "out")["files"][0]
            self.assertEqual(pathlib.Path(got["path"]).read_text(),
                             str(number))


class Lists(CommandTest):
    """Pages without repeats or gaps, and filters."""

    def test_every_list_pages_without_repeats_or_gaps(self):
        project = self.project()
        requests = [self.request(project, f"Request {i}") for i in range(7)]
        path = self.file("a.txt", "a")
        works = [self.work(requests[0], path, "--title", f"Work {i}")
                 for i in range(5)]
        for i in range(3):
            self.project(f"Project {i}")
        for args, least in ((["request", "list"], set(requests)),
                            (["contribution", "list"], set(works)),
                            (["project", "list"], {project}),
                            (["record", "list"], set(requests + works))):
            whole = [i["id"] for i in self.ada.json(*args, "--limit",
                                                    "500")["items"]]
            self.assertEqual(len(whole), len(set(whole)))
            self.assertLessEqual(least, set(whole))
            for limit in (1, 2, 3, len(whole)):
                paged = [i["id"] for i in self.pages(*args, limit=limit)]
                self.assertEqual(paged, whole, (args, limit))
        people = self.pages("person", "list", limit=1)
        self.assertEqual([p["name"] for p in people], ["Ada"])

    def test_requests_are_found_by_what_they_say(self):
        project = self.project()
        crown = self.request(project, "Draw the crown", "--interest",
                             "drawing", "--deadline", "+2d")
        music = self.request(project, "Play the march", "--kind", "audio",
                             "--deadline", "+30d")
        self.work(crown, self.file("a.txt", "a"))

        def found(*args):
            return {i["id"] for i in self.ada.json("request", "list",
                                                   *args)["items"]}
        self.assertEqual(found(), {crown, music})
        self.assertEqual(found("--kind", "audio"), {music})
        self.assertEqual(found("--interest", "drawing"), {crown})
        self.assertEqual(found("--closing", "7d"), {crown})
        self.assertEqual(found("--no-answers"), {music})
        self.assertEqual(found("MARCH"), {music})
        self.assertEqual(found("--project", project, "--open"),
                         {crown, music})
        self.assertEqual(found("nobody says this"), set())
        self.ada.json("request", "close", crown, "--outcome", "none_used",
                      "--note", "Thank you")
        self.assertEqual(found("--open"), {music})
        self.assertNotEqual(
            self.ada.json("request", "show", crown)["state"], "open")

    def test_an_answer_counts_while_it_stands(self):
        project = self.project()
        asked = [self.request(project, f"Request {i}") for i in range(4)]
        path = self.file("a.txt", "a")
        answers = [self.work(request, path) for request in asked[:3]]
        self.ada.json("retract", answers[0], "--reason", "No")
        self.ada.json("edit", answers[1], "--title", "Sun")
        self.ada.json("edit", asked[2], "--title", "Moon")
        wanted = {asked[0], asked[3]}
        for once in range(2):
            # A work is shown: its topic is there, works and all.
            self.ada.json("contribution", "show", answers[1])
            for cold in (False, True):
                if cold:
                    self.ada.stop()
                    self.ada.start()
                found = self.ada.json("request", "list", "--no-answers")
                self.assertEqual({i["id"] for i in found["items"]}, wanted,
                                 (once, cold))
            # Then what comes is taken in without its works.
            if once == 0:
                self.work(asked[3], path)
                wanted.remove(asked[3])

    def test_works_are_found_by_where_they_stand(self):
        project = self.project()
        request = self.request(project)
        path = self.file("a.txt", "a")
        answer = self.work(request, path)
        pool = self.ada.json(
            "contribute", "--project", project, path, "--title", "Pool",
            "--licence", LICENCE, "--accept-terms")["id"]
        me = self.ada.json("person", "show")["person"]

        def found(*args):
            return {i["id"] for i in self.ada.json("contribution", "list",
                                                   *args)["items"]}
        self.assertEqual(found("--request", request), {answer})
        self.assertEqual(found("--project", project), {answer, pool})
        self.assertEqual(found("--author", me), {answer, pool})
        self.ada.json("select", answer, "chosen", "--reason", "It shines")
        self.assertNotIn(answer, found("--pending"))
        self.assertEqual(found("--never-used"), {answer, pool})


class People(CommandTest):
    """The profile, and fields from a file."""

    def test_an_edit_keeps_what_it_does_not_name(self):
        self.ada.json("person", "edit", "--bio", "I draw cats", "--skill",
                      "ink:teaching", "--skill", "paper")
        self.ada.json("person", "edit", "--name", "Ada L")
        shown = self.ada.json("person", "show")
        self.assertEqual(shown["name"], "Ada L")
        self.assertEqual(shown["bio"], "I draw cats")
        self.assertEqual(len(shown["skills"]), 2)
        found = self.ada.json("person", "list", "--skill", "ink")["items"]
        self.assertEqual([p["name"] for p in found], ["Ada L"])
        self.assertEqual(
            self.ada.json("person", "list", "--skill", "oil")["items"], [])

    def test_fields_come_from_a_file(self):
        fields = self.file("fields.json", json.dumps(
            {"title": "From a file", "goal": "G", "medium": "short_film",
             "licence": LICENCE}))
        project = self.ada.json("project", "create", "--fields",
                                fields)["id"]
        self.assertEqual(
            self.ada.json("project", "show", project)["title"], "From a file")
        for content in ("{", "[]", '{"nonsense": 1}', '{"title": 1}',
                        '{"title": "a", "title": "b"}', ""):
            self.assert_refused(2, "project", "create", "--fields",
                                self.file("bad.json", content), "--goal", "G",
                                "--medium", "short_film", "--licence",
                                LICENCE)
        missing = self.ada.refused("project", "create", "--fields",
                                   self.folder / "missing.json")
        self.assertIn(missing.code, (1, 2, 3), missing)

    def test_nobody_is_made_twice(self):
        self.assert_refused(5, "init", "--name", "Eve", "--no-passphrase")
        self.assertEqual(self.ada.json("person", "show")["name"], "Ada")

    def test_words_that_are_not_the_words_bring_nobody_back(self):
        node = self.node("new")
        words = (self.ada.home / "words").read_text().split()
        self.assert_refused(5, "person", "recover", "--words-file",
                            self.ada.home / "words", "--paper")
        for wrong in (words[:23], words + ["zoo"], words[::-1],
                      ["nonsense"] * 24, []):
            self.assert_refused(11, "person", "recover", "--words-file",
                                self.file("wrong", " ".join(wrong)), "--paper",
                                node=node)
        self.assert_refused(2, "person", "recover", node=node)
        self.assertIsNone(node.json("status")["person"])
        right = self.file("right", "\n".join(w.upper() for w in words))
        self.assertEqual(
            node.json("person", "recover", "--words-file", right,
                      "--paper")["person"], self.ada.json("status")["person"])

    def test_a_node_without_a_person_cannot_sign(self):
        node = self.node("archive")
        self.assert_refused(11, "project", "create", "--title", "T", "--goal",
                            "G", "--medium", "short_film", "--licence",
                            LICENCE, node=node)


class Works(CommandTest):
    """Answers, citations, comments and seeds."""

    def test_a_tree_is_seen_from_both_ends(self):
        project = self.project()
        path = self.file("a.txt", "a")
        request = self.request(project)
        root, leaf = self.work(request, path), self.work(request, path)
        self.ada.json("cite", leaf, "--source", root, "--relation", "adapted",
                      "--thanks", "For the melody")
        self.ada.json("cite", leaf, "--source-text", "An old song",
                      "--thanks", "Whoever sang it")
        for record in (root, leaf):
            edges = self.ada.json("tree", record)["edges"]
            self.assertIn((leaf, root), [(e["child"], e.get("source"))
                                         for e in edges])
        edges = self.ada.json("tree", leaf)["edges"]
        self.assertIn("An old song", [e.get("source_text") for e in edges])
        self.assertIn("digraph", self.ada.run("tree", leaf, "--dot").stdout)
        self.assert_refused(2, "cite", leaf)
        self.assert_refused(2, "cite", leaf, "--source", root,
                            "--source-text", "both", "--thanks", "x")

    def test_a_comment_answers_another(self):
        project = self.project()
        first = self.comment(project, "Hello")
        reply = self.comment(project, "Hello yourself", "--reply-to", first)
        links = self.ada.json("record", "show", reply)
        self.assertIn(first, json.dumps(links))
        self.assert_refused(5, "comment", project, "x", "--reply-to",
                            "0" * 64)

    def test_what_is_pledged_is_listed(self):
        seeded = self.ada.json("seed", "all", "--quota", "1GiB")
        self.assertEqual(seeded["scope"], "all")
        self.ada.json("seed", "all", "--quota", "2GiB")
        pledges = [p for p in self.ada.json("pledge", "list")["items"]
                   if p["scope"] == "all"]
        self.assertEqual([(p["own"], p["bytes"], p["pledged"])
                          for p in pledges], [(True, 2 << 30, None)])
        self.assert_refused(5, "project", "unfollow", seeded["id"])

    def test_more_is_pledged_than_is_read_in_one_turn(self):
        topics = [os.urandom(32) for _ in range(200)]
        ada = self.node("pledger", "--test-clock", person="Ada")
        client = Client(ada)
        client.say(HELLO, *([0, number, "seed", [{"target": topic}]]
                            for number, topic in enumerate(topics, 2)))
        for _ in (HELLO, *topics):
            self.assertIsNone(client.hear()[2])
        # Who leaves in the midst of it does no harm.
        client.say([0, 999, "pledge.list", []])
        client.close()

        def pledged():
            items = ada.json("pledge", "list")["items"]
            return {p["pledged"]: p["until_ms"] for p in items}

        before = pledged()
        self.assertEqual(set(before), {topic.hex() for topic in topics})
        # All are said again in time.
        ada.json("clock", "set", "+50d")
        lab.until(lambda: ada.json("clock", "set", "+1s") and all(
            until > before[topic] for topic, until in pledged().items()),
            "all pledges anew")

    def test_what_cannot_be_dropped_or_collected(self):
        project = self.project()
        work = self.work(self.request(project), self.file("a", "a" * 50000))
        for wrong in (("drop",), ("drop", "zz"), ("drop", "1" * 65),
                      ("drop", work[:8]), ("drop", work, "more"),
                      ("gc", "all"), ("gc", "--dry"), ("drop", work, "--all")):
            self.assert_refused(2, *wrong)
        for absent in ("0" * 63 + "1", "0" * 16, project):
            self.assert_refused(3, "drop", absent)
        failure = self.assert_refused(10, "drop", work)
        self.assertIn("--last-copy", failure.error["hint"])
        self.assertEqual(self.ada.json("status")["blobs"]["count"], 1)

    def test_a_job_has_a_name_however_long_its_files_is(self):
        project = self.project()
        path = self.file("a" + "\u00fc" * 60 + ".txt", "x")
        work = self.ada.json(
            "contribute", "--project", project, path, "--title", "T",
            "--licence", LICENCE, "--accept-terms")["id"]
        self.ada.json("get", work, "--out", self.folder / "out")
        what = self.ada.json("job", "list")["items"][0]["what"]
        self.assertTrue(what.startswith("get a\u00fc"), what)

    def test_a_job_that_waits_for_what_nobody_has_can_be_ended(self):
        other = self.node("other")
        project = self.project()
        path = self.file("a.bin", os.urandom(40000))
        work = self.work(self.request(project), path)
        raw = self.ada.run("record", "raw", *self.ada.records(),
                           text=False).stdout
        other.json("record", "import", self.file("all.records", raw))
        command = subprocess.Popen(
            [str(lab.TROUPE), "--home", str(other.home), "--no-input",
             "--json", "get", work, "--out", str(self.folder / "out")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        job = lab.until(lambda: [j for j in other.json("job", "list")["items"]
                                 if j["state"] not in ("done", "failed")],
                        "the job")[0]["id"]
        other.json("job", "cancel", job)
        command.communicate(timeout=lab.PATIENCE)
        command.wait()
        self.assertNotEqual(command.returncode, 0)
        self.assert_refused(3, "job", "cancel", "999999", node=other)


class Waiting(CommandTest):
    """Until something is so, or for so long."""

    def test_what_is_so_ends_the_wait_and_what_is_not_its_time(self):
        project = self.project()
        work = self.ada.json(
            "contribute", "--project", project, self.file("a", "a" * 50000),
            "--title", "T", "--licence", LICENCE, "--accept-terms")
        root = work["blobs"][0]["root"]
        self.ada.json("wait", f"here:{root}", "--timeout", "60")
        self.ada.json("get", work["id"], "--out", self.folder / "out")
        job = self.ada.json("job", "list")["items"][0]["id"]
        self.assertTrue(self.ada.json("wait", f"job:{job}")["done"])
        for what in (f"held:{'0' * 63}1:1", f"here:{'0' * 64}", "online",
                     f"caught-up:{project}"):
            self.assert_refused(7, "wait", what, "--timeout", "1")
        self.assert_refused(3, "wait", "job:99")
        for what in ("caught-up:zzzzzz", f"held:{root}", "job:",
                     f"here:{root}:1",
                     "caught-up:" + "1" * 70):
            self.assert_refused(2, "wait", what)


class Clock(CommandTest):
    """Time that the test decides."""

    @staticmethod
    def options():
        return ["--test-clock"]

    def test_an_answer_after_the_deadline_is_late(self):
        project = self.project()
        request = self.request(project, "T", "--deadline", "+2d")
        path = self.file("a.txt", "a")
        early = self.work(request, path)
        shown = self.ada.json("request", "show", request)
        later = datetime.datetime.fromtimestamp(
            (shown["deadline_ms"] + DAY_MS) // 1000, datetime.timezone.utc)
        self.ada.json("clock", "set", later.isoformat())
        late = self.work(request, path)
        self.assertFalse(self.ada.json("contribution", "show", early)["late"])
        self.assertTrue(self.ada.json("contribution", "show", late)["late"])
        open_now = self.ada.json("request", "list", "--open")["items"]
        self.assertNotIn(request, [r["id"] for r in open_now])


class Two(CommandTest):
    """What one says and the other hears."""

    def test_an_invited_node_joins_and_follows(self):
        project = self.project()
        link = self.ada.json("invite", project)["link"]
        ben = self.node("ben", person="Ben")
        joined = ben.run("join", link, check=False)
        self.assertIn(joined.returncode, (0, 10), joined.stderr)
        ben.run("join", link, "--yes", check=False)
        lab.until(lambda: project in ben.records(), "the project")
        lab.until(lambda: ben.run("wait", f"caught-up:{project}", "--timeout",
                                  "5", check=False).returncode == 0,
                  "caught up")
        ben.json("wait", "online", "--timeout", "60")
        self.assert_refused(2, "join", link[:-1], node=ben)
        self.assert_refused(2, "join", link[:-8] + "AAAAAAAA", node=ben)

    def test_a_project_is_listed_elsewhere_once_it_asks_for_something(self):
        ben = self.node("ben", person="Ben")
        ben.meet(self.ada)
        quiet = self.project("Quiet")
        loud = self.project("Loud")
        self.request(loud)

        def seen():
            return {p["id"] for p in ben.json("project", "list")["items"]}
        lab.until(lambda: loud in seen(), "the loud one")
        self.assertNotIn(quiet, seen())
        self.request(quiet)
        lab.until(lambda: quiet in seen(), "the quiet one")

    def test_records_cross_in_a_file_without_a_network(self):
        project = self.project()
        self.comment(project, "carried")
        ids = sorted(self.ada.records())
        raw = self.ada.run("record", "raw", *ids, text=False).stdout
        ben = self.node("ben")
        path = self.file("records", raw)
        answer = ben.json("record", "import", path)
        self.assertEqual((answer["stored"], answer["refused"]), (len(ids), 0))
        self.assertEqual(ben.records(), set(ids))
        answer = ben.json("record", "import", path)
        self.assertEqual((answer["stored"], answer["known"]), (0, len(ids)))
        self.assertEqual(
            ben.run("record", "raw", *ids, text=False).stdout, raw)
        broken = bytearray(raw)
        broken[len(raw) // 2] ^= 1
        fresh = self.node("fresh")
        fresh.run("--json", "record", "import",
                  self.file("broken", bytes(broken)), check=False)
        self.assertLess(fresh.records(), set(ids))

    def test_events_are_told_as_they_happen(self):
        project = self.project()
        follower = subprocess.Popen(
            [str(lab.TROUPE), "--home", str(self.ada.home), "--json",
             "events", "--follow", "--since", "0"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)  # the first to be done
        comment = self.comment(project, "now")
        last = 0
        for line in follower.stdout:
            event = json.loads(line)
            self.assertGreater(event["seq"], last)
            last = event["seq"]
            if comment in line:
                return
        self.fail("the events ended")


class Service(CommandTest):
    """The daemon's own life."""

    def test_a_second_daemon_names_the_first(self):
        done = subprocess.run(
            [str(lab.TROUPED), "--home", str(self.ada.home), "--no-lan",
             "--no-portmap"], capture_output=True, text=True, timeout=60,
            check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(self.ada.process.pid), done.stderr)

    def test_a_reload_logs_what_has_changed(self):
        config = self.ada.home / "config" / "troupe.conf"
        config.parent.mkdir(exist_ok=True)
        config.write_text("[node]\nquota = 3 GiB\n")
        self.ada.process.send_signal(signal.SIGHUP)
        lab.until(lambda: "quota" in self.ada.log.read_text(), "the log")
        config.write_text("[node]\nquoat = 3 GiB\n")
        self.ada.process.send_signal(signal.SIGHUP)
        lab.until(lambda: "quoat" in self.ada.log.read_text(), "the complaint")
        self.assertEqual(self.ada.json("status")["node"], self.ada.node)

    def test_a_damaged_key_is_told_with_instructions(self):
        self.ada.stop()
        key = self.ada.home / "data" / "keys" / "device.key"
        content = key.read_bytes()
        damaged = bytes([content[40] ^ 1])
        key.write_bytes(content[:40] + damaged + content[41:])
        done = subprocess.run(
            [str(lab.TROUPED), "--home", str(self.ada.home), "--no-lan",
             "--no-portmap"], capture_output=True, text=True, timeout=60,
            check=False)
        self.assertEqual(done.returncode, 11, done.stderr)
        self.assertIn("device.key", done.stderr)
        self.assertNotEqual(key.read_bytes(), content)
        key.write_bytes(content)
        self.ada.start()
        self.assertEqual(self.ada.json("person", "show")["name"], "Ada")


if __name__ == "__main__":
    unittest.main()
