#!/usr/bin/env python3
"""Looks for the secrets of a run in all that its host has left.

look-for-secrets.py NOTES FOLDER KIND...: each line of NOTES has the kind of a secret and the secret itself. Every KIND must
be among them. A link may be in the outbox, which is the mailbox of everybody. A mark is no secret: one of them must be found
in the table, or it was not looked at. Secrets are named by their kind and never shown.
"""

import base64
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

# Shorter texts, such as the codes of six digits, are found by chance.
SHORTEST = 10
OUTBOX = "host.sqlite"


def in_base64(secret: bytes, offset: int, encode) -> bytes:
    """The characters that bytes in front of the secret and behind it do not change."""
    padded = bytes(offset) + secret
    return encode(padded)[-(-offset * 8 // 6) : len(padded) * 8 // 6]


def forms(secret: str) -> set[bytes]:
    raw = secret.encode()
    texts = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")]
    texts += [raw.hex(), raw.hex().upper()]
    encodings = [base64.b64encode, base64.urlsafe_b64encode]
    encoded = [in_base64(raw, offset, encode) for offset in range(3) for encode in encodings]
    return {text.encode() for text in texts} | set(encoded)


def dump(database: Path, to: Path) -> None:
    """Every value of every row: a long one is in several pieces in the file itself."""
    with sqlite3.connect(database) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            with (to / f"{database.name}:{quote(table, safe='')}").open("wb") as file:
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    for value in row:
                        file.write(value if isinstance(value, bytes) else str(value).encode())
                        file.write(b"\n")


def main() -> int:
    notes, folder, wanted = Path(sys.argv[1]), Path(sys.argv[2]), set(sys.argv[3:])
    noted = {tuple(json.loads(line)) for line in notes.read_text().splitlines()}
    kinds: dict[bytes, str] = {}
    for kind, secret in sorted(noted):
        if len(secret) >= SHORTEST:
            kinds.update((form, kind) for form in forms(secret))
    missing = wanted - set(kinds.values())
    found, has_mark = set(), False
    with tempfile.TemporaryDirectory() as temporary:
        rows, patterns = Path(temporary, "rows"), Path(temporary, "patterns")
        rows.mkdir()
        left = [path for path in (folder / "state").rglob("*") if path.is_file()]
        for path in left:
            if path.read_bytes()[:15] == b"SQLite format 3":
                dump(path, rows)
        patterns.write_bytes(b"\n".join(kinds))
        searched = [str(path) for path in [*left, *rows.iterdir(), folder / "log", folder / "out"] if path.exists()]
        command = ["grep", "--text", "--only-matching", "--with-filename", "--null", "-F", "-f", str(patterns), *searched]
        lines = subprocess.run(command, capture_output=True, check=False, env={"LC_ALL": "C"}).stdout.splitlines()
        for line in lines:
            place, _, form = line.partition(b"\0")
            name, kind = Path(place.decode()).name, kinds[form]
            if kind == "mark":
                has_mark = has_mark or name.startswith("table.sqlite:")
            elif kind != "link" or not (name.startswith(OUTBOX) and name in {OUTBOX, f"{OUTBOX}-wal", f"{OUTBOX}:outbox"}):
                found.add(f"{kind} in {name}")
    for sighting in sorted(found):
        print(f"A secret is where it does not belong: {sighting}")
    for kind in sorted(missing):
        print(f"No secret of this kind was noted: {kind}")
    if not has_mark:
        print("The table was not looked at: none of the marks is in it.")
    if found or missing or not has_mark:
        return 1
    secrets = sum(kind != "mark" for kind, _ in noted)
    print(f"None of {secrets} secrets is in what the host has left ({len(searched)} files and tables).")
    return 0


sys.exit(main())
