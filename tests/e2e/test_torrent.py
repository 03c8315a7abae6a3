"""Blob roots and .torrent files, beside those of libtorrent."""
import random
import shutil
import unittest

import libtorrent

import lab

MIB = 1 << 20
SIZES = (1, 16 * 1024, 16 * 1024 + 1, 300000, MIB - 1, MIB, MIB + 1,
         2 * MIB, 3 * MIB + 16 * 1024 - 1, 5 * MIB + 77777)


def decode_tree(tree):
    """name: (length, pieces root) of the files below a file tree."""
    for name, below in tree.items():
        if b"" in below:
            yield name.decode(), (below[b""][b"length"],
                                  below[b""].get(b"pieces root", b"").hex())
        else:
            for part, file in decode_tree(below):
                yield f"{name.decode()}/{part}", file


def torrent_of(folder):
    """What libtorrent makes of a folder, with pieces of 1 MiB."""
    files = libtorrent.file_storage()
    libtorrent.add_files(files, str(folder))
    made = libtorrent.create_torrent(files, MIB,
                                     libtorrent.create_torrent_flags_t.v2_only)
    libtorrent.set_piece_hashes(made, str(folder.parent))
    return made.generate()


def check(torrent, folder):
    """libtorrent reads the torrent and finds all its files in the folder."""
    session = libtorrent.session({
        "listen_interfaces": "", "enable_dht": False, "enable_lsd": False,
        "enable_upnp": False, "enable_natpmp": False})
    params = libtorrent.add_torrent_params()
    params.ti = libtorrent.torrent_info(str(torrent))
    params.save_path = str(folder)
    handle = session.add_torrent(params)
    lab.until(lambda: not str(handle.status().state).startswith("check"),
              "the check")
    return handle.status()


class Torrent(lab.LabTest):
    """Files of every size that matters, released."""

    def setUp(self):
        super().setUp()
        rng = random.Random(5)
        self.release = self.folder / "The Work"
        self.release.mkdir()
        self.files = []
        for size in SIZES:
            path = self.release / f"file {size}.bin"
            path.write_bytes(rng.randbytes(size))
            self.files.append(path)
        self.files.append(self.release / "empty")
        self.files[-1].write_bytes(b"")
        self.a = self.node("a", person="Ada")
        self.project = self.a.json(
            "project", "create", "--title", "Song", "--goal", "One song",
            "--medium", "song", "--licence", "CC0-1.0")["id"]

    def test_roots_and_torrents_are_those_of_libtorrent(self):
        work = self.a.json(
            "contribute", "--project", self.project,
            *map(str, self.files), "--title", "Work", "--licence", "CC0-1.0")
        theirs = torrent_of(self.release)
        tree = dict(decode_tree(theirs[b"info"][b"file tree"]))
        for blob in work["blobs"]:
            size, root = tree[blob["name"]]
            self.assertEqual((blob["size"], blob["root"]),
                             (size, root or "00" * 32), blob["name"])

        words = []
        for path in self.files:
            words += ["--file", str(path)]
        release = self.a.json(
            "release", "publish", "--project", self.project, "--title",
            "The Work", "--medium", "song", "--part", work["id"], "--credit",
            self.a.json("person", "show")["person"] + "=all", *words)["id"]
        torrent = self.folder / "work.torrent"
        told = self.a.json("release", "bundle", release, "--out",
                           self.folder / "work.troupe", "--torrent", torrent)
        ours = libtorrent.bdecode(torrent.read_bytes())
        self.assertEqual(torrent.read_bytes(), libtorrent.bencode(ours))
        self.assertEqual(ours[b"info"], theirs[b"info"])
        self.assertEqual(ours[b"piece layers"], theirs[b"piece layers"])
        info = libtorrent.torrent_info(str(torrent))
        self.assertEqual(str(info.info_hashes().v2), told["infohash"])

        # What `get` writes is complete; one byte less is not.
        got = self.folder / "got"
        self.a.run("get", release, "--out", got)
        (self.folder / "seed").mkdir()
        shutil.move(got, self.folder / "seed" / "The Work")
        status = check(torrent, self.folder / "seed")
        self.assertTrue(status.is_seeding, status.state)
        self.assertEqual(status.total_done, sum(SIZES))
        (self.folder / "seed" / "The Work" / self.files[4].name).write_bytes(
            b"other")
        status = check(torrent, self.folder / "seed")
        self.assertFalse(status.is_seeding)

        failed = self.a.refused("release", "bundle", release, "--out",
                                self.folder / "more.troupe", "--torrent",
                                torrent)
        self.assertEqual(failed.code, 5)
        self.assertEqual(list(self.folder.glob("more.troupe*")), [])


if __name__ == "__main__":
    unittest.main()
