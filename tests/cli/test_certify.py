"""`promosight certify` from the command line (N14): what it says, writes, refuses, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.server import new_workspace, running
from tests.certify.faults import CountsOneTooMany
from tests.certify.proxy import proxied
from tests.cli.program import ask, fail, run, succeed


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """An address, the key of a sandbox, and the key of a workspace with live figures."""
    url = f"sqlite:///{tmp_path_factory.mktemp('certify')}/promosight.db"
    sandbox, live = new_workspace(url, sandbox=True), new_workspace(url)
    with running(url) as address:
        yield address, sandbox, live


def test_a_run_says_that_it_passed_and_its_report_is_signed(
    served: tuple[str, str, str], tmp_path: Path
) -> None:
    """N14: exit code 0, a summary, a report whose signature fits."""
    address, key, _ = served
    said = succeed("certify", address, "--key", key, "--events", "100", folder=tmp_path)
    assert "PASSED: " in said
    assert address in said
    report = tmp_path / "promosight-conformance.json"
    whole = json.loads(report.read_text())
    signer = whole["signature"]["signer"]
    assert key not in report.read_text()
    assert signer in succeed("certify", "--check", report, "--signer", signer)
    found = ask("certify", "--check", report)
    assert (found["result"], found["signer"]) == ("passed", signer)
    report.write_text(report.read_text().replace('"passed"', '"failed"', 1))
    assert "does not fit" in fail("certify", "--check", report)


def test_another_signer_is_not_who_was_asked_for(
    served: tuple[str, str, str], tmp_path: Path
) -> None:
    """N14: a report proves something by who signed it."""
    address, key, _ = served
    named = ("--sign-with", tmp_path / "mine.pem", "--report", tmp_path / "r.json")
    ask("certify", address, "--key", key, "--events", "0", *named)
    assert (tmp_path / "mine.pem").exists()
    assert "signed by SHA256:" in fail(
        "certify", "--check", tmp_path / "r.json", "--signer", "SHA256:x"
    )


def test_a_fault_ends_with_1_and_names_the_check(
    served: tuple[str, str, str], tmp_path: Path
) -> None:
    """N14: any failure is exit code 1."""
    address, key, _ = served
    with proxied(CountsOneTooMany(address)) as faulty:
        done = run("certify", faulty, "--key", key, "--events", "100", folder=tmp_path)
    assert done.returncode == 1
    assert "FAILED figures.promotion" in done.stdout
    assert done.stderr.startswith("failed: figures.")
    whole = json.loads((tmp_path / "promosight-conformance.json").read_text())
    assert whole["report"]["result"] == "failed"


def test_live_figures_are_left_alone(served: tuple[str, str, str], tmp_path: Path) -> None:
    """N14: nobody certifies over them unless they say so."""
    address, _, live = served
    command = ("certify", address, "--key", live, "--events", "0")
    assert "is no sandbox" in fail(*command, folder=tmp_path)
    assert "PASSED" in succeed(*command, "--live", folder=tmp_path)


def test_what_cannot_be_asked_is_said_in_one_line(
    served: tuple[str, str, str], tmp_path: Path
) -> None:
    address, key, _ = served
    assert "needs the URL" in fail("certify", folder=tmp_path)
    assert "must begin with" in fail("certify", "ftp://x", "--key", key, folder=tmp_path)
    assert "401" in fail("certify", address, "--key", "wrong", folder=tmp_path)
    nobody = fail("certify", "http://127.0.0.1:1", "--key", key, folder=tmp_path)
    assert "nobody answers there" in nobody
    assert "no signed" in fail("certify", "--check", __file__, folder=tmp_path)
