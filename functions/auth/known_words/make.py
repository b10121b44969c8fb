"""Makes prefixes.bin and spelled.txt anew: the words by which zxcvbn 4.4.2 knows passwords.

    npm pack zxcvbn@4.4.2
    python3 make.py zxcvbn-4.4.2.tgz

The package (MIT) has six lists, in each the most frequent first: passwords, words of Wikipedia and of films, names.
prefixes.bin has the first 28 bits of the SHA-1 of most that the list of stolen passwords lacks: where the words of each
of the 4,096 beginnings of twelve bits end, as a count, in two bytes; then the other sixteen bits of each, sorted.
spelled.txt has the others: words that are long or have signs in them, so that phrases of several words cannot be taken
for one by their hash; and words that are frequent enough to be guessed together with more than three characters that
nobody knows. Behind each is with how many. Needs nothing but Python's standard library; the same package makes the same
bytes.
"""

import bisect
import hashlib
import pathlib
import re
import sys
import tarfile

PACKAGE_SHA256 = "0b3ebb60ec2df2340e1b8b70e4cb2657a3ceb192781d299310e7aceaa606cd22"
LISTS = "package/lib/frequency_lists.js"
STOLEN = "stolen_passwords/prefixes.bin"
# As in password.rs and password/known.rs: whatever has three characters is guessed.
LENGTH_MIN = 15
ROOM = 3
HASHED_MAX = 14
EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# zxcvbn gives two parts 2 * first * second guesses, a text that it does not know 10 for each character, and the score 3
# from 100 million on. So many characters stay guessable beside a word of a lower rank than this.
ROOMS = ((7, 5), (6, 50), (5, 500), (4, 5000))


def ranks(package):
    """Each word, without signs around it, and its place in the list where it is first."""
    found = hashlib.sha256(package.read_bytes()).hexdigest()
    if found != PACKAGE_SHA256:
        sys.exit(f"{package} is not zxcvbn 4.4.2: its SHA-256 is {found}")
    with tarfile.open(package) as archive:
        script = archive.extractfile(LISTS).read().decode()
    best = {}
    for _, words in re.findall(r"""(['"])([^'"]+(?:'[^'"]+)*)\1\.split""", script):
        for rank, word in enumerate(words.split(","), 1):
            word = EDGES.sub("", word)
            best[word] = min(rank, best.get(word, rank))
    return best


def sha1(word):
    return hashlib.sha1(word.encode(), usedforsecurity=False).digest()[:4]


def main(package):
    here = pathlib.Path(__file__).parent
    stolen = (here.parent / STOLEN).read_bytes()
    stolen = {stolen[at : at + 4] for at in range(0, len(stolen), 4)}
    words = ranks(package)

    room = {word: next((room for room, below in ROOMS if rank < below), ROOM) for word, rank in words.items()}
    frequent = {word for word in words if room[word] > ROOM and len(word) + room[word] >= LENGTH_MIN}
    fresh = {word for word in words if len(word) > ROOM and sha1(word) not in stolen}
    hashed = {word for word in fresh if len(word) <= HASHED_MAX and word.isalnum()} - frequent
    spelled = frequent | (fresh - hashed)

    prefixes = sorted({int.from_bytes(sha1(word)) >> 4 for word in hashed})
    ends = [bisect.bisect(prefixes, begin << 16 | 0xFFFF) for begin in range(1 << 12)]
    columns = ends + [prefix & 0xFFFF for prefix in prefixes]
    (here / "prefixes.bin").write_bytes(b"".join(number.to_bytes(2) for number in columns))
    (here / "spelled.txt").write_text("".join(f"{word} {room[word]}\n" for word in sorted(spelled)))


main(pathlib.Path(sys.argv[1]))
