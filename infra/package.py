"""Packs built functions for deployment: one zip for each, with its binary as `bootstrap`.

Usage: python3 package.py BINARIES TARGET FUNCTION...

The same binary gives the same bytes, so `sam deploy` uploads and changes only what changed. A binary that the platform
could not start is refused.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

# What Amazon Linux 2023 (provided.al2023) has.
GLIBC_OF_THE_PLATFORM = (2, 34)
# The earliest time that a zip can hold: a real one would make every zip another one.
NO_TIME = (1980, 1, 1, 0, 0, 0)
EXECUTABLE = 0o100755


def glibc_needed(binary):
    """The newest version of glibc that the binary asks for."""
    symbols = subprocess.run(["objdump", "-T", binary], check=True, capture_output=True, text=True).stdout
    return max((tuple(map(int, version)) for version in re.findall(r"GLIBC_(\d+)\.(\d+)", symbols)), default=(0, 0))


def pack(binary, archive):
    # Development builds carry what only debuggers read; it is most of their size.
    stripped = archive.with_suffix(".stripped")
    subprocess.run(["strip", "-o", stripped, binary], check=True)
    entry = zipfile.ZipInfo("bootstrap", NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix: the mode below is then read.
    entry.external_attr = EXECUTABLE << 16
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(entry, stripped.read_bytes(), compresslevel=9)
    stripped.unlink()


def main():
    binaries, target, functions = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    target.mkdir(parents=True, exist_ok=True)
    for function in functions:
        needed = glibc_needed(binaries / function)
        if needed > GLIBC_OF_THE_PLATFORM:
            sys.exit(f"{function} needs glibc {needed[0]}.{needed[1]}, which the platform does not have: build on an older system.")
        archive = target / f"{function}.zip"
        pack(binaries / function, archive)
        print(f"  {archive}  {archive.stat().st_size / 1e6:.1f} MB")


main()
