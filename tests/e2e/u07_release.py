"""U7: twelve parts, complete credits, pinned versions, ready attribution."""
import json
import time
import unittest

import lab

LICENCE = "CC-BY-4.0"


class Release(lab.LabTest):
    """A releases what many have made; nobody is left out, nothing changes."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c = (self.node(name, person=name)
                                  for name in ("Ada", "Ben", "Cyd"))
        for node in (self.b, self.c):
            node.meet(self.a)
        self.project = self.a.json(
            "project", "create", "--title", "Twelve Nights", "--goal",
            "An album", "--medium", "album", "--licence", LICENCE)["id"]
        for node in (self.b, self.c):
            node.json("project", "follow", self.project)
            lab.until(lambda n=node: self.project in n.records(self.project))

    def give(self, node, title, *more, licence=LICENCE):
        return node.json("contribute", "--project", self.project,
                         self.file(f"{title}.txt", title), "--title", title,
                         "--licence", licence, "--accept-terms", *more)["id"]

    def seen(self, node, *ids):
        lab.until(lambda: set(ids) <= node.records(self.project), "records")

    def person(self, node):
        return node.json("person", "show")["person"]

    def publish(self, parts, *more, node=None):
        words = ["release", "publish", "--project", self.project, "--title",
                 "Twelve Nights", "--medium", "album", "--file",
                 str(self.file("album.txt", "all of it"))]
        for part in parts:
            words += ["--part", part]
        return words + list(more)

    def test_a_forgotten_violinist_and_what_was_released(self):
        violin = self.give(self.c, "Violin")
        self.seen(self.b, violin)
        songs = [self.give(self.b, f"Song {n}") for n in range(11)]
        songs.append(self.give(self.b, "Waltz", "--from", violin, "--relation",
                               "adapted", "--thanks", "Your bow leads it",
                               "--ai", "part"))
        self.seen(self.a, violin, *songs)
        lab.until(lambda: any(
            e["source"] == violin
            for e in self.a.json("tree", songs[-1])["edges"]), "citation")
        ben = ["--credit", self.person(self.b) + "=songs"]

        # Nobody is added silently: publishing is refused and says who.
        before = self.a.records(self.project)
        refused = self.a.refused(*self.publish(songs, *ben))
        self.assertEqual(refused.code, 5)
        self.assertIn("Cyd", refused.err)
        self.assertNotIn("Ben", refused.err)
        self.assertEqual(self.a.records(self.project), before)

        # The draft names her, as somebody on whose work another is built.
        credits = self.folder / "credits.json"
        words = ["release", "draft", "--project", self.project,
                 "--out", str(credits)]
        for song in songs:
            words += ["--part", song]
        self.a.run(*words)
        drafted = json.loads(credits.read_text())["credits"]
        self.assertEqual({c["person"] for c in drafted},
                         {self.person(self.b), self.person(self.c)})
        self.assertEqual([c["influence"] for c in drafted], [False, True])
        release = self.a.json(*self.publish(songs, "--credits",
                                            str(credits)))["id"]

        # Parts are pinned: a later version is not what was released.
        shown = self.a.json("release", "show", release)
        roots = [p["files"][0]["root"] for p in shown["parts"]]
        self.assertEqual(len(roots), 12)
        self.assertEqual([p["version"] for p in shown["parts"]], songs)
        self.b.json("edit", songs[0], "--title", "Another song", "--licence",
                    "all-rights-reserved")
        lab.until(lambda: self.a.json("contribution", "show", songs[0])[
            "title"] == "Another song", "the revision")
        again = self.a.json("release", "show", release)
        self.assertTrue(again["in_force"])
        self.assertEqual(again["parts"], shown["parts"])
        self.attributed(release)
        self.same_everywhere(release)

    def attributed(self, release):
        """Ready to be pasted, in three forms."""
        text = self.a.run("attribution", release).stdout
        for words in ("“Twelve Nights” by Ada", "Ben: ", "Cyd: ",
                      "“Waltz” by Ben (CC-BY-4.0, https://creativecommons.org/"
                      "licenses/by/4.0/); made in part by a machine",
                      "adapted from “Violin” by Cyd (CC-BY-4.0"):
            self.assertIn(words, text)
        self.assertNotIn("Your bow", text)
        self.assertIn("“Your bow leads it”",
                      self.a.run("attribution", release, "--thanks").stdout)
        markdown = self.a.run("attribution", release, "--markdown").stdout
        self.assertIn("[CC\\-BY\\-4\\.0](https://creativecommons.org/", markdown)
        page = self.folder / "page.html"
        self.a.run("attribution", release, "--html", str(page))
        html = page.read_text()
        self.assertTrue(html.startswith("<!DOCTYPE html>"))
        self.assertIn("<a href=\"https://creativecommons.org/licenses/by/4.0/"
                      "\">CC-BY-4.0</a>", html)
        self.assertNotIn("src=", html)
        self.assertEqual(
            self.a.refused("attribution", release, "--html", str(page)).code, 5)

    def same_everywhere(self, release):
        for node in (self.b, self.c):
            self.seen(node, release)
        lab.until(lambda: self.c.json("credits", release) ==
                  self.a.json("credits", release), "the same credits")

    def test_426_names(self):
        song = self.give(self.b, "Choir")
        self.seen(self.a, song)
        credits = [{"person": self.person(self.b), "role": "song"}]
        credits += [{"name": f"Singer <{n}> & Co.", "role": "voice " + "a" * 90}
                    for n in range(425)]
        path = self.file("names.json", json.dumps({"credits": credits}))
        release = self.a.json(*self.publish([song], "--credits", str(path)))["id"]
        begin = time.monotonic()
        lines = self.a.json("credits", release)["credits"]
        self.assertLess(time.monotonic() - begin, 1)
        self.assertEqual(len(lines), 426)
        self.assertEqual(lines[-1]["name"], "Singer <424> & Co.")
        text = self.a.run("attribution", release).stdout
        self.assertEqual(text.count("Singer <"), 425)
        page = self.folder / "choir.html"
        self.a.run("attribution", release, "--html", str(page))
        self.assertEqual(page.read_text().count("Singer &lt;"), 425)
        self.seen(self.c, release)
        lab.until(lambda: self.c.json("release", "show", release)["in_force"],
                  "its pages")
        self.assertEqual(len(self.c.json("credits", release)["credits"]), 426)

    def test_what_all_rights_and_a_grant_allow(self):
        photo = self.give(self.b, "Photo", licence="all-rights-reserved")
        self.seen(self.a, photo)
        words = self.publish([photo], "--credit", self.person(self.b) + "=photo")
        refused = self.a.refused(*words)
        self.assertEqual(refused.code, 5)
        self.assertIn("\"Photo\"", refused.err)
        asked = self.a.json("rights", "request", photo, "--scope",
                            "on the cover", "--pay", "a copy")["id"]
        self.seen(self.b, asked)
        self.assertEqual(self.c.refused("rights", "grant", photo, "--scope",
                                        "all").code, 5)
        granted = self.b.json("rights", "grant", photo, "--request", asked,
                              "--scope", "on the cover")["id"]
        self.seen(self.a, granted)
        listed = self.a.json("rights", "list", "--contribution", photo)["items"]
        self.assertEqual([(i["kind"], i["scope"]) for i in listed],
                         [("rights_grant", "on the cover"),
                          ("rights_request", "on the cover")])
        release = self.a.json(*words)["id"]
        self.assertTrue(self.a.json("release", "show", release)["in_force"])


if __name__ == "__main__":
    unittest.main()
