"""`promosight archive` and `promosight recount`: what verify says, said of an archive."""

from pathlib import Path

from tests.cli.brand import simulated, take_all
from tests.cli.program import ask, fail, run, succeed
from tests.cli.test_verify_and_rebuild import _change_by_hand


def test_an_archive_is_counted_in_the_words_of_verify(tmp_path: Path, sqlite_url: str) -> None:
    """N1: the same answer and the same exit code, whether all is right or something is wrong."""
    take_all(sqlite_url, simulated(tmp_path / "files"))
    _change_by_hand(sqlite_url)
    made = ask("archive", tmp_path / "archive", "--database", sqlite_url)
    assert made["workspaces"] == 1
    assert made["facts"] > 500
    assert "there already" in fail("archive", tmp_path / "archive", "--database", sqlite_url)

    there = run("verify", "--database", sqlite_url)
    counted = run("recount", tmp_path / "archive")
    assert (counted.returncode, counted.stderr) == (1, there.stderr)
    assert counted.stdout.splitlines()[1:] == there.stdout.splitlines()[1:]
    assert "SPRING20" in counted.stdout

    poor = fail("recount", tmp_path / "archive", "--memory-mb", "2")
    assert "needs more than 2 MB" in poor

    succeed("rebuild", "--database", sqlite_url)
    ask("archive", tmp_path / "mended", "--database", sqlite_url)
    assert ask("recount", tmp_path / "mended")["ok"]
    (tmp_path / "mended" / "manifest.json").unlink()
    assert "no whole archive" in fail("recount", tmp_path / "mended")


def test_without_its_library_spark_is_asked_for_in_one_line(tmp_path: Path) -> None:
    assert "promosight[spark]" in fail("recount", tmp_path, "--engine", "spark")
