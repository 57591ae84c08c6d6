"""The demo: one command to a running server with a believable brand, whose data stay for the next run."""

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.program import ask, fail, run, start
from tools.ports import kept_port


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a demo made without serving it, and its admin key."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    return folder, ask("demo", "--data", folder, "--no-serve")["key"]


def _get(url: str, key: str) -> Any:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@contextmanager
def _serving(folder: Path, key: str) -> Iterator[str]:
    """The demo, served; afterwards stopped as by Ctrl-C, which it takes for a proper end."""
    keeper, port = kept_port()
    url = f"http://127.0.0.1:{port}"
    words = ("demo", "--data", folder, "--port", str(port))
    with keeper, start(*words, stdout=-3, stderr=-3) as program:
        try:
            _wait_until(lambda: _get(f"{url}/v1/promotions", key))
            yield url
        finally:
            program.send_signal(signal.SIGINT)
            assert program.wait(timeout=60) == 0


def _wait_until(asked: Any) -> Any:
    deadline = time.monotonic() + 120
    while True:
        try:
            if found := asked():
                return found
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_demo_serves_figures_that_move_by_themselves(made: tuple[Path, str]) -> None:
    """S11, S12, S41: data appear by themselves, and each event moves the figures."""
    folder, key = made
    with _serving(folder, key) as url:
        assert _redemptions(url, key) > 5_000
        before = _redemptions(url, key)
        _wait_until(lambda: _redemptions(url, key) > before)


def _redemptions(url: str, key: str) -> int:
    items = _get(f"{url}/v1/promotions", key)["items"]
    return sum(item["figures"]["redemptions"] for item in items)


def test_the_demo_says_where_to_sign_in_and_one_of_each_role_can(made: tuple[Path, str]) -> None:
    """P14: the address first, then whom to sign in as, then what programs do."""
    folder, key = made
    said = run("demo", "--data", folder, "--no-serve", "--port", "8123").stdout
    told = said.index("sign in as marketer@demo.example, password promosight-demo")
    assert said.index("Open http://127.0.0.1:8123") < told < said.index("curl")
    listed = {one["role"] for one in ask("users", "list", "--data", folder)["users"]}
    with _serving(folder, key) as url, httpx.Client(base_url=url) as visitor:
        for role in listed:
            user = {"email": f"{role}@demo.example", "password": "promosight-demo"}
            assert visitor.post("/v1/session", json=user).json()["user"]["role"] == role
    assert listed == {"viewer", "marketer", "developer", "admin"}


def test_the_demo_warns_where_others_can_reach_it(made: tuple[Path, str]) -> None:
    """P14: everybody knows its passwords."""
    words = ("demo", "--data", made[0], "--no-serve", "--json")
    for host, warned in (("0.0.0.0", True), ("::1", False), ("localhost", False)):
        said = run(*words, "--host", host).stderr
        assert ("the demo's passwords are public" in said) == warned, host


def test_the_demo_has_every_kind_of_promotion_and_adds_up(made: tuple[Path, str]) -> None:
    """S20, S31, S32, S33: rates where events came, dashes where none did."""
    folder, _ = made
    items = ask("export", "figures", "--data", folder)["items"]
    tracked = [item for item in items if item["figures"]["state"] == "tracked"]
    assert {item["kind"] for item in tracked} == {"global", "tiered", "personalized"}
    assert sum(item["figures"]["assigned"] for item in tracked) > 20_000
    (silent,) = (item for item in items if item["promotion_id"] == "DOUBLE-POINTS")
    assert (silent["figures"]["rate"], silent["figures"]["display"]) == (None, "-")
    assert ask("verify", "--data", folder)["ok"]


def test_a_second_run_finds_the_world_and_the_keys_of_the_first(made: tuple[Path, str]) -> None:
    folder, key = made
    again = ask("demo", "--data", folder, "--no-serve", "--seed", "99")
    assert again["key"] == key
    kept = folder / "demo-keys.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()
    fresh = ask("demo", "--data", folder, "--no-serve")["key"]
    assert fresh != key
    names = [one["name"] for one in ask("keys", "list", "--data", folder)["keys"]]
    assert sorted(names) == ["demo", "demo", "demo checkout", "demo checkout"]


def test_a_port_that_is_taken_or_a_store_that_is_not_there_is_said_in_one_line(
    made: tuple[Path, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}" in fail(
            "serve", "--data", made[0], "--port", port
        )
    assert "run `promosight init` first" in fail("serve", "--data", tmp_path / "none")
    nowhere = fail("serve", "--data", made[0], "--host", "nowhere.invalid")
    assert "cannot listen on nowhere.invalid:8000: nobody knows that name" in nowhere
    assert "one worker" in fail("serve", "--data", made[0], "--workers", "2")
