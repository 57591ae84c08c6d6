"""Passwords: which are taken, what is kept of them, and whether one is right.

A password can be guessed, unlike a key, so what is kept is slow to compute (Argon2id, about 80 ms and 46 MB). Salt
is an argument: this module throws no dice.
"""

from __future__ import annotations

from base64 import b64encode
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from promosight.errors import Invalid

SHORTEST, LONGEST = 10, 1_000
_HASHER = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)


def check_password(password: str, pointer: str = "/password") -> None:
    """Raises Invalid, naming the field, where a password is too short or too long."""
    if len(normalize("NFKC", password[: LONGEST + 1])) < SHORTEST:
        raise Invalid(f"must have at least {SHORTEST} characters", pointer=pointer)
    if len(_plain(password)) > LONGEST:
        raise Invalid(f"must have at most {LONGEST} characters", pointer=pointer)


def hash_of(password: str, salt: bytes) -> str:
    """What is kept of a password. Slow on purpose."""
    return _HASHER.hash(_plain(password), salt=salt)


def is_right(password: str, password_hash: str) -> bool:
    """Whether it is the password that was hashed. As slow as hashing it."""
    try:
        return _HASHER.verify(password_hash, _plain(password))
    except VerifyMismatchError:
        return False


def _plain(password: str) -> bytes:
    """The same bytes for the same letters, however a keyboard composes them; no more than may count."""
    return normalize("NFKC", password[: LONGEST + 1]).encode("utf-8", "surrogatepass")


def _nobodys_hash() -> str:
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (16, 32))
    settings = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    return f"$argon2id$v=19${settings}${salt}${digest}"


NOBODYS_HASH = _nobodys_hash()
"""A hash that no password has. Comparing with it makes an unknown email cost what a wrong password costs."""
