"""Opens sealed records by the format's description alone: an oracle that shares no code with the product.

usage: read_sealed.py sealed.json
"""
import base64
import hmac
import json
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def place(vector):
    parts = [vector[name].encode() for name in ("tenant", "subject", "purpose")]
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts) + vector["version"].to_bytes(8, "big")


def open_record(vector):
    record = base64.b64decode(vector["record"])
    assert record[:6] == b"M1AS\x01\x01", "magic, format 1, algorithm 1"
    header, ciphertext = record[:86], record[86:]
    salt, commitment, nonce = header[10:42], header[42:74], header[74:86]
    info = b"m1ap/v1" + place(vector)
    derived = HKDF(SHA256(), 64, salt, info).derive(bytes.fromhex(vector["tenant_key"]))
    assert hmac.compare_digest(derived[32:], commitment), "key commitment"
    return AESGCM(derived[:32]).decrypt(nonce, ciphertext, header + place(vector))


with open(sys.argv[1], encoding="utf-8") as file:
    vectors = json.load(file)
for vector in vectors:
    assert open_record(vector) == vector["secret"].encode(), vector["subject"]
print(len(vectors), "records open")
