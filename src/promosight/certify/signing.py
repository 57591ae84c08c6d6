"""The report's signature: Ed25519 over its canonical JSON, so that whoever holds the public key can check it.

Keys are PEM files as `openssl genpkey -algorithm ed25519` writes them. A signature says who vouches for the numbers and
that nobody changed them since; it cannot say that its holder ran anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

ALGORITHM = "Ed25519"
_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
"""What PKCS#8 says before the 32 bytes of a private key (RFC 8410)."""


class BadKey(ValueError):
    """A file that holds no Ed25519 key."""


class BadReport(ValueError):
    """A file that is no report, or whose signature does not fit."""


class Signed(NamedTuple):
    """A report whose signature fits, and the fingerprint of who signed it."""

    report: dict[str, Any]
    signer: str


def key_at(path: Path) -> SigningKey:
    """The key of a file; a new one where there is no file. Raises BadKey, OSError."""
    if not path.exists():
        return _made(path)
    lines = path.read_text("ascii", errors="replace").split("\n")
    text = "".join(line for line in lines if "-----" not in line)
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if len(der) != len(_PRIVATE) + 32 or not der.startswith(_PRIVATE):
        raise BadKey(f"{path} holds no Ed25519 key (PEM, without a password)")
    return SigningKey(der[len(_PRIVATE) :])


def _made(path: Path) -> SigningKey:
    key = SigningKey.generate()
    text = base64.b64encode(_PRIVATE + bytes(key)).decode()
    pem = f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
    # Only its owner may read it, from its first byte on.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(pem)
    return key


def fingerprint(key: VerifyKey) -> str:
    """A short name of a public key, to compare by eye or by `--signer`."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(bytes(key)).digest()).decode().rstrip("=")


def signed(report: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    """The report beside its signature."""
    value = key.sign(_canonical(report)).signature
    signature = {
        "algorithm": ALGORITHM,
        "over": "the report as JSON: keys sorted, no blanks, UTF-8",
        "public_key": base64.b64encode(bytes(key.verify_key)).decode(),
        "signer": fingerprint(key.verify_key),
        "value": base64.b64encode(value).decode(),
    }
    return {"report": report, "signature": signature}


def checked(text: bytes) -> Signed:
    """A signed report that nobody changed. Raises BadReport."""
    try:
        told = json.loads(text)
        report, signature = told["report"], told["signature"]
        key = VerifyKey(base64.b64decode(signature["public_key"], validate=True))
        value = base64.b64decode(signature["value"], validate=True)
        algorithm = signature["algorithm"]
    except (ValueError, KeyError, TypeError):
        raise BadReport("it is no signed conformance report") from None
    if algorithm != ALGORITHM or not isinstance(report, dict):
        raise BadReport(f"it is not signed by {ALGORITHM}")
    try:
        key.verify(_canonical(report), value)
    except (BadSignatureError, ValueError):
        raise BadReport("its signature does not fit: it was changed after it was signed") from None
    return Signed(report, fingerprint(key))


def _canonical(report: dict[str, Any]) -> bytes:
    text = json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")
