"""Who holds what: leases, challenges, pledges, and archivists who share."""
import os
import signal
import time
import unittest

import lab
import peer
import shelf
import wire
from wire import Reader, records, varint

LICENCE = "CC-BY-4.0"
DAY = 86400000
LEASES, HELD_ASK, HELD, CHALLENGE, LEAF = 9, 11, 13, 15, 17


def now_ms():
    return int(time.time() * 1000)


# Section 6.6 to 6.8 once more, from the document alone.

def tree_root(nodes):
    """Root of hashes, filled up with zeros to a power of two."""
    nodes = list(nodes) or [bytes(32)]
    while len(nodes) & (len(nodes) - 1):
        nodes.append(bytes(32))
    while len(nodes) > 1:
        nodes = [records.sha(nodes[i], nodes[i + 1])
                 for i in range(0, len(nodes), 2)]
    return nodes[0]


def siblings(nodes, index):
    nodes, out = list(nodes), []
    while len(nodes) & (len(nodes) - 1):
        nodes.append(bytes(32))
    while len(nodes) > 1:
        out.append(nodes[index ^ 1])
        nodes = [records.sha(nodes[i], nodes[i + 1])
                 for i in range(0, len(nodes), 2)]
        index //= 2
    return out


def climb(node, index, path):
    for sibling in path:
        pair = (sibling, node) if index & 1 else (node, sibling)
        node, index = records.sha(*pair), index // 2
    return node


def name_of(blob):
    return blob.root + blob.size.to_bytes(8, "big")


def name_hash(name):
    return records.sha(b"troupe held 1\0", name)


class Lease:
    """Of a node key's seed, over blobs that are sorted unless told."""

    def __init__(self, seed, topic, blobs, made=None, lasts=7 * DAY,
                 names=None, network="lab"):
        made = now_ms() if made is None else made
        self.names = sorted(map(name_of, blobs)) if names is None else names
        self.root = (tree_root(map(name_hash, self.names)) if self.names
                     else bytes(32))
        self.node = records.public(seed)
        core = records.pack([1, self.node, topic, made, made + lasts,
                             len(self.names), self.root])
        self.bytes = core + records.sign(seed, "lease", network, core)


class Lender(peer.Peer):
    """Says what it holds and shows what is in `shown`."""

    def __init__(self, *args, shown=(), **options):
        super().__init__(*args, **options)
        self.leases = {}  # of the daemon, by node
        self.lists = {}
        self.shown = {blob.root: blob for blob in shown}
        self.asked = []
        self.answers = {}

    def lend(self, topic, *leases):
        with self.lock:
            self.lists.update({lease.root: lease for lease in leases})
            self.link.send(LEASES, self.tag(topic) + b"".join(
                len(lease.bytes).to_bytes(2, "big") + lease.bytes
                for lease in leases))

    def on_frame(self, kind, payload):
        reader = Reader(payload)
        if kind == LEASES:
            reader.take(8)
            while reader.left:
                raw = reader.take(reader.uint(2))
                core = records.msgpack.unpackb(raw[:-64], raw=False)
                shelf.check(core[1], "lease", "lab", raw[:-64], raw[-64:])
                self.leases[core[1]] = core
        elif kind == HELD_ASK:
            self.on_held_ask(reader)
        elif kind == CHALLENGE:
            self.on_challenge(reader)
        elif kind in (HELD, LEAF):
            self.answers[reader.take(4)] = reader
        else:
            super().on_frame(kind, payload)

    def on_held_ask(self, reader):
        request, _, _, root = (reader.take(n) for n in (4, 8, 32, 32))
        lease = self.lists.get(root)
        if lease is None or reader.uint(1) != 0:
            self.link.send(HELD, request + varint(peer.code_of("NOT_HELD")))
            return
        self.asked.append("list")
        hashes = list(map(name_hash, lease.names))
        level = max(len(hashes) - 1, 0).bit_length()
        assert level <= 10 and climb(hashes[0], 0,
                                     siblings(hashes, 0)) == root
        self.link.send(HELD, request + b"\0" + bytes([level]) + bytes(8)
                       + b"\0" + b"".join(lease.names))

    def on_challenge(self, reader):
        request, _, root = (reader.take(n) for n in (4, 8, 32))
        reader.uint(8)
        leaf = reader.uint(8)
        self.asked.append(root)
        blob = self.shown.get(root)
        if blob is None:
            self.link.send(LEAF, request + varint(peer.code_of("NOT_HELD")))
            return
        path = siblings(shelf.trees.leaves(blob.data), leaf)
        part = blob.data[leaf * shelf.LEAF:(leaf + 1) * shelf.LEAF]
        self.link.send(LEAF, request + b"\0" + bytes([len(path)])
                       + b"".join(path) + part)

    def put_to(self, kind, topic, rest):
        """One HELD_ASK or CHALLENGE; what stands behind its code."""
        with self.lock:
            request = os.urandom(4)
            self.link.send(kind, request + self.tag(topic) + rest)
        self.wait(lambda: request in self.answers, "an answer")
        answer = self.answers.pop(request)
        code = wire.CODES[answer.varint()]
        if code != "OK":
            raise wire.Broken(code)
        return answer


class LenderTest(lab.LabTest):
    """One daemon, and nodes that may say anything."""

    def setUp(self):
        super().setUp()
        self.daemon = self.node("daemon", person="Dora")
        self.project = bytes.fromhex(self.daemon.json(
            "project", "create", "--title", "Kept", "--goal", "To last",
            "--medium", "short_film", "--licence", LICENCE)["id"])
        self.blobs = [shelf.Blob(os.urandom(n))
                      for n in (40, 300_000, 3 * 2 ** 20 + 77)]
        self.work = self.daemon.json(
            "contribute", "--project", self.project.hex(), "--title", "Work",
            "--licence", LICENCE, "--rights", "own_work",
            *[self.file(f"{i}", blob.data)
              for i, blob in enumerate(self.blobs)])["id"]

    def meet(self, **options):
        link = wire.dial(self.daemon.address,
                         expected=bytes.fromhex(self.daemon.node))
        lender = Lender(link, topics=[self.project], **options).start()
        self.addCleanup(lender.stop)
        lender.wait(lambda: self.project in lender.shared(), "the hello")
        return lender

    def lease(self, lender, blobs=None, **options):
        return Lease(lender.link.keys.seed, self.project,
                     self.blobs if blobs is None else blobs, **options)

    def states(self, lender, work=None):
        """What the daemon says of this holder, by file."""
        return [[h["state"] for h in item["holders"]
                 if h["node"] == lender.link.keys.id.hex()]
                for item in self.daemon.json("copies",
                                             work or self.work)["items"]]

    def test_who_shows_what_it_says_holds_it(self):
        lender = self.meet(shown=self.blobs)
        lender.lend(self.project, self.lease(lender))
        root = self.blobs[0].root.hex()
        self.daemon.json("--timeout", "60", "wait", f"held:{root}:2")
        self.assertEqual(self.states(lender), [["shown"]] * 3)
        item = self.daemon.json("copies", root)["items"][0]
        self.assertEqual((item["copies"], item["claims"], item["target"],
                          item["held_here"]), (2, 0, 3, True))
        # What it does not name is not held by it, and it can say less.
        lender.lend(self.project, self.lease(lender, self.blobs[1:],
                                            made=now_ms() + 1000))
        lab.until(lambda: self.states(lender) == [[], ["shown"], ["shown"]],
                  "the newer lease")

    def test_who_says_more_than_it_has_is_not_counted(self):
        lender = self.meet()
        lender.lend(self.project, self.lease(lender))
        lab.until(lambda: self.states(lender) == [["failed"]] * 3, "failure")
        for item in self.daemon.json("copies", self.work)["items"]:
            self.assertEqual((item["copies"], item["claims"]), (1, 0))
        health = self.daemon.json("health", self.project.hex())
        self.assertEqual(health["topics"][0]["only_here"], 3)
        text = self.daemon.run("copies", self.work).stdout
        self.assertIn("not shown when asked by", text)
        self.assertIsNone(lender.code)

    def test_wrong_bytes_are_no_proof(self):
        other = [shelf.Blob(os.urandom(blob.size)) for blob in self.blobs]
        lender = self.meet()
        lender.shown = {blob.root: fake
                        for blob, fake in zip(self.blobs, other)}
        lender.lend(self.project, self.lease(lender))
        lab.until(lambda: self.states(lender) == [["failed"]] * 3, "failure")

    def test_a_replayed_lease_changes_nothing(self):
        lender = self.meet(shown=self.blobs)
        old = self.lease(lender, made=now_ms() - 1000)
        new = self.lease(lender, self.blobs[:1])
        lender.lend(self.project, new)
        lab.until(lambda: self.states(lender)[0] == ["shown"], "the lease")
        lender.lend(self.project, old)
        lender.lend(self.project, new)
        self.round_trip(lender)
        self.assertEqual(self.states(lender), [["shown"], [], []])

    def round_trip(self, lender):
        """The daemon has read all that was sent before."""
        said = lender.publish(records.pack(records.record(
            kind=27, topic=self.project, links=[(6, self.project)],
            created=now_ms(), fields={"text": "hm"})[0]))
        lab.until(lambda: said.id.hex() in self.daemon.records(
            self.project.hex()), "a word")

    def test_leases_of_other_times_are_dropped(self):
        lender = self.meet(shown=self.blobs)
        for made, lasts in ((now_ms() - 7 * DAY, 7 * DAY),
                            (now_ms() + DAY + 600_000, DAY)):
            lender.lend(self.project, self.lease(lender, made=made,
                                                lasts=lasts))
        self.round_trip(lender)
        self.assertEqual(self.states(lender), [[], [], []])
        self.assertEqual(lender.asked, [])
        # A clock that is some hours ahead is nobody's fault.
        lender.lend(self.project, self.lease(lender, made=now_ms() + DAY // 2))
        lab.until(lambda: self.states(lender) == [["shown"]] * 3, "the lease")

    def test_a_forged_lease_closes(self):
        lender = self.meet()
        forged = self.lease(lender)
        forged.bytes = forged.bytes[:-1] + bytes([forged.bytes[-1] ^ 1])
        lender.lend(self.project, forged)
        self.assertEqual(lender.wait_closed(), "BAD_SIGNATURE")

    def test_a_lease_for_a_week_and_more_closes(self):
        lender = self.meet()
        lender.lend(self.project, self.lease(lender, lasts=7 * DAY + 1))
        self.assertEqual(lender.wait_closed(), "MALFORMED")

    def test_a_list_out_of_order_counts_for_nothing(self):
        lender = self.meet(shown=self.blobs)
        names = sorted(map(name_of, self.blobs), reverse=True)
        lender.lend(self.project, self.lease(lender, names=names))
        lender.wait(lambda: "list" in lender.asked, "the question")
        self.round_trip(lender)
        self.assertEqual(self.states(lender), [[], [], []])
        self.assertEqual(lender.asked, ["list"])

    def test_a_flood_of_leases_is_bounded(self):
        honest = self.meet(shown=self.blobs)
        honest.lend(self.project, self.lease(honest))
        lab.until(lambda: self.states(honest) == [["shown"]] * 3, "the lease")
        flood = self.meet()
        leases = [Lease(os.urandom(32), self.project, self.blobs)
                  for _ in range(1500)]
        for i in range(0, len(leases), 50):
            flood.lend(self.project, *leases[i:i + 50])
        self.round_trip(flood)
        self.assertEqual(self.states(honest), [["shown"]] * 3)
        items = self.daemon.json("copies", self.work)["items"]
        for item in items:
            self.assertEqual(item["copies"], 2)
            self.assertLess(len(item["holders"]), 256)
        self.assertIsNone(flood.code)
        # Those that stood for nobody are no weight in a new start, either.
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(
            [i["copies"] for i in
             self.daemon.json("copies", self.work)["items"]], [2, 2, 2])

    def test_a_flood_of_leases_silences_nobody(self):
        other = bytes.fromhex(self.daemon.json(
            "project", "create", "--title", "Next", "--goal", "To last",
            "--medium", "short_film", "--licence", LICENCE)["id"])
        self.project = other  # nobody has said anything of it yet
        flood = self.meet()
        leases = [Lease(os.urandom(32), other, self.blobs)
                  for _ in range(300)]
        for i in range(0, len(leases), 50):
            flood.lend(other, *leases[i:i + 50])
        self.round_trip(flood)
        work = self.daemon.json(
            "contribute", "--project", other.hex(), "--title", "Work",
            "--licence", LICENCE, "--rights", "own_work",
            *[self.file(f"n{i}", blob.data)
              for i, blob in enumerate(self.blobs)])["id"]
        # The daemon's own word finds room, and that of who shows it.
        flood.wait(lambda: bytes.fromhex(self.daemon.node) in flood.leases,
                   "the daemon's lease")
        honest = self.meet(shown=self.blobs)
        honest.lend(other, self.lease(honest))
        lab.until(lambda: self.states(honest, work) == [["shown"]] * 3,
                  "the lease")

    def test_anybody_may_ask_the_daemon_to_show_it(self):
        lender = self.meet()
        node = bytes.fromhex(self.daemon.node)
        core = lender.wait(lambda: [
            c for c in lender.leases.values() if c[1] == node and c[5] == 3],
            "its lease")[0]
        names = sorted(map(name_of, self.blobs))
        self.assertEqual(core[6], tree_root(map(name_hash, names)))
        self.assertLessEqual(core[4] - core[3], 7 * DAY)
        page = lender.put_to(HELD_ASK, self.project,
                              node + core[6] + b"\0" + bytes(8))
        self.assertEqual((page.uint(1), page.uint(8), page.uint(1)), (2, 0, 0))
        self.assertEqual(page.rest(), b"".join(names))
        for i, name in enumerate(names):
            one = lender.put_to(HELD_ASK, self.project,
                                 node + core[6] + b"\1" + name)
            self.assertEqual((one.uint(1), one.uint(8)), (0, i))
            path = [one.take(32) for _ in range(one.uint(1))]
            self.assertEqual(one.rest(), name)
            self.assertEqual(climb(name_hash(name), i, path), core[6])
        for blob in self.blobs:
            leaves = shelf.trees.leaves(blob.data)
            for leaf in {0, len(leaves) // 2, len(leaves) - 1}:
                got = lender.put_to(CHALLENGE, self.project, name_of(blob)
                                     + leaf.to_bytes(8, "big"))
                path = [got.take(32) for _ in range(got.uint(1))]
                part = got.rest()
                self.assertEqual(part, blob.data[leaf << 14:(leaf + 1) << 14])
                self.assertEqual(climb(leaves[leaf], leaf, path), blob.root)
        for kind, rest in (
                (HELD_ASK, node + bytes(32) + b"\0" + bytes(8)),
                (HELD_ASK, node + core[6] + b"\1" + b"x" * 32
                 + (9).to_bytes(8, "big")),
                (CHALLENGE, b"x" * 32 + (9).to_bytes(8, "big") + bytes(8))):
            with self.assertRaises(wire.Broken) as caught:
                lender.put_to(kind, self.project, rest)
            self.assertEqual(caught.exception.name, "NOT_HELD")

    def test_copies_are_asked_for_anew_and_told_as_they_are(self):
        """One shows it, one has lost it since, and one is gone."""
        honest, liar, gone = (self.meet(shown=self.blobs) for _ in range(3))
        for lender in (honest, liar, gone):
            lender.lend(self.project, self.lease(lender))
        root = self.blobs[2].root.hex()
        self.daemon.json("--timeout", "60", "wait", f"held:{root}:4")
        liar.shown = {}
        gone.stop()
        lab.until(lambda: len(self.daemon.json("status")["peers"]) == 2,
                  "the end of a connection")
        ids = {n.link.keys.id.hex(): n for n in (honest, liar, gone)}

        def told(item, key):
            return {ids[h["node"]]: h.get(key) for h in item["holders"]}
        before, = self.daemon.json("copies", root)["items"]
        self.assertEqual(set(told(before, "state").values()), {"shown"})
        self.assertEqual(set(told(before, "checked").values()), {None})
        done = self.daemon.json("copies", root, "--check")
        item, = done["items"]
        self.assertEqual((done["asked"], done["shown"]), (3, 1))
        self.assertEqual(told(item, "checked"), {
            honest: "shown", liar: "failed", gone: "away"})
        # What was shown within a week still counts, what failed does not.
        self.assertEqual(told(item, "state"), {
            honest: "shown", liar: "failed", gone: "shown"})
        self.assertEqual(item["copies"], 3)
        # All files of a record: who cannot show one is asked for no other.
        liar.asked.clear()
        done = self.daemon.json("copies", self.work, "--check")
        self.assertEqual((done["asked"], done["shown"]), (9, 3))
        self.assertEqual([told(i, "checked")[liar] for i in done["items"]],
                         ["failed"] * 3)
        self.assertEqual(len(liar.asked), 1)
        text = self.daemon.run("copies", root, "--check").stdout
        for words in ("shown just now by: ", "could not show it just now: ",
                      "not connected, so not asked: "):
            self.assertIn(words, text)
        self.assertEqual(self.daemon.refused(
            "copies", "0" * 63 + "1", "--check").code, 3)

    def test_files_are_listed_by_what_records_call_them(self):
        blob = self.blobs[2]
        self.daemon.json("contribute", "--project", self.project.hex(),
                         "--title", "Cut", "--licence", LICENCE, "--rights",
                         "own_work", self.file("note", b"see"), "--role",
                         f"master={self.file('final cut.mp4', blob.data)}")
        health = self.daemon.json("health", self.project.hex())
        item, = (i for i in health["items"] if i["root"] == blob.root.hex())
        self.assertEqual((item["name"], item["names"], item["roles"]),
                         ("2", ["2", "final cut.mp4"], ["master"]))
        self.assertEqual({i["name"] for i in health["items"]},
                         {"0", "1", "2", "note"})
        item, = self.daemon.json("copies", blob.root.hex())["items"]
        self.assertEqual(item["names"], ["2", "final cut.mp4"])
        text = self.daemon.run("health", self.project.hex()).stdout
        self.assertIn("2 (master, also final cut.mp4)  " + blob.root.hex(),
                      text)

    def test_who_wishes_so_tells_nobody_what_they_hold(self):
        lender = self.meet()
        node = bytes.fromhex(self.daemon.node)

        def told(count):
            return lambda: node in lender.leases and \
                lender.leases[node][5] == count
        lender.wait(told(3), "its lease")
        conf = self.daemon.home / "config" / "troupe.conf"
        conf.parent.mkdir(parents=True, exist_ok=True)
        conf.write_text("[leases]\ntell = no\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        lender.wait(told(0), "that it is taken back")
        blob = self.blobs[1]
        with self.assertRaises(wire.Broken) as caught:
            lender.put_to(CHALLENGE, self.project, name_of(blob) + bytes(8))
        self.assertEqual(caught.exception.name, "NOT_HELD")
        # What is asked for is served all the same.
        self.assertEqual(lender.fetch(self.project, blob.root, blob.size),
                         blob.data)
        # Nor does another start say more, or something new that is held.
        self.daemon.stop()
        self.daemon.start()
        other = self.meet()
        self.blobs.append(shelf.Blob(os.urandom(50)))
        self.daemon.json("contribute", "--project", self.project.hex(),
                         "--title", "New", "--licence", LICENCE, "--rights",
                         "own_work", self.file("new", self.blobs[-1].data))
        self.assertEqual(
            other.fetch(self.project, self.blobs[-1].root, 50),
            self.blobs[-1].data)
        self.assertEqual([c[5] for n, c in other.leases.items() if n == node],
                         [0] if node in other.leases else [])
        conf.write_text("")
        self.daemon.process.send_signal(signal.SIGHUP)
        lender = other
        lender.wait(told(4), "its lease")


class ArchivistsTest(lab.LabTest):
    """Daemons in networks of their own: 127.1, 127.2 and so on."""

    OPTIONS = ("--network", "test-leases", "--test-clock")

    def archivist(self, number, *options):
        return self.node(f"archivist{number}", "--listen",
                         f"127.{number}.0.1:0", *self.OPTIONS, *options)

    def project(self, node, files):
        project = node.json(
            "project", "create", "--title", "Kept", "--goal", "To last",
            "--medium", "short_film", "--licence", LICENCE)["id"]
        work = node.json(
            "contribute", "--project", project, "--title", "Work", "--licence",
            LICENCE, "--rights", "own_work",
            *[self.file(f"file{i}", os.urandom(n))
              for i, n in enumerate(files)])
        return project, work

    def test_three_archivists_keep_a_project(self):
        ada = self.node("ada", *self.OPTIONS, person="Ada")
        project, work = self.project(ada, [5, 70_000, 2_000_000])
        root = work["blobs"][1]["root"]
        alone = ada.json("health", project)["topics"][0]
        self.assertEqual((alone["blobs"], alone["only_here"],
                          alone["under_target"]), (3, 3, 3))
        self.assertIn("3 of 3 blobs here, 3 with fewer copies than are wanted",
                      ada.run("status").stdout)
        keepers = [self.archivist(i) for i in (1, 2, 3)]
        for keeper in keepers:
            ada.meet(keeper)
            keeper.json("seed", project)
        ada.json("--timeout", "60", "wait", f"held:{root}:4")
        lab.until(lambda: all(i["copies"] == 4 for i in ada.json(
            "copies", work["id"])["items"]), "four copies of each")
        item = ada.json("copies", root)["items"][0]
        self.assertEqual({h["node"] for h in item["holders"]},
                         {k.node for k in keepers})
        self.assertTrue(all(h["until_ms"] > now_ms() + 6 * DAY
                            and h["challenged_ms"] for h in item["holders"]))
        status = [t for t in ada.json("status")["topics"]
                  if t["id"] == project][0]
        self.assertEqual((status["blobs_known"], status["under_target"]),
                         (3, 0))
        # All that pledged is listed, by whom and until when.
        lab.until(lambda: len(ada.json("pledge", "list")["items"]) == 3,
                  "the pledges")
        pledge = ada.json("pledge", "list")["items"][0]
        self.assertEqual((pledge["scope"], pledge["pledged"], pledge["own"]),
                         ("project", project, False))
        # Who is connected to one of them alone hears of the others.
        late = self.archivist(4, "--no-meet")
        late.meet(keepers[0])
        late.json("seed", project)
        late.json("--timeout", "60", "wait", f"held:{root}:2")
        lab.until(lambda: sorted(
            h["state"] for i in late.json("copies", root)["items"]
            for h in i["holders"]) == ["claims"] * 3 + ["shown"],
            "what it is told")
        item = late.json("copies", root)["items"][0]
        self.assertEqual((item["copies"], item["claims"]), (2, 3))
        # One is gone for good: its word is good for a week, and no longer.
        gone = keepers.pop()
        gone_id = gone.node
        gone.kill()
        week = now_ms() + 8 * DAY
        for node in (ada, late, *keepers):
            node.json("clock", "set", time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(week / 1000)))
        lab.until(lambda: {
            (h["node"], h["state"]) for h in
            ada.json("copies", root)["items"][0]["holders"]} >= {
                (k.node, "shown") for k in keepers}, "new leases")
        holders = {h["node"]
                   for h in ada.json("copies", root)["items"][0]["holders"]}
        self.assertNotIn(gone_id, holders)

    def test_archivists_divide_what_is_on_the_board(self):
        ada = self.node("ada", *self.OPTIONS, person="Ada")
        project, work = self.project(ada, [1000 + i for i in range(24)])
        keepers = [self.archivist(i) for i in (1, 2, 3, 4)]
        for keeper in keepers:
            for other in (ada, *keepers):
                if other is not keeper:
                    other.meet(keeper)
            keeper.json("seed", "all", "--quota", "1GiB")

        def listed(node):
            return [p for p in node.json("pledge", "list")["items"]
                    if p["scope"] == "all"]
        # Who did not know of the others yet would take all of it.
        for node in (ada, *keepers):
            lab.until(lambda: len(listed(node)) == 4, "the pledges")
        ada.json("request", "publish", "--project", project, "--title", "More",
                 "--deliverable", "A word", "--kind", "text")

        def held(keeper):
            return sum(t["blobs_held"]
                       for t in keeper.json("status")["topics"]
                       if t["id"] == project)

        def is_divided():
            shares = [held(k) for k in keepers]
            return sum(shares) == 72 and min(shares) > 0 and all(
                sum(h["state"] == "shown" for h in i["holders"]) == 3
                for i in ada.json("copies", work["id"])["items"])
        lab.until(is_divided, "three archivists for each file")

        pledges = listed(ada)
        self.assertEqual({p["node"] for p in pledges},
                         {k.node for k in keepers})
        self.assertEqual({p["bytes"] for p in pledges}, {1 << 30})
        # A pledge to everybody can end.
        keepers[0].json("seed", "all", "--until", "+1d")
        for node in (ada, *keepers):
            node.json("clock", "set", "+2d")
        lab.until(lambda: not any(
            t["id"] == project for t in keepers[0].json("status")["topics"]),
            "the end of a pledge")


if __name__ == "__main__":
    unittest.main()
