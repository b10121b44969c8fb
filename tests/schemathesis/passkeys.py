"""An authenticator in a program: passkeys with keys on P-256 (Web Authentication, ES256)."""

import base64
import hashlib
import json
import secrets

import people

# The curve (FIPS 186-5): a field, the order of its points, and the point that all keys start from.
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BEGIN = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# What authenticators say of a try: somebody was there, it was the person, and a key comes with it.
PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class Authenticator:
    """It keeps one passkey at a time."""

    def registration(self, options):
        """Makes a passkey, and the answer to the options for it."""
        self.key = secrets.randbelow(ORDER - 1) + 1
        self.credential = secrets.token_bytes(16)
        self.owner = options["user"]["id"]
        x, y = (part.to_bytes(32) for part in times(BEGIN, self.key))
        public = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y
        named = bytes(16) + len(self.credential).to_bytes(2) + self.credential + public
        said = told(options["rp"]["id"], PRESENT | VERIFIED | WITH_KEY) + named
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(said)]) + said
        return {
            "credential": text(self.credential),
            "client_data": text(client_data("webauthn.create", options)),
            "attestation": text(attestation),
            "transports": ["internal"],
        }

    def assertion(self, options):
        """Proves the passkey: the answer to the options for that."""
        client = client_data("webauthn.get", options)
        said = told(options["rpId"], PRESENT | VERIFIED)
        return {
            "credential": text(self.credential),
            "client_data": text(client),
            "authenticator_data": text(said),
            "signature": text(signature(self.key, said + hashlib.sha256(client).digest())),
            "user_handle": self.owner,
        }


def told(party, flags):
    return hashlib.sha256(party.encode()).digest() + bytes([flags]) + bytes(4)


def client_data(kind, options):
    challenge = {"type": kind, "challenge": options["challenge"], "origin": people.BASE}
    return json.dumps(challenge | {"crossOrigin": False}).encode()


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signature(key, message):
    number = int.from_bytes(hashlib.sha256(message).digest())
    once = secrets.randbelow(ORDER - 1) + 1
    r = times(BEGIN, once)[0] % ORDER
    s = pow(once, -1, ORDER) * (number + r * key) % ORDER
    parts = b"".join(b"\x02" + bytes([len(raw)]) + raw for raw in map(integer, (r, s)))
    return b"\x30" + bytes([len(parts)]) + parts


def integer(number):
    """A number that is not negative, as DER has it."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def times(point, factor):
    reached = None
    for bit in f"{factor:b}":
        reached = plus(reached, reached)
        if bit == "1":
            reached = plus(reached, point)
    return reached


def plus(one, other):
    """The sum of two points; nothing is the neutral one."""
    if one is None or other is None:
        return one or other
    (x, y), (u, v) = one, other
    if x == u and (y + v) % FIELD == 0:
        return None
    rise, run = (3 * x * x - 3, 2 * y) if one == other else (v - y, u - x)
    slope = rise * pow(run, -1, FIELD) % FIELD
    third = (slope * slope - x - u) % FIELD
    return third, (slope * (x - third) - y) % FIELD
