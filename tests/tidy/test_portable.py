"""Nothing in the project knows the machine it was written on.

A clone must work anywhere: no path of a developer's machine, no package index
in a lock or a setting, no address of a private network.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, files, name, wrong_in

FOREIGN = {
    "a path of one machine": r"(?<![\w.~}-])/(?:work|root|home|farm|Users|opt|mnt)/[\w.]",
    "a file below the temporary folder": r"(?<![\w.~}-])/(?:var/)?tmp/[\w.]",
    "root's home": r"""["'`\s=:]/root["'`\s]""",
    "a package index": r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|npmmirror)\.(?:org|com)\b",
    "a private network": r"\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b",
    "a private host": r"://[\w.-]+\.(?:internal|local|lan|corp)\b",
    "a file address": r"\bfile:///\w",
}
OURS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]
LOCKS = [*OURS, ROOT / "requirements-spark.lock"]
# The only two kinds of line in a lock: a pinned package, perhaps with a marker, and its hashes.
LOCK_LINE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(?:\[[a-z0-9,-]+\])?==[\w.!+-]+(?: ; [\w\s'\"<>=!().]+)? \\"
    r"|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
)


def _text(path: Path) -> str:
    """The content of a file; nothing for one that is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def _foreign(path: Path) -> Iterator[str]:
    text = _text(path)
    for what, pattern in FOREIGN.items():
        for match in re.finditer(pattern, text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"line {line}: {what}: {match[0].strip()}"


def test_a_file_names_no_machine_and_no_index() -> None:
    assert not wrong_in(files(), _foreign)


@pytest.mark.parametrize("path", LOCKS, ids=name)
def test_a_lock_holds_pinned_packages_and_hashes_only(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    strange = [line for line in lines if not LOCK_LINE.fullmatch(line)]
    assert not strange, f"{name(path)}: run ./dev lock"


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_lock_holds_what_the_project_asks_for(path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    if path.name == "requirements-dev.lock":
        asked += project["dependency-groups"]["dev"]
    locked = set(re.findall(r"^([a-z0-9.-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    missing = {re.split(r"[^\w.-]", requirement)[0] for requirement in asked} - locked
    assert not missing, "pyproject.toml changed: run ./dev lock"
