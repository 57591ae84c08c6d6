"""Being told to end: by Ctrl-C, by SIGTERM; what was begun is put away, and the exit code says how it ended."""

import io
import json
import signal
import subprocess

import pytest

from promosight.cli.console import Console, Stopped
from promosight.flows.imports.show_imports import Place, list_imports
from promosight.flows.set_up.workspaces import find_workspace
from promosight.store.engine import open_store
from tests.cli.brand import begin
from tests.cli.program import NOW_US, start


@pytest.mark.parametrize(
    ("told", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_an_import_that_is_told_to_end_says_so_and_ends_as_failed(
    store_url: str, told: signal.Signals, code: int, word: str
) -> None:
    """Cron jobs and time limits send SIGTERM; what was taken is published as after Ctrl-C."""
    begin(store_url)
    words = ("import", "redemptions", "-", "--database", store_url, "--json")
    with start(*words, stdin=subprocess.PIPE, stdout=-1, stderr=-1) as program:
        while not _states(store_url):
            assert program.poll() is None
        program.send_signal(told)
        assert program.stdin is not None
        program.stdin.close()  # who waits for a line hears of a signal with the next one
        assert program.stdout is not None
        assert program.stderr is not None
        out, err = program.stdout.read(), program.stderr.read()
        assert program.wait(60) == code
    assert json.loads(out)["error"]["code"] == word
    assert err.decode() == f"promosight: {word}\n"
    assert _states(store_url) == ["failed"]


def test_work_that_nobody_waits_for_any_more_ends_with_its_next_step() -> None:
    """The writer's thread would else go on for a minute after Ctrl-C, and keep what it did."""
    console = Console({}, lambda: NOW_US, io.BytesIO(), io.StringIO(), io.StringIO())
    bar = console.bar("groups", total=None, unit="")
    with pytest.raises(KeyboardInterrupt), bar:
        raise KeyboardInterrupt
    with pytest.raises(Stopped):
        bar.advance(1)


def _states(url: str) -> list[str]:
    """How the imports of a store stand."""
    store = open_store(url, now_us=NOW_US)
    try:
        return [
            one["state"]
            for one in store.read(
                lambda tx: list_imports(tx, find_workspace(tx, None), place=Place(), limit=9)
            )[0]
        ]
    finally:
        store.close()
