"""The transport of docs/protocol.md section 4, written from it alone.

Noise_XX on a socket, identity payloads and frames.  Everything a test may want
to spoil is a method or an attribute of its own.
"""
import hmac
import importlib.util
import os
import pathlib
import re
import socket
import struct
import threading

import nacl.exceptions
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import (Encoding,
                                                          PublicFormat)
from nacl.signing import SigningKey, VerifyKey

TESTS = pathlib.Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "protocol.md"


def load(path, name):
    """A script of the vectors as a module: written from the document, too."""
    spec = importlib.util.spec_from_file_location(name, TESTS / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


records = load("vectors/records/make.py", "records")
DIALLER, LISTENER = 0, 1
PING, PONG, CLOSE, HELLO, SYNC, RECORD, NOT_HELD = range(2, 16, 2)
BLOB_MANY, BLOB_SMALL = 23, 25
BLOB_ASK, BLOB_LAYER, BLOB_DATA, BLOB_END, BLOB_CANCEL, BLOB_INNER = range(
    16, 28, 2)
BLOB_WATCH, BLOB_HAVE = 19, 21
MESSAGE_MAX = 65535
REKEY_EVERY = 1 << 20


def read_codes():
    """Names of the close codes, from the table of section 4.6."""
    text = DOCUMENT.read_text()
    section = text[text.index("### 4.6"):text.index("## 5. ")]
    return {int(number): name for number, name in
            re.findall(r"^\| (\d+) \| ([A-Z_0-9]+) \|", section, re.M)}


CODES = read_codes()


class Broken(Exception):
    """The other side broke the protocol; the name is that of the error."""

    def __init__(self, name, text=""):
        super().__init__(f"{name} {text}")
        self.name = name


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


class Reader:
    """Bytes, taken from the front."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    @property
    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left:
            raise Broken("TRUNCATED")
        self.at += n
        return self.data[self.at - n:self.at]

    def uint(self, n):
        return int.from_bytes(self.take(n), "big")

    def varint(self):
        value = shift = 0
        while True:
            byte = self.uint(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if shift > 7 and byte == 0:
            raise Broken("NOT_CANONICAL", "varint")
        return value

    def rest(self):
        return self.take(self.left)

    def finish(self):
        if self.left:
            raise Broken("TRAILING")


def public_of(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class NodeKeys:
    """A node key and a separate X25519 static key (2.4)."""

    def __init__(self):
        self.seed = os.urandom(32)
        self.id = records.public(self.seed)
        self.static = x25519.X25519PrivateKey.generate()

    def introduce(self, network, h, features=0, version=1):
        """The identity payload (4.2)."""
        data = (h + public_of(self.static) + features.to_bytes(8, "big")
                + version.to_bytes(4, "big"))
        return records.pack([1, self.id, features, version, records.sign(
            self.seed, "handshake", network, data)])


def read_introduction(payload, network, h, static):
    """The node key that a payload proves."""
    value = records.msgpack.unpackb(payload, raw=False)
    if len(payload) > 256 or records.pack(value) != payload or value[0] != 1:
        raise Broken("MALFORMED", "identity payload")
    _, node, features, version, signature = value[:5]
    data = (b"troupe handshake 1\0" + bytes([len(network)])
            + network.encode() + h + static + features.to_bytes(8, "big")
            + version.to_bytes(4, "big"))
    try:
        VerifyKey(node).verify(data, signature)
    except nacl.exceptions.BadSignatureError:
        raise Broken("BAD_SIGNATURE", "identity payload")
    return node


class Cipher:
    """A Noise CipherState that renews its key as section 4.3 says."""

    def __init__(self, key):
        self.key = key
        self.n = 0
        self.used = 0

    def _nonce(self):
        nonce = bytes(4) + self.n.to_bytes(8, "little")
        self.n += 1
        return nonce

    def _spend(self):
        self.used += 1
        if self.used % REKEY_EVERY == 0:
            self.key = ChaCha20Poly1305(self.key).encrypt(
                bytes(4) + b"\xff" * 8, bytes(32), b"")[:32]

    def seal(self, text, ad=b""):
        sealed = ChaCha20Poly1305(self.key).encrypt(self._nonce(), text, ad)
        self._spend()
        return sealed

    def open(self, text, ad=b""):
        try:
            plain = ChaCha20Poly1305(self.key).decrypt(self._nonce(), text, ad)
        except InvalidTag:
            raise Broken("BAD_CIPHERTEXT")
        self._spend()
        return plain


class Noise:
    """Noise_XX_25519_ChaChaPoly_SHA256."""

    def __init__(self, role, prologue, static, ephemeral=None):
        self.role = role
        self.s = static
        self.e = ephemeral or x25519.X25519PrivateKey.generate()
        self.rs = self.re = None
        self.h = self.ck = b"Noise_XX_25519_ChaChaPoly_SHA256"
        self.cipher = None
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = records.sha(self.h, data)

    def hkdf(self, ikm, n):
        key = hmac.digest(self.ck, ikm, "sha256")
        out, last = [], b""
        for i in range(n):
            last = hmac.digest(key, last + bytes([i + 1]), "sha256")
            out.append(last)
        return out

    def mix_dh(self, secret, public):
        shared = secret.exchange(x25519.X25519PublicKey.from_public_bytes(
            public))
        self.ck, key = self.hkdf(shared, 2)
        self.cipher = Cipher(key)

    def seal(self, text):
        out = self.cipher.seal(text, self.h) if self.cipher else text
        self.mix_hash(out)
        return out

    def open(self, text):
        out = self.cipher.open(text, self.h) if self.cipher else text
        self.mix_hash(text)
        return out

    def write_e(self):
        public = public_of(self.e)
        self.mix_hash(public)
        return public

    def read_e(self, reader):
        self.re = reader.take(32)
        self.mix_hash(self.re)

    def write_s(self, other):
        out = self.seal(public_of(self.s))
        self.mix_dh(self.s, other)
        return out

    def read_s(self, reader):
        self.rs = self.open(reader.take(48))
        self.mix_dh(self.e, self.rs)

    def keys_2(self):
        return self.write_e() + self._ee() + self.write_s(self.re)

    def _ee(self):
        self.mix_dh(self.e, self.re)
        return b""

    def read_keys_2(self, reader):
        self.read_e(reader)
        self._ee()
        self.read_s(reader)

    def split(self):
        """Ciphers of dialler and listener, and `ask`."""
        first, second, ask = self.hkdf(b"", 3)
        return Cipher(first), Cipher(second), ask


class Wire:
    """A connection after its handshake: frames both ways."""

    def __init__(self, sock, keys=None, network="lab", role=DIALLER,
                 expected=None, features=0):
        self.sock = sock
        self.features = features
        self.keys = keys or NodeKeys()
        self.network = network
        self.role = role
        self.expected = expected
        self.node = None
        self.ask = self.tx = self.rx = None
        self.sending = threading.Lock()
        self.noise = Noise(role, b"troupe 1 " + network.encode(),
                           self.keys.static)

    # What a test may overwrite to lie.

    def payload(self):
        return self.keys.introduce(self.network, self.noise.h,
                                   self.features)

    def spoil(self, number, message):
        """Handshake message `number` as it will be sent."""
        return message

    # The handshake (4.1, 4.2).

    def handshake(self):
        noise = self.noise
        if self.role == DIALLER:
            self.send_raw(self.spoil(1, noise.write_e() + noise.seal(b"")))
            reader = Reader(self.recv_raw())
            noise.read_keys_2(reader)
            self.meet(reader)
            keys = noise.write_s(noise.re)
            self.send_raw(self.spoil(3, keys + noise.seal(self.payload())))
        else:
            reader = Reader(self.recv_raw())
            noise.read_e(reader)
            noise.open(reader.rest())
            keys = noise.keys_2()
            self.send_raw(self.spoil(2, keys + noise.seal(self.payload())))
            reader = Reader(self.recv_raw())
            noise.rs = noise.open(reader.take(48))
            noise.mix_dh(noise.e, noise.rs)
            self.meet(reader)
        first, second, self.ask = noise.split()
        self.tx, self.rx = ((first, second) if self.role == DIALLER
                            else (second, first))
        return self

    def meet(self, reader):
        h = self.noise.h
        payload = self.noise.open(reader.rest())
        self.node = read_introduction(payload, self.network, h, self.noise.rs)
        if self.expected and self.node != self.expected:
            raise Broken("WRONG_NODE")

    # Bytes, messages, frames.

    def send_raw(self, message):
        """One Noise message; who has gone may still have said why."""
        try:
            self.sock.sendall(struct.pack(">H", len(message)) + message)
        except ConnectionError:
            pass

    def _exactly(self, n):
        out = bytearray()
        while len(out) < n:
            piece = self.sock.recv(n - len(out))
            if not piece:
                raise EOFError
            out += piece
        return bytes(out)

    def recv_raw(self):
        return self._exactly(struct.unpack(">H", self._exactly(2))[0])

    def send_text(self, text):
        """One transport message with these bytes as its plaintext."""
        with self.sending:  # a nonce is a place in the stream
            self.send_raw(self.tx.seal(text))

    def send(self, kind, payload):
        self.send_text(bytes([kind]) + varint(len(payload)) + payload)

    def recv(self):
        """The frames of the next message."""
        reader = Reader(self.rx.open(self.recv_raw()))
        frames = []
        while reader.left:
            kind = reader.uint(1)
            frames.append((kind, reader.take(reader.varint())))
        return frames

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


def dial(address, **options):
    """A socket to HOST:PORT, dressed as a wire without a handshake yet."""
    host, port = address.rsplit(":", 1)
    return Wire(socket.create_connection((host.strip("[]"), int(port))),
                **options)
