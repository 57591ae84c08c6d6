"""A disk that is full: the command fails, names the file, and leaves nothing half-written.

No file may become longer than the shell allows, which the system refuses as it refuses one on a full disk.
"""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.brand import simulated, take, take_all
from tests.cli.program import ask, clean_environment, fail, succeed
from tests.cli.test_verify_and_rebuild import _change_by_hand

_LONGEST = "80"
"""Of 512 bytes."""
_NOTHING_COMPILED = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Half of a compiled file would be there for everybody."""


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store that holds a small brand, and a customer with long facts; no test leaves it otherwise."""
    folder = tmp_path_factory.mktemp("brand")
    url = f"sqlite:///{folder}/store/promosight.db"
    take_all(url, simulated(folder / "files"))
    file = folder / "long.csv"
    ids = "\n".join(f"{'a' * 200}{number},p,c,2026-11-20T00:00:00Z" for number in range(400))
    file.write_text(f"assignment_id,promotion_id,customer_id,assigned_at\n{ids}\n")
    take(url, "assignments", file)
    return url


def _with_no_room(*arguments: str | Path, temporary: Path) -> str:
    """How the program fails where no file may be longer than some."""
    limited = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', _LONGEST]
    done = subprocess.run(
        [*limited, sys.executable, "-m", "promosight", *map(str, arguments)],
        env=clean_environment() | _NOTHING_COMPILED | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert done.stderr.startswith("promosight: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (
            ["verify"],
            "ledger_assignment.csv: File too large; temporary files lie where TMPDIR says",
        ),
        (["archive", "new"], "csv: File too large; temporary files lie where TMPDIR says"),
        (["backup", "new"], "new: File too large"),
        (["export", "assignments", "--out", "new"], "new: File too large"),
        (["export", "assignments", "--format", "ndjson", "--out", "new"], "new: File too large"),
        (["export", "redemptions", "--format", "parquet", "--out", "new"], ": File too large"),
    ],
)
def test_what_finds_no_room_names_the_file_and_leaves_nothing(
    brand: str, tmp_path: Path, words: list[str], named: str
) -> None:
    """P12: and what stood there before stands there still."""
    temporary, into = tmp_path / "temporary", tmp_path / "into"
    temporary.mkdir()
    into.mkdir()
    placed = [str(into / one) if one == "new" else one for one in words]
    before = {"new": b"before"} if words[0] != "archive" else {}
    for name, content in before.items():
        (into / name).write_bytes(content)
    said = _with_no_room(*placed, "--database", brand, temporary=temporary)
    assert named in said
    assert {one.name: one.read_bytes() for one in into.iterdir()} == before
    assert list(temporary.iterdir()) == []


def test_rebuild_that_finds_no_room_changes_nothing(brand: str, tmp_path: Path) -> None:
    """N1: it fails and names the store; with room it mends it."""
    _change_by_hand(brand)
    said = _with_no_room("rebuild", "--database", brand, temporary=tmp_path)
    assert "promosight.db: the disk does not read or write" in said
    assert "differ from what the facts say" in fail("verify", "--database", brand)
    succeed("rebuild", "--database", brand)
    assert ask("verify", "--database", brand)["ok"]


@pytest.mark.parametrize(
    "words",
    [["verify"], ["rebuild", "--json"], ["export", "promotions"], ["export", "figures", "--json"]],
)
def test_an_answer_that_cannot_be_written_is_a_failure(brand: str, words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "promosight", *words, "--database", brand],
            env=clean_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "promosight: standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_what_is_no_file_is_written_to_and_stays_what_it_is(brand: str, tmp_path: Path) -> None:
    """A pipe, as `/dev/stdout` may be one, is not replaced by a file; nor is a link."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reading = Thread(target=lambda: read.append(pipe.read_bytes()))
    reading.start()
    succeed("export", "promotions", "--database", brand, "--out", pipe)
    reading.join()
    file, link = tmp_path / "file", tmp_path / "link"
    link.symlink_to(file)
    succeed("export", "promotions", "--database", brand, "--out", link)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert read == [file.read_bytes()]
