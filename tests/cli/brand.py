"""A simulated brand in files, as `promosight simulate` writes them, and how it is brought into a store."""

from pathlib import Path
from typing import Any

from tests.cli.program import ask, succeed

ENDS_AT = "2025-06-01T00:00:00Z"
STARTS_AT = "2025-05-18T00:00:00Z"
KINDS = ("promotions", "customers", "assignments", "redemptions")


def simulated(folder: Path, *, seed: int = 5, form: str = "ndjson") -> Path:
    """The files of a small brand with every kind of promotion and of dirt."""
    words = ("--preset", "small", "--seed", str(seed), "--ends-at", ENDS_AT, "--format", form)
    succeed("simulate", *words, "--out", folder)
    return folder


def begin(url: str) -> str:
    """Makes the brand's workspace in an empty store; returns the URL."""
    ask("init", "--database", url, "--tracking-from", STARTS_AT, "--time-zone", "Europe/Vienna")
    return url


def take(url: str, kind: str, *files: Path | str, **settings: Any) -> dict[str, Any]:
    """Imports files; returns the answer."""
    answer: dict[str, Any] = ask("import", kind, *files, "--database", url, **settings)
    return answer


def take_all(url: str, folder: Path, kinds: tuple[str, ...] = KINDS) -> str:
    """Imports the files of a brand into a new workspace; returns the URL."""
    begin(url)
    for kind in kinds:
        take(url, kind, folder / f"{kind}.ndjson")
    return url
