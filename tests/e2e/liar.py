"""A peer whose blobs are not what they should be."""
import peer
import wire


class Flipper(peer.Peer):
    """Flips a bit in the last byte of each piece that it serves."""

    def serve(self, request, reader):
        send = self.link.send

        def lie(kind, payload):
            if kind == wire.BLOB_DATA:
                payload = payload[:-1] + bytes([payload[-1] ^ 1])
            send(kind, payload)
        self.link.send = lie
        try:
            return super().serve(request, reader)
        finally:
            self.link.send = send
