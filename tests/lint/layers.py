"""Proves the layers: what each folder may include and what its library may
leave undefined.  usage: layers.py SOURCE_ROOT LIBPROTO LIBSTORE"""
import pathlib
import re
import subprocess
import sys

LIBC_PURE = {"assert.h", "endian.h", "limits.h", "stdbool.h", "stddef.h",
             "stdint.h", "stdlib.h", "string.h"}
POSIX_FILES = LIBC_PURE | {
    "ctype.h", "dirent.h", "errno.h", "fcntl.h", "pthread.h", "stdatomic.h",
    "stdio.h", "time.h", "unistd.h", "sys/file.h", "sys/ioctl.h", "sys/mman.h",
    "sys/stat.h", "sys/statvfs.h", "sys/time.h", "sys/types.h", "sys/uio.h",
    "sys/vfs.h",
    "linux/fs.h", "linux/magic.h"}
UNISTRING = {"unicase.h", "unictype.h", "uninorm.h", "unistr.h",
             "uniwbrk.h"}

# folder: own headers by prefix, system headers (None: any but DENIED).
ALLOWED = {
    "proto": (("proto/",), LIBC_PURE | {"sodium.h", "msgpack.h",
                                       "intel-ipsec-mb.h"}),
    "store": (("store/", "proto/"), POSIX_FILES | UNISTRING | {"lmdb.h"}),
    "daemon": (("daemon/", "store/", "proto/"), None),
    "ctl": (("ctl/", "proto/control.h", "proto/mp.h", "proto/bytes.h",
             "proto/err.h", "proto/limits.h", "proto/kind.h",
             "proto/money.h", "proto/bundle_check.h"), None),
}
DENIED = {"daemon": {"lmdb.h", "msgpack.h", "jansson.h"},
          "ctl": {"lmdb.h", "msgpack.h", "uv.h"}}
# These headers stay behind one source file each.
ONE_FILE = {"lmdb.h", "msgpack.h", "miniupnpc/miniupnpc.h", "magic.h",
            "intel-ipsec-mb.h"}

PROTO_SYMBOLS = re.compile(
    r"^(uv_|mdb_|socket$|connect$|bind$|listen$|accept|send|recv|open|creat$|"
    r"read$|write$|pread|pwrite|fopen|fread|fwrite|close$|stat$|fstat|"
    r"clock_gettime|gettimeofday|time$|localtime|gmtime|randombytes|rand$|"
    r"random|getrandom|getenv|printf|fprintf|snprintf|vsnprintf|sprintf|"
    r"__(f|s|sn|v|vf|vsn)?printf_chk|puts|syslog|pthread_|RAND_)")
STORE_SYMBOLS = re.compile(
    r"^(uv_|socket$|connect$|bind$|listen$|accept|send$|sendto|recv|"
    r"getenv|printf$|fprintf$|__f?printf_chk|puts$|syslog)")

INCLUDE = re.compile(r'^\s*#\s*include\s+(<([^>]+)>|"([^"]+)")', re.M)


def includes(path):
    for match in INCLUDE.finditer(path.read_text(encoding="utf-8")):
        yield match.group(2), match.group(3)


def check_includes(root):
    wrong = []
    holders = {}
    for folder, (own, system) in ALLOWED.items():
        for path in sorted((root / folder).rglob("*.[ch]")):
            name = path.relative_to(root)
            for angled, quoted in includes(path):
                if angled in ONE_FILE:
                    holders.setdefault(angled, set()).add(name)
                if quoted is not None:
                    good = quoted.startswith(own)
                elif system is None:
                    good = angled not in DENIED.get(folder, ())
                else:
                    good = angled in system or (
                        folder == "proto" and angled.startswith("openssl/"))
                if not good:
                    wrong.append(f"{name}: may not include {angled or quoted}")
    for header, names in holders.items():
        if len(names) > 1:
            wrong.append(f"{header} is included by more than one file: "
                         + ", ".join(sorted(map(str, names))))
    return wrong


def check_cycles(root):
    """A header that reaches itself through its includes."""
    graph = {}
    for folder in ALLOWED:
        for path in (root / folder).rglob("*.h"):
            graph[str(path.relative_to(root))] = [
                q for _, q in includes(path) if q is not None]
    wrong = []
    for start in graph:
        seen, stack = set(), list(graph[start])
        while stack:
            name = stack.pop()
            if name == start:
                wrong.append(f"{start}: includes itself in a circle")
                break
            if name not in seen:
                seen.add(name)
                stack.extend(graph.get(name, ()))
    return wrong


def check_symbols(library, denied):
    out = subprocess.run(["nm", "-u", library], check=True,
                         capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines()
             if line.strip().startswith("U ")}
    if not names:
        return [f"{library}: no symbols read"]
    return [f"{library}: leaves {name} undefined"
            for name in sorted(names) if denied.match(name)]


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = (check_includes(root) + check_cycles(root)
             + check_symbols(sys.argv[2], PROTO_SYMBOLS)
             + check_symbols(sys.argv[3], STORE_SYMBOLS))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
