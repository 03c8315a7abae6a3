"""Licences that exclude each other are refused before anything is public."""
import unittest

import lab


class Mix(lab.LabTest):
    """One person, works under licences that cannot go together."""

    def work(self, node, project, title, licence, *more):
        return node.json("contribute", "--project", project,
                         self.file(title + ".txt", title), "--title", title,
                         "--licence", licence, *more)["id"]

    def test_an_impossible_mix_is_refused_and_names_both_works(self):
        node = self.node("ada", person="Ada")
        project = node.json(
            "project", "create", "--title", "Choir", "--goal", "A song",
            "--medium", "song", "--licence", "CC-BY-4.0")["id"]
        poem = self.work(node, project, "Poem", "CC-BY-SA-4.0")
        tune = self.work(node, project, "Tune", "CC-BY-4.0", "--from", poem,
                         "--thanks", "for the words")
        song = self.work(node, project, "Song", "CC-BY-NC-4.0")
        before = node.records(project)

        for refused in (
                node.refused("cite", song, "--source", tune),
                node.refused("contribute", "--project", project,
                             self.file("other.txt", "other"), "--title",
                             "Other", "--licence", "CC-BY-NC-4.0", "--from",
                             tune, "--thanks", "for the tune")):
            self.assertEqual(refused.code, 5)
            self.assertIn("CC-BY-SA-4.0 of \"Poem\"", refused.err)
            self.assertIn("CC-BY-NC-4.0", refused.err)
        self.assertEqual(node.records(project), before)

        node.json("cite", song, "--source", tune, "--relation", "inspired",
                  "--thanks", "It set the mood")


if __name__ == "__main__":
    unittest.main()
