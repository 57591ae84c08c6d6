"""Setting up by the command line: workspaces, keys, settings from the environment, and how it fails."""

import json
from pathlib import Path

from promosight.flows.set_up.passwords import is_right
from promosight.flows.set_up.users import user_of
from promosight.flows.set_up.workspaces import digest_of
from promosight.store.engine import open_store
from tests.cli.program import NOW_US, ask, fail, run, succeed


def test_init_shows_a_key_and_a_password_once_and_keeps_only_digests(blank_store_url: str) -> None:
    answer = ask(
        "init", "--database", blank_store_url, "--workspace", "Acme Shop", "--currency", "CHF"
    )
    assert (answer["workspace"], answer["currency"]) == ("acme-shop", "CHF")
    store = open_store(blank_store_url, now_us=NOW_US)
    digest = digest_of(answer["key"])
    row = store.read(lambda tx: tx.one("key_by_digest", secret_digest=digest))
    user = store.read(lambda tx: user_of(tx, "admin@localhost"))
    store.close()
    assert user is not None
    assert (answer["user"]["email"], user.role) == (user.email, "admin")
    assert answer["user"]["password"] not in user.password_hash
    assert is_right(answer["user"]["password"], user.password_hash)
    assert row is not None
    assert row[3] == "admin"
    listed = json.dumps(ask("keys", "list", "--database", blank_store_url))
    assert answer["key"] not in listed


def test_what_comes_next_names_the_store_that_was_made(tmp_path: Path) -> None:
    """Copied as they stand, the next commands find it."""
    folder = tmp_path / "my shop"
    said = succeed("init", "--data", str(folder))
    assert f"`promosight serve --data '{folder}'`" in said


def test_tracking_starts_when_it_is_said_to(blank_sqlite_url: str) -> None:
    """S40: enabling records the start, now or as given."""
    words = ("init", "--database", blank_sqlite_url)
    first = ask(*words, "--tracking-from", "2025-01-01T00:00:00+01:00", "--sandbox")
    assert (first["tracking_from"], first["sandbox"]) == ("2024-12-31T23:00:00Z", True)
    second = ask(*words, "--workspace", "second")
    assert second["tracking_from"] > "2025"


def test_a_workspace_is_made_once(blank_store_url: str) -> None:
    succeed("init", "--database", blank_store_url)
    assert fail("init", "--database", blank_store_url) == "there is already a workspace main"


def test_a_key_is_created_listed_and_revoked(blank_store_url: str) -> None:
    ask("init", "--database", blank_store_url)
    key = ask(
        *("keys", "create", "--database", blank_store_url, "--name", "till", "--source", "default"),
        *("--scopes", "redemptions:write,assignments:write", "--ip-range", "192.0.2.0/24"),
        *("--expires-at", "2099-01-01T00:00:00Z"),
    )
    listed = {
        one["key_id"]: one for one in ask("keys", "list", "--database", blank_store_url)["keys"]
    }
    made = listed[key["key_id"]]
    assert (made["name"], made["source"], made["state"]) == ("till", "default", "active")
    assert made["scopes"] == ["redemptions:write", "assignments:write"]
    assert (made["ip_ranges"], made["expires_at"]) == (["192.0.2.0/24"], "2099-01-01T00:00:00Z")
    ask("keys", "revoke", key["key_id"], "--database", blank_store_url)
    assert "revoked" in succeed("keys", "list", "--database", blank_store_url)
    assert "no key" in fail("keys", "revoke", key["key_id"], "--database", blank_store_url)
    late = ("--scopes", "reports:read", "--expires-at", "2020-01-01T00:00:00Z")
    told = fail("keys", "create", "--database", blank_store_url, "--name", "late", *late)
    assert told == "must lie ahead: the key would never be good (/expires_at)"


def test_keys_and_users_are_listed_where_no_action_is_named(tmp_path: Path) -> None:
    """As every command takes `--data` and `--json`."""
    where = ("--data", tmp_path)
    ask("init", *where)
    assert ask("keys", *where) == ask("keys", "list", *where)
    assert ask("users", *where) == ask("users", "list", *where)
    assert "create" in succeed("keys", "--help")
    assert run("keys", *where, "create").returncode == 2  # and not done to another store


def test_settings_come_from_the_environment_and_flags_win(tmp_path: Path) -> None:
    settings = {
        "PROMOSIGHT_DATA": str(tmp_path / "here"),
        "PROMOSIGHT_TIME_ZONE": "Asia/Tokyo",
        "PROMOSIGHT_JSON": "1",
    }
    made = json.loads(succeed("init", "--currency", "JPY", environment=settings))
    assert (made["time_zone"], made["currency"]) == ("Asia/Tokyo", "JPY")
    assert (tmp_path / "here" / "promosight.db").exists()
    elsewhere = ("--data", tmp_path / "there", "--time-zone", "Europe/Paris")
    assert ask("init", *elsewhere, environment=settings)["time_zone"] == "Europe/Paris"
    assert (tmp_path / "there" / "promosight.db").exists()


def test_a_setting_of_the_environment_is_checked_as_its_flag_is(
    tmp_path: Path, sqlite_url: str
) -> None:
    """Whatever stands in groups of its own in the help is a setting, too."""
    ask("init", "--database", sqlite_url)
    for command, name, value in (
        (("export", "promotions", "--database", sqlite_url), "FORMAT", "xml"),
        (("simulate", "--out", tmp_path / "made"), "PRESET", "enormous"),
        (("recount", tmp_path), "ENGINE", "abacus"),
    ):
        said = fail(*command, environment={f"PROMOSIGHT_{name}": value})
        assert said.startswith(f"PROMOSIGHT_{name} must be one of "), said
    assert run("recount", tmp_path, environment={"PROMOSIGHT_PROCESSES": "two"}).returncode == 2


def test_the_store_lies_in_the_folder_one_is_in_unless_told_otherwise(tmp_path: Path) -> None:
    succeed("init", folder=tmp_path)
    assert (tmp_path / "promosight-data" / "promosight.db").exists()


def test_a_mistake_is_one_clear_line_and_never_a_traceback(tmp_path: Path) -> None:
    nowhere = ("--data", tmp_path / "nowhere")
    assert "run `promosight init` first" in fail("verify", *nowhere)
    assert not (tmp_path / "nowhere").exists()
    assert "not an IANA time zone" in fail("init", *nowhere, "--time-zone", "Mars/Olympus")
    assert "ISO 4217" in fail("init", *nowhere, "--currency", "gold")
    assert not (tmp_path / "nowhere").exists()
    assert "cannot connect" in fail("init", "--database", "postgresql://localhost:1/none")
    assert "a database is named" in fail("init", "--database", "mysql://localhost/none")
    broken = run("init", "--tracking-from", "yesterday")
    assert broken.returncode == 2
    assert broken.stderr.startswith("promosight: argument --tracking-from: must be an RFC 3339")
    assert broken.stderr.count("\n") == 1


def test_a_program_is_told_as_json_that_it_was_not_understood(tmp_path: Path) -> None:
    """The contract: every command takes `--json`; a wrapper that reads one object finds one."""
    for wrong in (
        ("init", "--tracking-from", "yesterday"),
        ("import", "coupons", tmp_path),
        ("keys", "create"),
        ("remember",),
    ):
        broken = run(*wrong, "--json")
        assert broken.returncode == 2
        error = json.loads(broken.stdout)["error"]
        assert (error["code"], error["pointer"]) == ("usage", None)
        assert broken.stderr == f"promosight: {error['detail']}\n"
        assert error["detail"].endswith("--help`)")


def test_a_program_is_told_of_a_failure_as_json_and_once(sqlite_url: str) -> None:
    ask("init", "--database", sqlite_url)
    for command, error in (
        (("keys", "revoke", "k"), {"code": "not_found", "detail": "there is no key k to revoke"}),
        (("export", "audience"), {"code": "invalid", "pointer": "/promotion"}),
        (("import", "redemptions", "none.csv"), {"code": "system"}),
    ):
        failed = run(*command, "--database", sqlite_url, "--json")
        assert failed.returncode == 1
        assert error.items() <= json.loads(failed.stdout)["error"].items()
        assert failed.stderr.startswith("promosight: ")
        assert run(*command, "--database", sqlite_url).stdout == ""
    refused = run("keys", "list", environment={"PROMOSIGHT_JSON": "perhaps"})
    assert (refused.returncode, refused.stdout) == (1, "")


def test_a_database_without_a_store_is_named_as_such_and_left_as_it_is(
    tmp_path: Path, blank_store_url: str
) -> None:
    """Else a wrong address would be verified every night, and be found in order."""
    for command in (("verify",), ("export", "figures"), ("serve", "--port", "0"), ("keys", "list")):
        said = fail(*command, "--database", blank_store_url)
        assert "there is no store in" in said
        assert "run `promosight init` first" in said
    open_store(blank_store_url, now_us=NOW_US).close()  # a store that holds nothing
    for command in (("verify",), ("archive", str(tmp_path / "archive"))):
        said = fail(*command, "--database", blank_store_url)
        assert said == "there is no workspace yet: run `promosight init` first"
    ask("init", "--database", blank_store_url)
    ask("verify", "--database", blank_store_url)


def test_with_several_workspaces_one_must_be_named(blank_sqlite_url: str) -> None:
    for name in ("one", "two"):
        ask("init", "--database", blank_sqlite_url, "--workspace", name)
    assert "name one of the workspaces" in fail("keys", "list", "--database", blank_sqlite_url)
    assert (
        len(ask("keys", "list", "--database", blank_sqlite_url, "--workspace", "one")["keys"]) == 1
    )
