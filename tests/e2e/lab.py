"""Real daemons for the end-to-end tests: each its own process and home."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = pathlib.Path(os.environ["TROUPE_BUILD"])
TROUPED = BUILD / "daemon" / "trouped"
TROUPE = BUILD / "ctl" / "troupe"
# Sanitizers take much more memory for the same work.
SANITIZED = b"__asan_init" in TROUPED.read_bytes()
# Freed memory that they keep for their own use is not the daemon's.
os.environ["ASAN_OPTIONS"] = (os.environ.get("ASAN_OPTIONS", "")
                              + ":quarantine_size_mb=4").lstrip(":")
# A sanitized build on a busy machine is slow; nothing here measures time.
PATIENCE = float(os.environ.get("TROUPE_PATIENCE", "90"))


class CommandFailed(Exception):
    """A command of the client ended with another code than 0."""

    def __init__(self, args, done):
        super().__init__(f"troupe {' '.join(map(str, args))}: exit "
                         f"{done.returncode}\n{done.stdout}\n{done.stderr}")
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        try:
            self.error = json.loads(done.stderr.strip().splitlines()[-1])
        except (ValueError, IndexError):
            self.error = {}


class Node:
    """One daemon.  `options` go to trouped, at each start."""

    def __init__(self, home, *options):
        self.home = pathlib.Path(home)
        self.options = list(options)
        self.under = []  # a command that runs the daemon
        self.process = None
        self.log = self.home.with_suffix(".log")

    def start(self):
        """Starts the daemon and waits until it says ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [*self.under, str(TROUPED), "--home", str(self.home), "--no-lan",
                   "--no-portmap", *self.options]
        if "--listen" not in self.options:
            command += ["--listen", "127.0.0.1:0"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True)
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if line.strip() != "ready":
            code = self.process.wait()
            raise RuntimeError(f"no 'ready' but {line!r}, exit {code}; log:\n"
                               + self.log.read_text()[-4000:])
        return self

    def stop(self):
        """Ends it in peace; fails if it does not end with 0."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process = None
        if code != 0:
            raise RuntimeError(f"exit {code}; log:\n"
                               + self.log.read_text()[-8000:])

    def kill(self):
        """Ends it without a chance to say good-bye."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def run(self, *args, check=True, text=True, stdin=None):
        """The client on this node; returns the finished process."""
        done = subprocess.run(
            [str(TROUPE), "--home", str(self.home), "--no-input",
             *map(str, args)],
            capture_output=True, text=text, timeout=PATIENCE, input=stdin,
            cwd=self.home.parent)
        if check and done.returncode != 0:
            raise CommandFailed(args, done)
        return done

    def begin(self, *args):
        """The client, started and not waited for."""
        return subprocess.Popen(
            [str(TROUPE), "--home", str(self.home), "--no-input",
             *map(str, args)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=self.home.parent)

    def json(self, *args):
        """The client's JSON answer as a dictionary."""
        return json.loads(self.run("--json", *args).stdout)

    def refused(self, *args):
        """The failure of a command that must fail."""
        try:
            answer = self.run("--json", *args)
        except CommandFailed as failure:
            return failure
        raise AssertionError(f"troupe {args} should fail: {answer.stdout}")

    def init(self, name):
        """Makes a person here, without a passphrase."""
        return self.json("init", "--name", name, "--no-passphrase",
                         "--words-out", self.home / "words")

    @property
    def node(self):
        return self.json("status")["node"]

    @property
    def address(self):
        return self.json("status")["listen"][0]

    def meet(self, other):
        """Adds the other as a peer and waits for the connection."""
        self.json("peer", "add", f"{other.node}@{other.address}")
        until(lambda: any(p["node"] == other.node
                          for p in self.json("status")["peers"]),
              "the connection")

    def records(self, topic=None):
        """Ids of all records here, of one topic or of all, but for pledges:
        those are nodes' own, and come whenever a node seeds."""
        ids, after = set(), None
        while True:
            args = ["record", "list", "--limit", "500"]
            args += ["--topic", topic] if topic else []
            args += ["--after", after] if after else []
            page = self.json(*args)
            ids.update(item["id"] for item in page["items"]
                       if item["kind"] != "pledge")
            after = page.get("next")
            if after is None:
                return ids

    def memory_anon_kb(self):
        """RssAnon of the daemon in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return int(fields["RssAnon"].split()[0])


def until(question, what="it", patience=PATIENCE):
    """Asks until the answer is true; a failure names what was awaited."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"still waiting for {what}")
        time.sleep(0.05)


def listener():
    """A listening socket on a free port, of a test's own."""
    return socket.create_server(("127.0.0.1", 0))


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Lab:
    """A folder for daemons that are all ended, whatever happens."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-"))
        self.nodes = []

    def node(self, name, *options, person=None):
        """A started daemon; with `person`, somebody signs from it."""
        node = Node(self.folder / name, *options)
        self.nodes.append(node)
        node.start()
        if person:
            node.init(person)
        else:
            node.json("init", "--node-only")
        return node

    def file(self, name, content):
        """A file in the lab's folder."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        return path

    def clean(self, tell=False):
        """Kills what still runs; tells the ends of the logs, if asked to."""
        for node in self.nodes:
            node.kill()
            if tell and node.log.exists():
                print(f"--- {node.log.name}\n{node.log.read_text()[-6000:]}")
        shutil.rmtree(self.folder, ignore_errors=True)


class LabTest(unittest.TestCase):
    """A test with a lab of its own."""

    def setUp(self):
        self.lab = Lab()
        self.folder = self.lab.folder
        self.node = self.lab.node
        self.file = self.lab.file
        self.addCleanup(self.clean)

    def clean(self):
        result = getattr(getattr(self, "_outcome", None), "result", None)
        self.lab.clean(result is not None
                       and bool(result.failures + result.errors))
