"""A port in between that counts what passes."""
import selectors
import socket
import threading

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
            there = socket.create_connection(self.target)
        except OSError:  # nobody is there any more
            here.close()
            return
        self.selector.register(here, selectors.EVENT_READ, there)
        self.selector.register(there, selectors.EVENT_READ, here)

    def move(self, source, sink):
        try:
            data = source.recv(1 << 16)
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
