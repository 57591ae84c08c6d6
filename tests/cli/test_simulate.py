"""`promosight simulate`: the same seed writes the same files; a load has the size asked for."""

import json
from pathlib import Path

from tests.cli.brand import simulated
from tests.cli.program import ask, fail, run, succeed


def test_the_same_seed_and_end_write_the_same_files(tmp_path: Path) -> None:
    one, two, three = (
        simulated(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    for kind in ("promotions", "customers", "assignments", "redemptions"):
        file = f"{kind}.ndjson"
        assert (one / file).read_bytes() == (two / file).read_bytes()
    assert (one / "redemptions.ndjson").read_bytes() != (three / "redemptions.ndjson").read_bytes()


def test_a_load_has_exactly_the_size_asked_for(tmp_path: Path) -> None:
    words = ("--assignments", "200", "--redemptions", "64", "--ends-at", "2025-06-01T00:00:00Z")
    answer = ask("simulate", *words, "--format", "csv", "--out", tmp_path)
    assert answer["files"]["assignments.csv"] == 200
    assert answer["files"]["redemptions.csv"] == 64
    lines = (tmp_path / "promotions.ndjson").read_text().splitlines()
    assert json.loads(lines[0])["promotion_id"] == "LOAD-000"


def test_settings_that_cannot_be_are_refused_in_one_line(tmp_path: Path) -> None:
    assert "give --assignments too" in fail("simulate", "--redemptions", "5", "--out", tmp_path)
    (tmp_path / "file").write_text("")
    assert "file" in fail("simulate", "--preset", "small", "--out", tmp_path / "file")
    assert run("simulate").returncode == 2


def test_every_command_explains_itself() -> None:
    """So that one wrapper can give `--data` and `--json` to all, those that ask no store take them, too."""
    commands = (
        "init",
        "serve",
        "import",
        "export",
        "verify",
        "rebuild",
        "keys",
        "simulate",
        "demo",
        "openapi",
        "recount",
        "consume",
    )
    overview = succeed("--help")
    for command in commands:
        assert command in overview
        told = succeed(command, "--help")
        assert told.startswith(f"usage: promosight {command}")
        if command != "keys":
            assert all(flag in told for flag in ("--data DIR", "--database URL", "--json")), command
