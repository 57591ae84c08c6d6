"""Running the real program, as a person or a cron job would: by subprocess, answers read as JSON."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from promosight.flows.figures.breakdowns import DIMENSIONS, Breakdown, breakdown
from promosight.flows.set_up.workspaces import find_workspace
from promosight.store.engine import open_store
from tests.cli.launcher import Program

NOW_US = time.time_ns() // 1_000
"""The program reads the real clock, so what stands beside it does too."""


def clean_environment() -> dict[str, str]:
    """This process's environment without settings that a developer may have.

    Compiled files are kept, whatever the machine says: compiling the product anew doubles each of many starts.
    """
    ours = ("PROMOSIGHT_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return kept | {"PYTHONWARNINGS": "error"}


def start(*arguments: str | Path, **settings: Any) -> subprocess.Popen[bytes]:
    """The program, running."""
    environment = clean_environment() | settings.pop("environment", {})
    return Program(["promosight", *map(str, arguments)], env=environment, **settings)


def run(
    *arguments: str | Path,
    stdin: bytes = b"",
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """The program, run to its end whatever that is."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with start(*arguments, environment=environment or {}, cwd=folder, **pipes) as program:
        try:
            out, err = program.communicate(stdin, timeout=120)
        except BaseException:
            program.kill()
            raise
    return subprocess.CompletedProcess(program.args, program.returncode, out.decode(), err.decode())


def succeed(*arguments: str | Path, **settings: Any) -> str:
    """What the program says; it must end well and say nothing beside its answer."""
    done = run(*arguments, **settings)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def ask(*arguments: str | Path, **settings: Any) -> Any:
    """The program's JSON answer."""
    return json.loads(succeed(*arguments, "--json", **settings))


def fail(*arguments: str | Path, **settings: Any) -> str:
    """The one line with which the program fails."""
    done = run(*arguments, **settings)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.stderr.startswith("promosight: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("promosight: ").strip()


def figures(url: str) -> dict[str, dict[str, Any]]:
    """The figures of every promotion, by id."""
    items = ask("export", "figures", "--database", url)["items"]
    return {item["promotion_id"]: item["figures"] for item in items}


def breakdown_of(url: str, promotion_id: str, by: str) -> Breakdown:
    """A breakdown, as the HTTP door would read it."""
    return breakdowns_of(url, [promotion_id], [by])[0]


def breakdowns_of(url: str, promotion_ids: list[str], dimensions: list[str]) -> list[Breakdown]:
    """Breakdowns of promotions, each by every one of these dimensions."""
    store = open_store(url, now_us=NOW_US)
    try:
        return store.read(
            lambda tx: [
                breakdown(tx, find_workspace(tx, None), promotion_id, by)
                for promotion_id in promotion_ids
                for by in dimensions
            ]
        )
    finally:
        store.close()


def everything(url: str) -> tuple[dict[str, Any], list[Breakdown]]:
    """All figures and all breakdowns of a store: what two stores must agree on."""
    found = figures(url)
    return found, breakdowns_of(url, sorted(found), list(DIMENSIONS))
