"""Ports in between that count what passes, or let only so much through."""
import selectors
import socket
import threading
import time

import lab


class Relay:
    """A port that passes on to an address, and counts what it passes."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.target = (host, int(port))
        self.server = lab.listener()
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        self.bytes = 0
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.server, selectors.EVENT_READ)
        self.is_open = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.is_open:
            for key, _ in self.selector.select(0.1):
                if key.fileobj is self.server:
                    self.accept()
                elif key.fileobj.fileno() >= 0:  # not closed just now
                    self.move(key.fileobj, key.data)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()

    def accept(self):
        here, _ = self.server.accept()
        try:
            there = self.connect()
        except OSError:  # nobody is there any more
            here.close()
            return
        self.selector.register(here, selectors.EVENT_READ, there)
        self.selector.register(there, selectors.EVENT_READ, here)

    def connect(self):
        return socket.create_connection(self.target)

    def room(self, _source):
        """How many bytes may pass now."""
        return 1 << 16

    def move(self, source, sink):
        room = self.room(source)
        if room == 0:
            time.sleep(0.01)
            return
        try:
            data = source.recv(room)
            sink.sendall(data)
        except OSError:
            data = b""
        self.bytes += len(data)
        if not data:
            for end in (source, sink):
                self.selector.unregister(end)
                end.close()

    def stop(self):
        self.is_open = False
        self.thread.join()


class Gate(Relay):
    """A relay that lets through what its target says as far as `limit`, and
    keeps next to nothing of it."""

    KEPT = 1 << 16

    def __init__(self, address, limit):
        self.limit = limit
        self.passed = 0
        self.targets = set()
        super().__init__(address)

    def connect(self):
        there = socket.socket()
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.KEPT // 2)
        there.connect(self.target)
        self.targets.add(there)
        return there

    def room(self, source):
        if source not in self.targets:
            return super().room(source)
        return min(super().room(source), self.limit - self.passed)

    def move(self, source, sink):
        before = self.bytes
        super().move(source, sink)
        if source in self.targets:
            self.passed += self.bytes - before
