"""The report's signature (N14): Ed25519, whose keys other tools read, and which one changed figure breaks."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from promosight.certify.signing import BadKey, BadReport, checked, key_at, signed

# The keys that RFC 8410 shows, in sections 10.1 and 10.3.
PRIVATE = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
PUBLIC = base64.b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")[-32:]
REPORT = {"result": "passed", "seed": 7, "server": {"address": "http://x", "version": "1 \u00e9"}}


def told(tmp_path: Path) -> dict[str, Any]:
    return signed(REPORT, key_at(tmp_path / "key.pem"))


def test_a_key_of_other_tools_is_read(tmp_path: Path) -> None:
    """N14: as RFC 8410 writes it."""
    path = tmp_path / "key.pem"
    path.write_text(PRIVATE)
    assert bytes(key_at(path).verify_key) == PUBLIC


def test_a_new_key_is_its_owners_alone_and_is_kept(tmp_path: Path) -> None:
    """N14: reports signed beside each other have one signer."""
    path = tmp_path / "key.pem"
    assert bytes(key_at(path)) == bytes(key_at(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "no key", PRIVATE.replace("MC4C", "MC4D"), PUBLIC.hex()])
def test_what_is_no_key_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.pem"
    path.write_text(text)
    with pytest.raises(BadKey, match="holds no Ed25519 key"):
        key_at(path)
    assert path.read_text() == text


def test_a_signature_fits_however_the_report_is_laid_out(tmp_path: Path) -> None:
    whole = told(tmp_path)
    turned = json.dumps({name: whole[name] for name in reversed(whole)}, indent=7)
    found = checked(turned.encode())
    assert (found.report, found.signer) == (REPORT, whole["signature"]["signer"])


def test_a_changed_report_does_not_fit(tmp_path: Path) -> None:
    """N14: a failed run cannot be made a passed one."""
    whole = told(tmp_path)
    whole["report"] = REPORT | {"seed": 8}
    with pytest.raises(BadReport, match="does not fit"):
        checked(json.dumps(whole).encode())


@pytest.mark.parametrize(
    "changed",
    [{"value": "AAAA"}, {"public_key": "AAAA"}, {"algorithm": "none"}, {"value": 7}],
)
def test_another_signature_does_not_fit(tmp_path: Path, changed: dict[str, Any]) -> None:
    whole = told(tmp_path)
    whole["signature"] |= changed
    with pytest.raises(BadReport):
        checked(json.dumps(whole).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"report": 1, "signature": 2}', b"\xff"])
def test_what_is_no_report_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(BadReport, match="no signed conformance report"):
        checked(text)
