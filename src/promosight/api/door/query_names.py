"""Names in a query string that are a slip of one that is known here: told, because they would be left unheard.

A filter that nobody heard makes a wrong figure, and a `dry_run` misspelled makes a report. What is like no parameter is
passed over: others put their own into addresses, against caches or to follow a campaign. Told, too, is one that says
two things (`status=active&status=draft`), of which one would be left unheard.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from promosight.errors import Invalid
from promosight.rules.likeness import folded, slips

_SHORTEST, _LONGEST = 4, 40


def check_names(asked: bytes, known: Sequence[str]) -> None:
    """Raises Invalid naming a parameter that seems to be one of those known, or is one and says two things."""
    said: dict[str, str] = {}
    for name, value in parse_qsl(asked.decode("latin-1"), keep_blank_values=True):
        if name in known:
            if said.setdefault(name, value) != value:
                raise Invalid("is there twice; say it once", pointer=f"/{name}")
        elif (meant := _meant(name, known)) is not None:
            why = f"is no parameter here; {meant} is"
            raise Invalid(why, code="unknown_parameter", pointer=f"/{name}")


def _meant(name: str, known: Sequence[str]) -> str | None:
    if not _SHORTEST <= len(name) <= _LONGEST or not name.isprintable():
        return None
    return next((one for one in known if _is_slip(name, one)), None)


def _is_slip(name: str, known: str) -> bool:
    return (
        folded(name) == folded(known)
        or known.startswith(f"{name}_")
        or (len(known) >= _SHORTEST and slips(name, known, 1) <= 1)
    )
