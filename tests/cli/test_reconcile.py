"""N4 on the command line: a file of the source's own events against what was taken, in one command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.api.server import client_of, running
from tests.cli.program import ask, run

DAY = "2026-11-20"
HEAD = "event_id,promotion_id,customer_id,redeemed_at,order_value,till"


def rows(numbers: Sequence[int], **values: str) -> str:
    """Lines of the source's file; `values` are order values that differ."""
    told = [
        f"e-{n},p,c-{n},{DAY}T10:{n // 60:02}:{n % 60:02}Z,{values.get(f'e_{n}', '5.5')},7"
        for n in numbers
    ]
    return "\n".join([HEAD, *told, ""])


@pytest.fixture
def shop(store_url: str, tmp_path: Path) -> dict[str, Any]:
    """A store with a thousand redemptions of a day, told by `pos`."""
    settings = ("--tracking-from", "2026-10-01T00:00:00Z", "--time-zone", "UTC")
    made = ask("init", "--database", store_url, *settings)
    file = tmp_path / "sent.csv"
    file.write_text(rows(range(1_000)))
    ask("import", "redemptions", file, "--source", "pos", "--database", store_url)
    return {"url": store_url, "key": made["key"], "file": file}


def reconcile(shop: dict[str, Any], file: Path, *words: str, **environment: str) -> tuple[int, str]:
    named = ("reconcile", file, "--source", "pos", "--day", DAY)
    where = () if "PROMOSIGHT_URL" in environment else ("--database", shop["url"])
    done = run(*named, *where, *words, environment=environment)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


def test_a_file_that_says_what_was_taken_is_equal(shop: dict[str, Any]) -> None:
    """N4: exit code 0, and what waits is told; a file in any form."""
    code, said = reconcile(shop, shop["file"])
    assert code == 0
    assert said.splitlines()[0] == f"pos, {DAY}: equal"
    assert "Of those found, 1,000 wait and are not counted yet." in said
    lines = [
        {"event_id": f"e-{n}", "redeemed_at": f"{DAY}T10:{n // 60:02}:{n % 60:02}Z"}
        for n in range(1_000)
    ]
    other = shop["file"].with_suffix(".ndjson")
    other.write_text("\n".join(map(json.dumps, [*lines, {**lines[0]}])))
    assert reconcile(shop, other)[0] == 0


def test_what_differs_is_printed_event_by_event(shop: dict[str, Any]) -> None:
    """N4: missing here, missing there and changed, with exit code 1; the same over HTTP as against the store."""
    file = shop["file"].with_name("books.csv")
    late = "late,p,c-1,2026-11-21T00:00:00Z,5.5,7\n"
    file.write_text(rows([*range(1, 1_000), 2_000], e_500="7") + late)
    code, said = reconcile(shop, file)
    assert code == 1
    assert [line.strip() for line in said.splitlines() if line.startswith("  e-")] == [
        "e-0  taken, but not in the file",
        "e-2000  never received",
        "e-500  differs; order_value: 7.00 said, 5.50 found",
    ]
    assert "Left out: 1 event of another time." in said
    found = json.loads(reconcile(shop, file, "--json")[1])
    assert found["receipt"]["differing"] == ["order_value", "hash"]
    assert found["receipt"]["buckets"] == {"of": 16, "different": [4, 7]}
    with running(shop["url"]) as address:
        there = {"PROMOSIGHT_URL": address, "PROMOSIGHT_KEY": shop["key"]}
        code, over_http = reconcile(shop, file, **there)
        assert (code, over_http) == (1, said)
        with client_of(address, shop["key"]) as client:
            kept = client.get("/v1/sources/pos/reconciliations").json()["items"]
    assert [one["made_by"] for one in kept[1:]] == ["cli", "cli"]
    assert kept[0]["differences"]["missing_here"] == 1


def test_what_cannot_be_compared_is_said_in_one_line(shop: dict[str, Any]) -> None:
    file = shop["file"].with_name("broken.csv")
    file.write_text(rows([1, 2], e_2="much"))
    named = ("reconcile", file, "--source", "pos", "--database", shop["url"])
    for words, why in (
        ((), "give --day, or --from and --until"),
        (("--day", DAY, "--from", f"{DAY}T00:00:00Z", "--until", DAY), "give --day"),
        (
            ("--day", DAY),
            "event 2 of the file: must be a decimal number such as 5.00 (/order_value)",
        ),
        (("--day", DAY, "--source", "nobody"), "there is no source nobody"),
        (("--from", "noon", "--until", "night"), "must be an RFC 3339 instant"),
    ):
        if words[:1] == ("--from",):
            file.write_text(rows([1, 2]))
        done = run(*named, *words)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
