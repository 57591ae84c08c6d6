"""Files over HTTP: taken whole, run beside real-time traffic, resumed after a kill, safe to send again."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from tests.api.server import (
    figures,
    listed,
    new_workspace,
    promotion,
    serving,
)
from tests.api.test_load import senders
from tests.cli.program import ask
from tests.cli.test_import import _to_parquet as to_parquet

AT = "2026-11-03T12:00:00Z"
NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"


def lines(records: list[dict[str, Any]]) -> bytes:
    """Records as NDJSON."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def assignments(count: int, *, promotion_id: str = "p", begin: int = 0) -> list[dict[str, Any]]:
    """Assignments of one promotion to customers of their own."""
    return [
        {
            "promotion_id": promotion_id,
            "customer_id": f"c{n}",
            "assigned_at": "2026-11-01T00:00:00Z",
        }
        for n in range(begin, begin + count)
    ]


def redemptions(count: int, *, promotion_id: str = "p") -> list[dict[str, Any]]:
    """A redemption of each of the first customers."""
    return [
        {
            "event_id": f"{promotion_id}-{n}",
            "promotion_id": promotion_id,
            "customer_id": f"c{n}",
            "redeemed_at": AT,
        }
        for n in range(count)
    ]


def send(
    client: httpx.Client, kind: str, body: Any, media_type: str = NDJSON, **headers: str
) -> Any:
    """Sends a file, which must be accepted; the answer."""
    answer = client.post(
        f"/v1/imports?kind={kind}", content=body, headers={"Content-Type": media_type, **headers}
    )
    assert answer.status_code == 202, answer.text
    said = answer.json()
    assert answer.headers["location"] == f"/v1/imports/{said['import_id']}"
    assert said["kind"] == kind
    return said


def until(ready: Callable[[], Any]) -> Any:
    """What is there when it is there."""
    deadline = time.monotonic() + 90
    while not (found := ready()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.02)
    return found


def ended(client: httpx.Client, import_id: str) -> Any:
    """The import when it has ended."""

    def ready() -> Any:
        answer = client.get(f"/v1/imports/{import_id}")
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.json()["finished_at"] else None

    return until(ready)


def take(
    client: httpx.Client, kind: str, body: Any, media_type: str = NDJSON, **headers: str
) -> Any:
    """Sends a file and waits until it has ended."""
    return ended(client, send(client, kind, body, media_type, **headers)["import_id"])


def problems(client: httpx.Client, import_id: str) -> list[dict[str, str]]:
    """The rows that need a look."""
    answer = client.get(f"/v1/imports/{import_id}/problems")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def spooled(url: str) -> list[str]:
    """What lies in the spool folder of an embedded store."""
    return sorted(os.listdir(Path(url.removeprefix("sqlite:///")).parent / "imports"))


def test_every_kind_of_file_is_taken_over_http(client: httpx.Client, store_url: str) -> None:
    """S6, P1: promotions, customers, assignments and redemptions, each with what became of its rows."""
    reward = {"type": "amount", "currency": "EUR", "value": "5.00"}
    offer = {"promotion_id": "p", "name": "P", "status": "active", "reward": reward}
    done = take(client, "promotions", lines([offer]))
    assert (done["state"], done["outcomes"], done["source"]) == ("done", {"created": 1}, "default")
    body = b"customer_id,segments\nc0,vip\nc9,new\n"
    assert take(client, "customers", body, "text/csv")["outcomes"] == {"created": 2}
    done = take(client, "assignments", lines(assignments(30)))
    assert (done["rows_read"], done["outcomes"]) == (30, {"counted": 30})
    assert done["bytes_read"] == done["bytes_total"] > 0
    assert (done["resumed"], done["eta_seconds"], done["problems"]) == (0, None, 0)
    assert take(client, "redemptions", lines(redemptions(12)))["outcomes"] == {"counted": 12}
    found = figures(client, "p")
    assert (found["assigned"], found["redeemed"], found["display"]) == (30, 12, "40%")
    listed = client.get("/v1/imports").json()
    kinds = [one["kind"] for one in listed["items"]]
    assert kinds == ["redemptions", "assignments", "customers", "promotions"]
    assert ask("verify", "--database", store_url)["ok"]


@pytest.mark.parametrize("form", ["json", "csv", "gzip", "zstd", "parquet", "chunked"])
def test_every_form_of_file_is_taken_over_http(
    client: httpx.Client, tmp_path: Path, form: str
) -> None:
    """P1: a JSON array, NDJSON, CSV, Parquet, compressed or in chunks of unknown number."""
    promotion(client, "p")
    records = assignments(50)
    plain = lines(records)
    if form == "json":
        done = take(client, "assignments", json.dumps(records), "application/json")
    elif form == "csv":
        rows = [",".join(records[0]), *(",".join(one.values()) for one in records)]
        done = take(client, "assignments", "\r\n".join(rows), "text/csv; charset=utf-8")
    elif form == "gzip":
        done = take(client, "assignments", gzip.compress(plain), **{"Content-Encoding": "gzip"})
    elif form == "zstd":
        packed = zstandard.ZstdCompressor().compress(plain)
        done = take(client, "assignments", packed, **{"Content-Encoding": "zstd"})
    elif form == "parquet":
        (tmp_path / "assignments.ndjson").write_bytes(plain)
        to_parquet(tmp_path / "assignments.ndjson", tmp_path / "assignments.parquet")
        packed = (tmp_path / "assignments.parquet").read_bytes()
        done = take(client, "assignments", packed, PARQUET)
    else:
        done = take(client, "assignments", iter([plain[:700], plain[700:]]))
    assert done["outcomes"] == {"counted": 50}, done
    assert figures(client, "p")["assigned"] == 50


def test_a_file_sent_again_changes_nothing(client: httpx.Client, store_url: str) -> None:
    """S6, P3: rows that are there are duplicates; under one Idempotency-Key it is one import."""
    promotion(client, "p")
    body = lines(assignments(40))
    key = {"Idempotency-Key": "monday"}
    first = send(client, "assignments", body, **key)
    ended(client, first["import_id"])
    before = listed(client)
    again = client.post(
        "/v1/imports?kind=assignments", content=body, headers={"Content-Type": NDJSON, **key}
    )
    assert (again.status_code, again.json()["import_id"]) == (202, first["import_id"])
    assert again.headers["location"] == f"/v1/imports/{first['import_id']}"
    other = client.post(
        "/v1/imports?kind=assignments",
        content=body + b"\n",
        headers={"Content-Type": NDJSON, **key},
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert take(client, "assignments", body)["outcomes"] == {"duplicate": 40}
    assert listed(client) == before
    if store_url.startswith("sqlite"):
        assert until(lambda: not spooled(store_url))


def test_a_broken_file_fails_with_its_reason_and_what_was_taken_counts(
    client: httpx.Client,
) -> None:
    """P2: never all or nothing, and never in silence."""
    promotion(client, "p")
    packed = gzip.compress(lines(assignments(20_000)))
    failed = take(client, "assignments", packed[: len(packed) // 2])
    assert failed["state"] == "failed"
    assert failed["detail"].startswith("the file is damaged")
    assert 0 < failed["outcomes"]["counted"] < 20_000
    assert figures(client, "p")["assigned"] == failed["outcomes"]["counted"]
    for media_type, body, why in (
        ("text/csv", b"a,b\n1,2\n", "names no known column"),
        (PARQUET, b"no parquet", "is not Parquet"),
        ("application/json", b'[{"promotion_id": "p"', "element 1 of the array"),
        ("application/json", b'{"promotion_id": "p"', "the object: "),
        ("application/json", b"[][]", "more comes behind"),
        ("text/csv", "customer_id\nM\xfcller\n".encode("latin-1"), "is not UTF-8"),
    ):
        failed = take(client, "assignments", body, media_type)
        assert (failed["state"], why in failed["detail"]) == ("failed", True), failed["detail"]
        assert "/imports/" not in failed["detail"]


def test_rows_that_need_a_look_are_listed_with_line_and_reason(client: httpx.Client) -> None:
    """P2, S9: a verdict for every row; what waits, is flagged or was refused is named, harmless to spreadsheets."""
    promotion(client, "p")
    client.post("/v1/assignments", json={**assignments(1)[0], "control": True})
    body = (
        "event_id,promotion_id,customer_id,redeemed_at\n"
        f"=e1,p,nobody,{AT}\n"
        f"e2,p,,{AT}\n"
        f"e3,p,c0,{AT}\n"
        "e3,p,c0,2026-11-04T12:00:00Z\n"
        f"e4,none,c0,{AT}\n"
    )
    done = take(client, "redemptions", body, "text/csv")
    assert done["outcomes"] == {"pending": 2, "rejected": 2, "flagged": 1}
    assert (done["problems"], done["reasons"]["rejected"]) == (
        5,
        {"event_conflict": 1, "invalid": 1},
    )
    found = problems(client, done["import_id"])
    said = [(one["line"], one["event_id"], one["outcome"], one["reason"]) for one in found]
    assert said[:2] == [
        ("3", "e2", "rejected", "invalid"),
        ("5", "e3", "rejected", "event_conflict"),
    ]
    assert said[2:] == [
        ("2", "'=e1", "pending", "unknown_customer"),
        ("4", "e3", "flagged", "control_contamination"),
        ("6", "e4", "pending", "unknown_promotion"),
    ]
    inbox = client.get("/v1/problems").json()["items"]
    listed = sorted((one["line"], one["event_id"]) for one in inbox)
    assert listed == [(2, "=e1"), (3, "e2"), (4, "e3"), (5, "e3"), (6, "e4")]
    assert found[0]["pointer"] == "/customer_id"
    assert all(one["detail"] for one in found)
    waiting = take(client, "assignments", lines(assignments(3, promotion_id="later")))
    told = {(one["reason"], one["line"]) for one in problems(client, waiting["import_id"])}
    assert told == {("unknown_promotion", line) for line in "123"}
    promotion(client, "later")
    assert problems(client, waiting["import_id"]) == []


def test_a_row_refused_again_is_listed_with_the_latest_file(client: httpx.Client) -> None:
    """P2: whoever sends a file again sees its refused rows again."""
    bad = b'{"event_id": "e"}\n'
    first, again = (take(client, "redemptions", bad)["import_id"] for _ in range(2))
    assert problems(client, first) == []
    assert [one["line"] for one in problems(client, again)] == ["1"]
    (kept,) = client.get("/v1/problems").json()["items"]
    assert kept["times"] == 2


def test_what_cannot_be_taken_is_refused_before_it_comes(client: httpx.Client) -> None:
    """P1, P16: kind, media type and encoding are judged by the head; nothing is left behind."""
    known: tuple[tuple[str, dict[str, str], int, str], ...] = (
        ("kind=coupons", {}, 422, "invalid"),
        ("", {}, 422, "invalid"),
        ("kind=customers", {"Content-Type": "application/xml"}, 415, "unsupported_media_type"),
        ("kind=customers", {"Content-Encoding": "br"}, 415, "unsupported_media_type"),
        (
            "kind=customers",
            {"Content-Type": PARQUET, "Content-Encoding": "gzip"},
            415,
            "unsupported_media_type",
        ),
        ("kind=customers", {"Content-Length": str(1 << 60)}, 507, "no_room"),
        ("kind=customers", {"Content-Length": "0"}, 400, "unreadable"),
    )
    port, key = client.base_url.port, client.headers["authorization"].removeprefix("Bearer ")
    assert port is not None
    with senders(port, key) as another:
        for query, headers, status, code in known:
            sent = {"Content-Type": NDJSON, "Content-Length": "50000000", **headers}
            one = another()  # its body never comes
            one.head(*(f"{n}: {v}" for n, v in sent.items()), path=f"/v1/imports?{query}")
            answered, _, problem = one.answer()
            assert (answered, problem["code"]) == (status, code), (query, headers)
    assert client.get("/v1/imports").json() == {"items": [], "next": None}


def test_a_file_that_breaks_off_or_stops_is_no_import(sqlite_url: str) -> None:
    """P1: what was never whole was never accepted, and leaves nothing on the disk."""
    key = new_workspace(sqlite_url)
    with serving(sqlite_url, key) as client:
        port = client.base_url.port
        assert port is not None
        with senders(port, key) as another:
            one = another()
            one.begin(1_000_000, f"Content-Type: {NDJSON}", path="/v1/imports?kind=customers")
            one.socket.sendall(b"{}\n" * 1_000)
            assert len(until(lambda: spooled(sqlite_url))) == 1
            one.close()
            assert until(lambda: not spooled(sqlite_url))
        assert client.get("/v1/imports").json()["items"] == []


def test_each_kind_asks_for_its_own_scope(client: httpx.Client) -> None:
    """P14: a key that may send redemptions sends no promotions, and sees no others' files."""
    keys = {}
    for scope in ("redemptions:write", "assignments:write", "promotions:write", "reports:read"):
        made = client.post("/v1/keys", json={"name": scope, "scopes": [scope]}).json()
        keys[scope] = {"Authorization": f"Bearer {made['key']}", "Content-Type": NDJSON}
    needed = {
        "promotions": "promotions:write",
        "customers": "assignments:write",
        "assignments": "assignments:write",
        "redemptions": "redemptions:write",
    }
    for kind, wanted in needed.items():
        at = ""
        for scope, headers in keys.items():
            answer = client.post(f"/v1/imports?kind={kind}", content=b"{}\n", headers=headers)
            assert answer.status_code == (202 if scope == wanted else 403), (kind, scope)
            if scope == wanted:
                at = answer.headers["location"]
        for scope, headers in keys.items():
            for path in (at, f"{at}/problems"):
                status = 200 if scope in (wanted, "reports:read") else 403
                assert client.get(path, headers=headers).status_code == status, (kind, scope)


def test_an_import_of_nobody_or_of_another_workspace_is_not_found(sqlite_url: str) -> None:
    """P16: what is not yours is not there."""
    key = new_workspace(sqlite_url)
    other = str(ask("init", "--database", sqlite_url, "--workspace", "Other")["key"])
    with serving(sqlite_url, key) as client:
        import_id = take(client, "customers", lines([{"customer_id": "c"}]))["import_id"]
        for named, headers in (
            ("imp-none", {}),
            (import_id, {"Authorization": f"Bearer {other}"}),
        ):
            for path in (f"/v1/imports/{named}", f"/v1/imports/{named}/problems"):
                answer = client.get(path, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        theirs = client.get("/v1/imports", headers={"Authorization": f"Bearer {other}"})
        assert theirs.json()["items"] == []


def test_imports_are_listed_page_by_page_those_of_the_command_line_too(
    store_url: str, tmp_path: Path
) -> None:
    """S14: the same view whichever door a file came by."""
    key = new_workspace(store_url)
    file = tmp_path / "customers.ndjson"
    file.write_bytes(lines([{"customer_id": "c"}, {}]))
    ask("import", "customers", file, "--database", store_url)
    with serving(store_url, key) as client:
        sent = [take(client, "customers", lines([{"customer_id": f"c{n}"}])) for n in range(4)]
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/imports", params=query).json()
            seen += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert [one["import_id"] for one in seen[:4]] == [one["import_id"] for one in sent[::-1]]
        assert seen[4]["outcomes"] == {"created": 1, "rejected": 1}
        assert [one["line"] for one in problems(client, seen[4]["import_id"])] == ["2"]
        for cursor in ("zzz", "WzEsIlx1MDAwMCJd", "WzFlMzAwLCJ4Il0="):
            assert client.get("/v1/imports", params={"cursor": cursor}).status_code == 422


def test_two_processes_run_a_file_once(postgresql_url: str, tmp_path: Path) -> None:
    """S5: processes share a folder; each file is run by one of them."""
    key = new_workspace(postgresql_url)
    options = ("--workers", "2", "--spool", str(tmp_path))
    with serving(postgresql_url, key, *options) as client:
        promotion(client, "p")
        sent = [
            send(client, "assignments", lines(assignments(3_000, begin=n * 3_000)))["import_id"]
            for n in range(6)
        ]
        for import_id in sent:
            done = ended(client, import_id)
            assert (done["outcomes"], done["resumed"]) == ({"counted": 3_000}, 0)
        assert figures(client, "p")["assigned"] == 18_000
    assert ask("verify", "--database", postgresql_url)["ok"]
