"""Start and stop, networks, locks, damaged keys and mistaken settings."""
import os
import signal
import subprocess
import time
import unittest

import lab
import peer
import wire
from shelf import Blob
from test_peer import LICENCE, contribution

STOP_SECONDS = 20 if lab.SANITIZED else 5


class NetworksTest(lab.LabTest):
    def start_in_vain(self, home, *options):
        """A daemon that must not come up: its exit code and words."""
        done = subprocess.run(
            [str(lab.TROUPED), "--home", str(home), "--no-lan",
             "--no-portmap", "--listen", "127.0.0.1:0", *options],
            capture_output=True, text=True, timeout=lab.PATIENCE)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_daemons_of_two_networks_refuse_each_other_in_the_handshake(self):
        one = self.node("one")
        other = self.node("other", "--network", "test-other")
        one.json("peer", "add", f"{other.node}@{other.address}")

        def told():
            return [p for p in one.json("peer", "list")["items"]
                    if "other network" in str(p["last_error"])]
        lab.until(told, "the reason")
        self.assertEqual(one.json("status")["peers"], [])
        self.assertEqual(other.json("status")["peers"], [])

    def test_a_second_daemon_on_a_home_names_the_first(self):
        first = self.node("home")
        code, words = self.start_in_vain(first.home)
        self.assertEqual(code, 5)
        self.assertIn(str(first.process.pid), words)
        first.json("status")

    def test_a_damaged_key_is_neither_used_nor_replaced(self):
        node = self.node("home", person="Ada")
        node.stop()
        for name in ("node.key", "device.key"):
            path = node.home / "data" / "keys" / name
            good = path.read_bytes()
            for bad in (good[:-1], good + b"x", b"", good[:20]
                        + bytes([good[20] ^ 1]) + good[21:]):
                with self.subTest(name=name, length=len(bad)):
                    path.write_bytes(bad)
                    code, words = self.start_in_vain(node.home)
                    self.assertEqual(code, 11)
                    self.assertIn(str(path), words)
                    self.assertIn("Put back a copy", words)
                    self.assertEqual(path.read_bytes(), bad)
            path.write_bytes(good)
        node.start()
        self.assertEqual(node.json("person", "show")["name"], "Ada")

    def test_a_name_that_no_network_can_have_is_refused(self):
        for name in ("Bad Name", "", "x" * 33, "ümlaut"):
            with self.subTest(name):
                code, words = self.start_in_vain(
                    self.folder / "home", "--network", name)
                self.assertEqual(code, 2)
                self.assertIn("network", words)

    def test_an_unknown_setting_names_the_nearest(self):
        config = self.folder / "home" / "config"
        config.mkdir(parents=True)
        (config / "troupe.conf").write_text("[node]\nlisen = 127.0.0.1:0\n")
        code, words = self.start_in_vain(self.folder / "home")
        self.assertEqual(code, 2)
        self.assertIn("lisen", words)
        self.assertIn("listen", words)

    def test_an_unknown_option_is_refused(self):
        code, words = self.start_in_vain(self.folder / "home", "--lisen", "x")
        self.assertEqual(code, 2)
        self.assertIn("--lisen", words)

    def test_a_stop_is_quick_while_a_transfer_runs(self):
        class Slow(peer.Peer):
            """Never ends what it has begun to send."""
            asked = False

            def serve(self, request, reader):
                self.asked = True
        node = self.node("home", person="Ada")
        project = bytes.fromhex(node.json(
            "project", "create", "--title", "Slow", "--goal", "Patience",
            "--medium", "song", "--licence", LICENCE)["id"])
        with Slow(wire.dial(node.address), topics=[project]) as slow:
            slow.wait(lambda: project in slow.shelf.records, "the project")
            work = slow.publish(contribution(
                slow, project, [Blob(os.urandom(1 << 18))]))
            lab.until(lambda: work.id.hex() in node.records(), "the work")
            get = node.begin("get", work.id.hex(), "--out", self.folder)
            slow.wait(lambda: slow.asked, "a question")
            began = time.monotonic()
            node.process.send_signal(signal.SIGTERM)
            self.assertEqual(node.process.wait(lab.PATIENCE), 0)
            self.assertLess(time.monotonic() - began, STOP_SECONDS)
            self.assertNotEqual(get.wait(lab.PATIENCE), 0)
            self.assertEqual(slow.wait_closed(), "SHUTDOWN")
        node.stop()


if __name__ == "__main__":
    unittest.main()
