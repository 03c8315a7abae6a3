#!/usr/bin/python3
"""A blob over a link that delays and loses, beside iperf3 over the same.

Two network namespaces and tests/bench/link.c between them: 40 ms each way and
1 % of the frames lost.  Needs root; prints lines as build/tests/bench/bench.
"""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

BUILD = pathlib.Path(os.environ["TROUPE_BUILD"])
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
import lab  # noqa: E402

DELAY_MS, LOSS, ROUNDS = 40, 1, 3
SIZE = 192 << 20
SPACES = ("trbench-a", "trbench-b")
ADDRESSES = ("10.99.0.1", "10.99.0.2")
PORT = 7001


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def within(space, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", space, *map(str, command)],
                            **options)


class Node(lab.Node):
    """A daemon in one of the namespaces."""

    def __init__(self, home, space, address):
        super().__init__(home, "--listen", f"{address}:{PORT}", "--network",
                         "lossy")
        self.space = space

    def start(self):
        self.home.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = within(
                self.space, lab.TROUPED, "--home", self.home, "--no-lan",
                "--no-portmap", *self.options, stdout=subprocess.PIPE,
                stderr=log, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(self.log.read_text())
        return self


def raw():
    """Seconds for so many bytes by TCP alone: iperf3, from the leader's side."""
    server = within(SPACES[0], "iperf3", "-s", "-1", "-B", ADDRESSES[0],
                    "--forceflush", stdout=subprocess.PIPE, text=True)
    while "listening" not in server.stdout.readline():
        pass
    client = within(SPACES[1], "iperf3", "-c", ADDRESSES[0], "-R", "-n", SIZE,
                    "-J", stdout=subprocess.PIPE, text=True)
    said = json.loads(client.communicate()[0])
    server.communicate()
    return SIZE / (said["end"]["sum_received"]["bits_per_second"] / 8)


def blob(folder, leader, project, number):
    """Seconds from asking for the project until its blob is held."""
    node = Node(folder / f"taker{number}", SPACES[1], ADDRESSES[1]).start()
    try:
        node.json("init", "--node-only")
        node.json("project", "follow", project)
        node.json("peer", "add", f"{leader.node}@{ADDRESSES[0]}:{PORT}")
        count = len(leader.records(project))
        lab.until(lambda: len(node.records(project)) == count, "the records",
                  200)
        begun = time.monotonic()
        node.json("seed", project)
        lab.until(lambda: node.json("status")["blobs"]["count"] == 1,
                  "the blob", 200)
        return time.monotonic() - begun
    finally:
        node.kill()


def measure(folder):
    leader = Node(folder / "leader", SPACES[0], ADDRESSES[0]).start()
    try:
        leader.init("Ada")
        project = leader.json(
            "project", "create", "--title", "Far", "--goal", "To arrive",
            "--medium", "song", "--licence", "CC-BY-SA-4.0")["id"]
        noise = folder / "noise"
        noise.write_bytes(random.Random(1).randbytes(SIZE))
        leader.json("contribute", "--project", project, noise, "--title",
                    "Noise", "--licence", "CC-BY-SA-4.0")
        pairs = [(blob(folder, leader, project, i), raw())
                 for i in range(ROUNDS)]
    finally:
        leader.kill()
    value = statistics.median(SIZE / 1e6 / took for took, _ in pairs)
    limit = statistics.median(SIZE / 1e6 / took for _, took in pairs)
    print(json.dumps({"name": "swarm.lossy", "value": round(value, 3),
                      "unit": "MB/s", "limit": round(limit, 3),
                      "ratio": round(value / limit, 3)}))


def main():
    if os.geteuid() != 0:
        sys.exit("lossy: needs root for network namespaces")
    house = lab.Lab()
    link = None
    try:
        for space in SPACES:
            ip("netns", "add", space)
        link = subprocess.Popen(
            [str(BUILD / "tests" / "bench" / "link"), SPACES[0], "far0",
             SPACES[1], "far0", str(DELAY_MS), str(LOSS)],
            stdout=subprocess.PIPE, text=True)
        link.stdout.readline()
        for space, address in zip(SPACES, ADDRESSES):
            ip("-n", space, "addr", "add", f"{address}/24", "dev", "far0")
            ip("-n", space, "link", "set", "far0", "up")
            ip("-n", space, "link", "set", "lo", "up")
        measure(house.folder)
    finally:
        if link:
            link.kill()
            link.wait()
        for space in SPACES:
            subprocess.run(["ip", "netns", "del", space], check=False)
        house.clean()


if __name__ == "__main__":
    main()
