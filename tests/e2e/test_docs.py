"""What the documents say is so: their commands run, their links lead on.

A block of README.md or docs/*.md that is fenced as `sh` and has a line
`<!-- run: NAME -->` above it is run on NAME's own daemon, one command after
another.  `# prints WORD` behind a command says that its output is one line;
where WORD stands in later commands, that line takes its place.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import lab

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"),
                    *ROOT.glob("tests/**/*.md")])
BLOCK = re.compile(r"^<!-- run: (\w+) -->\n```sh\n(.*?)^```$", re.M | re.S)
PRINTS = re.compile(r"\s+# prints ([A-Z]+)$")
FILES = {"cat.jpg": "/usr/share/backgrounds/*.jpg",
         "crown.svg": "/usr/share/icons/Tango/scalable/*/*.svg",
         "film.mp4": "/usr/share/games/fretsonfire/data/songs/muldjord/*/"
                     "song.ogg"}


def commands(block):
    """The commands of a block, each with the word that its output gets."""
    for line in block.replace("\\\n", " ").splitlines():
        prints = PRINTS.search(line)
        if line.strip():
            yield PRINTS.sub("", line), prints and prints.group(1)


class Commands(unittest.TestCase):
    """Each name in the document has a home and a working folder."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-"))
        self.homes = []
        self.words = {}
        self.addCleanup(self.clean)

    def clean(self):
        for home in self.homes:
            done = self.troupe(home, "troupe stop")
            lock = home / "data" / "lock"
            if done.returncode != 0 and lock.exists():
                pid = lock.read_text().strip()
                if pid.isdigit():
                    os.kill(int(pid), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def troupe(self, home, command):
        path = os.pathsep.join([str(lab.BUILD / "ctl"),
                                str(lab.BUILD / "daemon"), os.environ["PATH"]])
        env = {"PATH": path, "HOME": str(home), "TROUPE_HOME": str(home),
               "LC_ALL": "C.UTF-8",
               **{name: os.environ[name] for name in os.environ
                  if name.endswith("SAN_OPTIONS")}}
        return subprocess.run(["sh", "-c", command], cwd=home, env=env,
                              capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=lab.PATIENCE)

    def home(self, name):
        """The home of a name, and whether it is a new one."""
        home = self.folder / name
        if home in self.homes:
            return home, False
        (home / "config").mkdir(parents=True)
        (home / "config" / "troupe.conf").write_text(
            "[node]\nlisten = 127.0.0.1:0\nlan = no\nportmap = no\n")
        for file, pattern in FILES.items():
            (home / file).symlink_to(
                sorted(pathlib.Path("/").glob(pattern[1:]))[0])
        self.homes.append(home)
        return home, True

    def put_words(self, text):
        for word, value in self.words.items():
            text = re.sub(rf"\b{word}\b", value, text)
        return text

    def meet(self, home, block):
        """Records come over the network: waits for those the block names."""
        for word in set(re.findall(r"\b[A-Z]+\b", block)):
            value = self.words.get(word, "")
            if re.fullmatch("[0-9a-f]{64}", value):
                lab.until(lambda: self.troupe(
                    home, f"troupe record show {value}").returncode == 0, word)

    def run_block(self, name, block):
        home, is_new = self.home(name)
        if not is_new:
            self.meet(home, block)
        for command, word in commands(block):
            done = self.troupe(home, self.put_words(command))
            self.assertEqual(done.returncode, 0,
                             f"{name}: {command}\n{done.stdout}{done.stderr}")
            if word:
                lines = done.stdout.splitlines()
                self.assertEqual(len(lines), 1, command)
                self.words[word] = lines[0]

    def test_the_commands_of_the_documents_work_in_their_order(self):
        blocks = 0
        for document in DOCUMENTS:
            for name, block in BLOCK.findall(document.read_text()):
                self.run_block(name, block)
                blocks += 1
        self.assertGreater(blocks, 5)


class Texts(unittest.TestCase):
    """What can be checked without a daemon."""

    def test_relative_links_lead_to_files(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
                if re.match(r"[a-z]+:|#", target):
                    continue
                path = document.parent / target.split("#")[0]
                self.assertTrue(path.exists(), f"{document.name}: {target}")

    def test_named_source_files_are_there(self):
        name = re.compile(r"`((?:ctl|daemon|docs|proto|store|tests)/"
                          r"[\w./-]+\.\w+)")
        for document in DOCUMENTS:
            for path in name.findall(document.read_text()):
                self.assertTrue("NAME" in path or (ROOT / path).exists(),
                                f"{document.name}: {path}")

    def test_named_functions_are_there(self):
        code = "".join(path.read_text() for folder in
                       ("ctl", "daemon", "proto", "store")
                       for path in sorted((ROOT / folder).glob("*.[ch]")))
        for name in ("architecture", "security", "storage"):
            text = (ROOT / "docs" / f"{name}.md").read_text()
            for function in re.findall(r"`(\w+)\(\)`", text):
                self.assertRegex(code, rf"\b{function}\(", name)

    def test_named_tests_are_there(self):
        """`tests/proto/test_record.c::name` and the like."""
        name = re.compile(r"`(tests/[\w./]+)::(\w+)`")
        for document in DOCUMENTS:
            for path, test in name.findall(document.read_text()):
                self.assertRegex((ROOT / path).read_text(), rf"\b{test}\b",
                                 f"{document.name}: {path}")

    def test_every_method_of_the_daemon_is_described(self):
        table = (ROOT / "daemon" / "methods.c").read_text()
        methods = re.findall(r'\{ "([\w.]+)", method_', table)
        described = (ROOT / "docs" / "control-api.md").read_text()
        self.assertGreater(len(methods), 40)
        for method in methods:
            self.assertTrue(f"| `{method}` |" in described, method)
        for method in re.findall(r"^\| `([\w.]+)` \|", described, re.M):
            self.assertIn(method, methods)

    def test_the_demo_that_is_shown_is_the_one_that_plays(self):
        story = (ROOT / "ctl" / "demo_story.c").read_text().replace('\\"', '"')
        steps = re.findall(r"^ +\d+\.   (.+)$",
                           (ROOT / "README.md").read_text(), re.M)
        self.assertGreater(len(steps), 10)
        for step in steps:
            self.assertTrue(f'{{ "{step}",' in story, step)

    def test_every_setting_is_described(self):
        table = (ROOT / "daemon" / "config.c").read_text()
        settings = re.findall(r'\{ "(?:node|peers)", "(\w+)"', table)
        page = (ROOT / "docs" / "man" / "trouped.8").read_text()
        self.assertGreater(len(settings), 5)
        for setting in settings:
            self.assertRegex(page, rf"(?m)^{setting} = ")

    def test_manual_pages_are_well_formed(self):
        for page in sorted(ROOT.glob("docs/man/*.[1-8]")):
            done = subprocess.run(
                ["mandoc", "-T", "lint", "-W", "warning", str(page)],
                capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""), page)


if __name__ == "__main__":
    unittest.main()
