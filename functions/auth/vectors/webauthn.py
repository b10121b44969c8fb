"""Makes the vectors of Ed25519 and RS256 in webauthn.json with Python's `cryptography`: another reading of the standard
than ours. Keys are derived as those of the standard's own vectors (Web Authentication Level 3, 16) are."""

import base64
import hashlib
import json
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PARTY = hashlib.sha256(b"example.org").digest()
PRESENT_AND_VERIFIED, BACKED_UP, HAS_CREDENTIAL = 0x05, 0x18, 0x40


def derived(info, salt):
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=bytes([salt]), info=info.encode())
    return hkdf.derive(b"WebAuthn test vectors")


def text(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def cbor_bytes(value):
    if len(value) < 256:
        return bytes([0x58, len(value)]) + value
    return b"\x59" + struct.pack(">H", len(value)) + value


def client(kind, challenge):
    members = {"type": kind, "challenge": text(challenge), "origin": "https://example.org", "crossOrigin": False}
    return json.dumps(members, separators=(",", ":")).encode()


def vector(name, cose_key, sign, backup):
    info = f"none.{name}"
    credential, maker = derived(info, 2), derived(info, 3)[:16]
    made = PARTY + bytes([PRESENT_AND_VERIFIED | HAS_CREDENTIAL | backup]) + bytes(4) + maker
    made += struct.pack(">H", len(credential)) + credential + cose_key
    asked = client("webauthn.get", derived(info, 1))
    signed = PARTY + bytes([PRESENT_AND_VERIFIED | backup]) + struct.pack(">I", 7)
    return {
        "name": name,
        "maker": "webauthn.py",
        "credential": text(credential),
        "registration_client": text(client("webauthn.create", derived(info, 0))),
        "attestation": text(b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData" + cbor_bytes(made)),
        "assertion_client": text(asked),
        "assertion_data": text(signed),
        "signature": text(sign(signed + hashlib.sha256(asked).digest())),
    }


def edwards():
    key = ed25519.Ed25519PrivateKey.from_private_bytes(derived("none.EdDSA", 9))
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return vector("EdDSA", b"\xa4\x01\x01\x03\x27\x20\x06\x21" + cbor_bytes(raw), key.sign, BACKED_UP)


def mersenne():
    # As in the standard: the two smallest Mersenne primes of at least 1024 bits.
    p, q, exponent = 2**1279 - 1, 2**2203 - 1, 65537
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    key = numbers.private_key()
    modulus = (p * q).to_bytes((p * q).bit_length() // 8 + 1, "big")
    cose_key = b"\xa4\x01\x03\x03\x39\x01\x00\x20" + cbor_bytes(modulus) + b"\x21\x43\x01\x00\x01"
    return vector("RS256", cose_key, lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA256()), 0)


if __name__ == "__main__":
    print(json.dumps([edwards(), mersenne()], indent=2))
