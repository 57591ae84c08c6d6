"""Users by the command line: made, listed, given a password, removed; a running server knows within two seconds."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests.api.people import browser, sign_in, signed_in, status
from tests.api.server import serving
from tests.cli.program import ask, fail, run, succeed

PASSWORD = ("--password", "long enough to be")


def test_users_are_added_listed_and_removed(store_url: str) -> None:
    """P14: each action for people and as JSON."""
    where = ("--database", store_url)
    ask("init", *where)
    made = ask("users", "add", "Ann@Shop.example", "--role", "marketer", *PASSWORD, *where)
    assert (made["email"], made["name"], made["role"]) == ("ann@shop.example", "ann", "marketer")
    said = succeed("users", "add", "bob@x", "--role", "viewer", "--name", "Bob", *PASSWORD, *where)
    assert said == "User bob@x may sign in, as viewer.\n"
    listed = {one["email"]: one["role"] for one in ask("users", "list", *where)["users"]}
    assert listed == {"admin@localhost": "admin", "ann@shop.example": "marketer", "bob@x": "viewer"}
    assert "bob@x" in succeed("users", "list", *where)
    assert ask("users", "remove", "bob@x", *where)["email"] == "bob@x"
    assert "no user bob@x" in fail("users", "remove", "bob@x", *where)
    assert "last admin" in fail("users", "remove", "admin@localhost", *where)


def test_a_user_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    where = ("--data", tmp_path)
    ask("init", *where)
    add = ("users", "add", "ann@x", "--role", "viewer", *where)
    assert fail(*add, "--password", "short") == "must have at least 10 characters (/password)"
    assert "(/role)" in fail("users", "add", "ann@x", "--role", "boss", *PASSWORD, *where)
    assert "(/email)" in fail("users", "add", "ann", "--role", "viewer", *PASSWORD, *where)
    assert run(*add).returncode == 2
    succeed(*add, environment={"PROMOSIGHT_PASSWORD": PASSWORD[1]})
    assert "already a user ann@x" in fail(*add, *PASSWORD)
    assert "at least 10" in fail("users", "password", "ann@x", "--password", "short", *where)
    assert "no user eve@x" in fail("users", "password", "eve@x", *PASSWORD, *where)


def test_a_password_set_by_the_command_line_ends_the_sessions_of_a_running_server(
    sqlite_url: str,
) -> None:
    """P14: within two seconds, for it is another process."""
    where = ("--database", sqlite_url)
    made = ask("init", "--email", "boss@x", "--password", "of the first day", *where)
    assert made["user"] == {"email": "boss@x", "password": "of the first day"}
    with serving(sqlite_url, made["key"]) as client:
        visitor = signed_in(client, "boss@x", "of the first day")
        assert succeed("users", "password", "boss@x", *PASSWORD, *where).startswith("User boss@x")
        time.sleep(2.1)
        assert status(visitor) == 401
        assert sign_in(browser(client), "boss@x", "of the first day").status_code == 401
        assert sign_in(browser(client), "boss@x", PASSWORD[1]).status_code == 200


def test_the_first_user_of_each_workspace_is_an_admin_with_a_password_of_its_own(
    sqlite_url: str,
) -> None:
    """P14: nobody named one, so each gets another email and a random password."""
    where = ("--database", sqlite_url)
    first = ask("init", *where)
    second = ask("init", "--workspace", "Second Shop", *where)
    emails = [one["user"]["email"] for one in (first, second)]
    assert emails == ["admin@localhost", "admin@second-shop.localhost"]
    assert first["user"]["password"] != second["user"]["password"]
    with serving(sqlite_url, first["key"]) as client:
        for one in (first, second):
            said: httpx.Response = sign_in(browser(client), **one["user"])
            assert said.json()["scopes"][-1] == "admin"
            assert said.json()["workspace"]["workspace"] == one["workspace"]
    taken = fail("init", "--workspace", "third", "--email", "Admin@localhost", *where)
    assert taken.startswith("there is already a user admin@localhost")
    assert "no workspace third" in fail("users", "list", "--workspace", "third", *where)


def test_init_tells_people_where_to_sign_in(tmp_path: Path) -> None:
    said = succeed("init", "--data", tmp_path, "--email", "ann@x", *PASSWORD)
    assert "\n    ann@x\n    long enough to be\n" in said
    assert "open http://127.0.0.1:8000 and sign in" in said
    short = fail("init", "--data", tmp_path / "other", "--password", "short")
    assert short == "must have at least 10 characters (/password)"
    assert not (tmp_path / "other").exists()
