#!/usr/bin/python3
"""A file taken in where the file system can share blocks: hashed, and no byte
of it written a second time.  An xfs in a file, mounted by a loop device; needs
root.  Prints lines as build/tests/bench/bench does."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
import lab  # noqa: E402
import power  # noqa: E402

MIB = 1 << 20
SIZE, ROUNDS = 1024 * MIB, 3


def used(disk):
    power.run("sync", "-f", disk.path)
    room = os.statvfs(disk.path)
    return (room.f_blocks - room.f_bfree) * room.f_frsize


def hashing(path):
    """MB/s of openssl, which reads what is in memory; a clone is not."""
    begun = time.monotonic()
    power.run("openssl", "dgst", "-sha256", path)
    return SIZE / 1e6 / (time.monotonic() - begun)


def one(disk, node, project, number):
    """Its rate, the limit, and how much more of the disk is used then."""
    path = disk.path / f"film{number}"
    with open(path, "wb") as file:
        for _ in range(SIZE // MIB):
            file.write(os.urandom(MIB))
    limit = hashing(path)
    before = used(disk)
    begun = time.monotonic()
    node.json("contribute", "--project", project, path, "--title", "Film",
              "--licence", "CC0-1.0", "--rights", "own_work")
    return SIZE / 1e6 / (time.monotonic() - begun), limit, used(disk) - before


def row(name, value, unit, limit):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit,
                      "limit": round(limit, 3),
                      "ratio": round(value / limit, 4)}), flush=True)


def measure(disk, node):
    node.start()
    node.init("Ada")
    project = node.json("project", "create", "--title", "Cat", "--goal",
                        "A film", "--medium", "short_film", "--licence",
                        "CC0-1.0")["id"]
    found = [one(disk, node, project, i) for i in range(ROUNDS)]
    rates, limits, room = map(statistics.median, zip(*found))
    row("import.reflink", rates, "MB/s", limits)
    row("import.reflink_room", room / MIB, "MiB", SIZE / MIB)


def main():
    if os.geteuid() != 0:
        sys.exit("reflink: needs root to mount a file system")
    house = lab.Lab()
    disk = None
    try:
        disk = power.Disk(house.folder, "xfs", (ROUNDS + 1) * SIZE // MIB,
                          "xfs")
        node = lab.Node(disk.path / "ada")
        node.log = house.folder / "ada.log"
        house.nodes.append(node)
        measure(disk, node)
    finally:
        for node in house.nodes:
            node.kill()
        if disk:
            disk.unmount()
        house.clean()


if __name__ == "__main__":
    main()
