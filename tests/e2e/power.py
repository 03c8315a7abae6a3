"""A disk that can lose its power: a file system in a file, mounted by a loop
device.  A cut is the kernel's own: from then on nothing more reaches the file,
and what the journal had not written is gone.  Needs root."""
import fcntl
import os
import pathlib
import struct
import subprocess

GOING_DOWN = 0x8004587d  # _IOR('X', 125, u32): FS_IOC_SHUTDOWN
WITHOUT_LOG_FLUSH = 2


def run(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{args}: {done.stderr.strip()}")
    return done.stdout.strip()


def make_loop_nodes():
    """A bare machine may lack them in /dev."""
    if not os.path.exists("/dev/loop-control"):
        os.mknod("/dev/loop-control", 0o600 | 0o020000, os.makedev(10, 237))
    with open("/dev/loop-control", "rb") as control:
        number = fcntl.ioctl(control, 0x4c82)  # LOOP_CTL_GET_FREE
    if not os.path.exists(f"/dev/loop{number}"):
        os.mknod(f"/dev/loop{number}", 0o600 | 0o060000,
                 os.makedev(7, number))


class Disk:
    """Mounted at `path`."""

    def __init__(self, folder, name="disk", megabytes=1024, kind="ext4"):
        self.kind = kind
        self.image = pathlib.Path(folder) / f"{name}.img"
        self.path = pathlib.Path(folder) / name
        self.path.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(megabytes << 20)
        run(f"mkfs.{kind}", "-q", self.image)
        self.mount()

    def mount(self):
        make_loop_nodes()
        run("mount", "-t", self.kind, "-o", "loop", self.image, self.path)

    def cut(self):
        """The power goes.  Who runs on it is to be killed, then mount()."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, GOING_DOWN,
                        struct.pack("I", WITHOUT_LOG_FLUSH))
        finally:
            os.close(folder)

    def unmount(self):
        if os.path.ismount(self.path):
            run("umount", self.path)
