"""Checks messages of the crate jose with jwcrypto, then makes some for the crate to check.

Usage: jose_check.py FILE. FILE holds keys and messages (see crates/jose/examples/golden.rs).
Prints a JSON object with messages of the same kinds. Any failure ends with status 1.
"""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from jwcrypto import jwe, jwk, jws
from jwcrypto.common import JWSEHeaderParameter, base64url_decode, base64url_encode

MEMBERS = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"]
PROFILES = {
    "RSA1_5+A128CBC-HS256": ("RSA1_5", "A128CBC-HS256"),
    "RSA-OAEP-256+A256GCM": ("RSA-OAEP-256", "A256GCM"),
}
PLACEHOLDER = "00000000"
TEXTS = [b"", b"{}", "{\"name\":\"\u9648\"}".encode(), bytes(range(32, 127)) * 40]


def registry():
    """The critical members, declared as understood and protected."""
    return {name: JWSEHeaderParameter(name, True, True, None) for name in MEMBERS}


def key(pem):
    return jwk.JWK.from_pem(pem.encode())


def verify_jws(message, public):
    body = base64.b64decode(message["body_base64"])
    header, empty, signature = message["upi_jws"].split(".")
    assert empty == "", "the payload is detached"
    token = jws.JWS(header_registry=registry())
    token.allowed_algs = ["RS256"]
    token.deserialize(f"{header}.{base64url_encode(body)}.{signature}")
    token.verify(public)
    assert token.payload == body


def make_jws(body, private, number):
    names = MEMBERS if number % 2 == 0 else MEMBERS[:3]
    values = dict(zip(MEMBERS, [f"{number:032x}", "1700000000", "00520446", "/ucsp/x"]))
    protected = {"alg": "RS256", "kid": "1700000000001", "crit": names[::-1]}
    protected.update({name: values[name] for name in names})
    token = jws.JWS(body, header_registry=registry())
    token.allowed_algs = ["RS256"]
    token.add_signature(private, protected=json.dumps(protected))
    header, _, signature = token.serialize(compact=True).split(".")
    return {
        "body_base64": base64.b64encode(body).decode(),
        "upi_jws": f"{header}..{signature}",
    }


def decrypt(message, private):
    alg, enc = PROFILES[message["profile"]]
    token = jwe.JWE(algs=[alg, enc])
    token.deserialize(message["compact"], private)
    assert token.payload == base64.b64decode(message["plaintext_base64"])
    header = json.loads(base64url_decode(message["compact"].split(".")[0]))
    assert header == {"alg": alg, "enc": enc, "kid": message["kid"]}


def encrypt(text, profile, public):
    alg, enc = PROFILES[profile]
    protected = {"alg": alg, "enc": enc, "kid": "1700000000003"}
    token = jwe.JWE(text, json.dumps(protected), algs=[alg, enc], recipient=public)
    return {
        "profile": profile,
        "kid": "1700000000003",
        "plaintext_base64": base64.b64encode(text).decode(),
        "compact": token.serialize(compact=True),
    }


def recover(public, signature):
    """What a PKCS#1 v1.5 type 1 signature covers, by the textbook."""
    numbers = public.public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    number = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n)
    encoded = number.to_bytes(size, "big")
    assert encoded[:2] == b"\0\1"
    filling, covered = encoded[2:].split(b"\0", 1)
    assert len(filling) >= 8 and set(filling) == {255}
    return covered


def verify_in_body(message, public):
    text = message["signed_text"]
    value = json.loads(text)["certificateSignature"]["signature"]
    signed = text.replace(json.dumps(value), json.dumps(PLACEHOLDER)).encode()
    assert signed.decode() == message["text_to_sign"]
    signature = base64.b64decode(value, validate=True)
    if message["form"] == "bare":
        assert recover(public, signature) == hashlib.sha256(signed).digest()
    else:
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


def make_in_body(form, private):
    members = {"signature": PLACEHOLDER, "ucspSignCertID": "1700000000001"}
    text = json.dumps({"z": "1", "certificateSignature": members}, indent=2)
    if form == "bare":
        digest = hashlib.sha256(text.encode()).digest()
        numbers = private.private_numbers()
        size = (private.key_size + 7) // 8
        encoded = b"\0\1" + b"\xff" * (size - 35) + b"\0" + digest
        modulus = numbers.public_numbers.n
        signature = pow(int.from_bytes(encoded, "big"), numbers.d, modulus).to_bytes(size, "big")
    else:
        signature = private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    value = base64.b64encode(signature).decode()
    signed = text.replace(json.dumps(PLACEHOLDER), json.dumps(value))
    return {"form": form, "text_to_sign": text, "signed_text": signed}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    keys = given["keys"]
    sign_private, sign_public = key(keys["sign_key_pem"]), key(keys["sign_public_pem"])
    enc_private, enc_public = key(keys["enc_key_pem"]), key(keys["enc_public_pem"])
    raw_private = serialization.load_pem_private_key(keys["sign_key_pem"].encode(), None)
    assert given["detached_jws"] and given["jwe"] and given["in_body"]
    for message in given["detached_jws"]:
        verify_jws(message, sign_public)
    # jwcrypto takes an empty plaintext for a failure; Node checks that one.
    readable = [message for message in given["jwe"] if message["plaintext_base64"]]
    assert {message["profile"] for message in readable} == set(PROFILES)
    for message in readable:
        decrypt(message, enc_private)
    for message in given["in_body"]:
        verify_in_body(message, raw_private.public_key())
    made = {
        "checked": len(given["detached_jws"]) + len(readable) + len(given["in_body"]),
        "detached_jws": [make_jws(text, sign_private, n) for n, text in enumerate(TEXTS)],
        "jwe": [encrypt(text, name, enc_public) for text in TEXTS[1:] for name in PROFILES],
        "in_body": [make_in_body(form, raw_private) for form in ("bare", "digest_info")],
    }
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
