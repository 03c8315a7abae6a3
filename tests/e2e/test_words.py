"""What people are told: which mistake it was, and what to do next."""
import json
import subprocess
import unittest

import lab

PROJECT = ("project", "create", "--title", "The Crowned Cat", "--goal",
           "A short film", "--medium", "short_film")


class WordsTest(lab.LabTest):
    def told(self, node, *args):
        """Both streams of the client, whatever became of it."""
        done = node.run(*args, check=False)
        return done.returncode, done.stdout, done.stderr

    def project(self, node):
        return node.json(*PROJECT, "--licence", "CC-BY-SA-4.0")["id"]

    def test_a_wrong_field_is_told_by_its_option_and_what_is_right(self):
        ada = self.node("ada", person="Ada")
        for args, text in (
                (PROJECT, "--licence is missing"),
                ((*PROJECT, "--licence", "CC0-1.0", "--pay", "all"),
                 "--pay has a wrong value: it is one of none, profit_share, "
                 "fixed_pool"),
                ((*PROJECT, "--licence", "CC0\n1.0"),
                 "--licence has a wrong value: it must be one line"),
                ((*PROJECT, "--licence", "a" * 5000),
                 "--licence has a wrong value: it is too long")):
            code, out, err = self.told(ada, *args)
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn(text, err)
        fields = self.file("fields.json", json.dumps({"colour": "red"}))
        code, _, err = self.told(ada, "person", "edit", "--fields", fields)
        self.assertEqual(code, 2)
        self.assertIn('no such thing as the field "colour"', err)

    def test_odd_values_are_taken_with_a_warning(self):
        ada = self.node("ada", person="Ada")
        odd = ada.json(*PROJECT, "--licence", "foo", "--deadline",
                       "2001-01-01")
        self.assertEqual(len(odd["warnings"]), 2)
        self.assertIn("CC-BY-SA-4.0", odd["warnings"][0])
        self.assertIn("passed", odd["warnings"][1])
        usual = ada.json(*PROJECT, "--licence", "CC0-1.0")
        self.assertEqual(usual["warnings"], [])

    def test_edited_credits_are_never_lost(self):
        ada = self.node("ada", person="Ada")
        project = self.project(ada)
        work = ada.json("contribute", "--project", project,
                        self.file("cat.txt", "a cat"), "--title", "Cat",
                        "--licence", "CC-BY-SA-4.0")["id"]
        draft = ("release", "draft", "--project", project, "--part", work)
        ada.run(*draft)
        self.file("credits.json", "edited")
        code, _, err = self.told(ada, *draft)
        self.assertEqual(code, 5)
        self.assertIn("--out", err)
        self.assertEqual((self.folder / "credits.json").read_text(), "edited")
        ada.run(*draft, "--out", self.folder / "other.json")
        self.assertIn(project[:16], ada.run("project", "list").stdout)

    def test_the_config_is_checked_with_and_without_a_daemon(self):
        ada = self.node("ada")
        conf = ada.home / "config" / "troupe.conf"
        self.assertEqual(ada.json("config", "check")["findings"], [])
        conf.write_text("[node]\nlisen = 127.0.0.1:0\n")
        answers = [self.told(ada, "--json", "config", "check")]
        ada.stop()
        answers.append(self.told(ada, "--json", "config", "check"))
        for code, out, _ in answers:
            self.assertEqual(code, 2)
            finding = json.loads(out)["findings"][0]
            self.assertEqual(finding["line"], 2)
            self.assertIn("nearest is [node] listen", finding["text"])
        conf.unlink()
        code, out, _ = self.told(ada, "config", "check")
        self.assertEqual((code, out), (0, "all is well\n"))

    def test_a_port_that_is_taken_is_told_in_a_sentence(self):
        ada = self.node("ada")
        port = ada.address.rsplit(":", 1)[1]
        done = subprocess.run(
            [lab.TROUPED, "--home", self.folder / "ben", "--listen",
             f"127.0.0.1:{port}"], capture_output=True, text=True,
            timeout=lab.PATIENCE)
        self.assertEqual(done.returncode, 5)
        self.assertIn(f"port {port} is used by another program",
                      done.stderr.splitlines()[-1])

    def test_an_invite_names_no_address_that_leads_nowhere(self):
        ada = self.node("ada", "--listen", "0.0.0.0:0", person="Ada")
        code, out, err = self.told(ada, "--json", "invite")
        if code == 5:  # a machine without a network
            self.assertIn("troupe.conf", err)
            return
        link = json.loads(out)["link"]
        shown = self.told(ada, "join", link)
        self.assertIn("names only this node itself", shown[2])
        self.assertNotIn("0.0.0.0", shown[2])

    def test_who_joins_is_told_what_comes_next(self):
        ada, ben = self.node("ada", person="Ada"), self.node("ben")
        project = self.project(ada)
        link = ada.json("invite", project)["link"]
        first = self.told(ben, "join", link)[2]
        self.assertIn("an invite by device", first)
        self.assertIn(f"troupe wait caught-up:{project[:16]}", first)
        ben.run("wait", f"caught-up:{project}")
        lab.until(lambda: "Ada" in ben.run("project", "show", project).stdout,
                  "the leader's name")
        self.assertIn("from     Ada", self.told(ben, "join", link)[2])

    def test_seeding_what_is_not_known_says_so(self):
        ben = self.node("ben")
        self.assertFalse(ben.json("seed", "ab" * 32)["known"])
        self.assertIn("nothing of it is known here yet",
                      self.told(ben, "seed", "cd" * 32)[2])


if __name__ == "__main__":
    unittest.main()
