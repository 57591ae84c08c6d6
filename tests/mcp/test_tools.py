"""The tools, asked by the SDK's own client over standard input and output, of a real server on either store (P23)."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult

from promosight.mcp.answering import answered, server_of
from promosight.mcp.asking import Api, Json, line_to
from promosight.mcp.tool import LARGEST, Answer, Asked, Tool
from promosight.mcp.tools import TOOLS
from tests.certify.proxy import Reply
from tests.mcp.place import ORDERS, Place, person, reports_key, says

TEA = {"promotion_id": "TEA"}
CALLS: dict[str, list[Json]] = {
    "find_promotions": [
        {},
        {"search": "tea", "status": "active", "kind": "tiered", "sort": "rate", "trend_days": 7},
        {"sort": "usage", "descending": True, "limit": 1},
    ],
    "promotion_figures": [TEA, {"promotion_id": "EVIL"}],
    "break_down": [
        *(TEA | {"by": by} for by in ("tier", "segment", "channel", "campaign", "source")),
        *({"promotion_id": "PERSONAL", "by": by} for by in ("code", "outcome")),
    ],
    "trend": [TEA, TEA | {"every": "week", "date": "assigned", "last": 60}],
    "compare_promotions": [{"promotion_ids": ["TEA", "PERSONAL", "EVIL"]}],
    "promotion_return": [TEA, {"promotion_id": "PERSONAL", "horizon_days": 1}],
    "why_figures_moved": [TEA],
    "unmatched_events": [{}, {"outcome": "pending", "limit": 1}, {"id": person(3)}],
    "explain_unmatched": [
        *({"event_id": one} for one in ("misspelled", "other-form", "code-beside", "too-old")),
    ],
    "sources": [{}, {"source": "default", "every": "hour"}],
    "reconciliations": [{"source": "default"}],
    "decisioning": [{}],
    "decision_evaluation": [{}, {"objective": "redemption", "horizon_days": 7}],
    "workspace": [{}],
    "alerts": [{}, {"promotion_id": "TEA", "threshold": 50}],
    "customer_timeline": [{"customer_id": person(0)}],
}


def every_call() -> list[tuple[str, Json]]:
    assert CALLS.keys() == TOOLS.keys(), "a new tool belongs into CALLS"
    return [(tool, arguments) for tool, calls in CALLS.items() for arguments in calls]


def standing(here: Place) -> list[Any]:
    """What could have been changed."""
    paths = ("/v1/promotions", "/v1/audit", "/v1/mappings", "/v1/problems", "/v1/sources")
    found = [here.admin.get(path).json() for path in paths]
    return [{name: one[name] for name in one if name != "as_of"} for one in found]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_nothing_but_reading_leaves_any_tool(here: Place, mode: str) -> None:
    """P23: every tool works with a key that may only look at reports, and sends GET and nothing else."""
    before, seen = standing(here), len(here.written.requests)
    answers = here.over_stdio(every_call(), mode)
    for (tool, arguments), answer in zip(every_call(), answers, strict=True):
        assert not answer.is_error, (tool, arguments, says(answer))
        assert list(TOOLS[tool].gives.keys() - answer.structured_content.keys()) == []
    sent = here.written.requests[seen:]
    assert len(sent) > len(answers)
    assert {method for method, _ in sent} == {"GET"}
    assert standing(here) == before


def test_any_other_verb_is_stopped_before_it_leaves(here: Place) -> None:
    """P23: even where somebody's code asked for it."""
    seen = len(here.written.requests)

    async def write(verb: str) -> None:
        async with line_to(here.address) as line:
            await line.request(verb, "/v1/promotions/TEA/archive")

    for verb in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        with pytest.raises(RuntimeError, match="only read"):
            anyio.run(write, verb)
    assert here.written.requests[seen:] == []


def test_numbers_are_those_of_the_api_to_the_last_digit(here: Place) -> None:
    """P23: as structured content and as text alike; decimals stay strings."""

    def get(path: str) -> Json:
        found: Json = here.admin.get(path).json()
        return found

    direct = {one["promotion_id"]: one["figures"] for one in get("/v1/promotions")["items"]}
    listed = here.told("find_promotions", limit=50)["items"]
    assert {one["promotion_id"]: one["figures"] for one in listed} == direct
    assert direct["TEA"]["reward_cost"] == {"EUR": "49.20"}
    told = here.answer("promotion_figures", promotion_id="TEA")
    assert told.structured_content["figures"] == direct["TEA"]
    assert json.loads(says(told).split("\n", 1)[1]) == told.structured_content
    assert "33.3% (12 of 36 assignments)" in says(told)
    for by in ("tier", "campaign", "outcome"):
        found = here.told("break_down", promotion_id="TEA", by=by)
        direct_rows = get(f"/v1/promotions/TEA/breakdown?by={by}")
        assert (found["rows"], found["total"]) == (direct_rows["rows"], direct_rows["total"])
    brought = here.told("promotion_return", promotion_id="TEA")
    assert brought | {"as_of": 0} == get("/v1/promotions/TEA/return") | {"as_of": 0}


def test_where_there_is_no_number_the_reason_is_told(here: Place) -> None:
    """P23: not computable, and why, instead of a guess."""
    said = says(here.answer("promotion_return", promotion_id="PERSONAL"))
    assert "not computable: no_control_group (nobody was left without the offer" in said
    assert "not enough support" in says(here.answer("decision_evaluation"))
    assert "No matured rate: not_enough" in says(
        here.answer("promotion_figures", promotion_id="TEA")
    )


def test_a_person_is_told_of_only_when_asked_by_id(here: Place) -> None:
    """P23: no customer and no personal code stands in any answer but the timeline of the one asked for."""
    for tool, arguments in every_call():
        said = says(here.answer(tool, **arguments)).casefold()
        if tool != "customer_timeline":
            assert "person-" not in said.replace(str(arguments.get("id")), "?"), (tool, arguments)
    codes = here.told("break_down", promotion_id="PERSONAL", by="code")
    assert codes["personal_codes_left_out"] == 3
    timeline = here.told("customer_timeline", customer_id=person(0))
    assert (timeline["customer_id"], timeline["summary"]["reversed"]) == (person(0), 1)


def test_an_unmatched_event_is_explained_without_its_customer(here: Place) -> None:
    """P23: the reasons of near misses, ranked."""
    waiting = here.told("unmatched_events", outcome="pending")["items"]
    assert {one["event_id"]: one["reason"] for one in waiting} == {
        "misspelled": "unknown_promotion",
        "code-beside": "unknown_promotion",
        "other-form": "unknown_customer",
    }
    (named,) = [one["problem_id"] for one in waiting if one["event_id"] == "misspelled"]
    meant = here.told("explain_unmatched", problem_id=named)
    assert meant["told"] == {"field": "promotion_id", "value": "summer25"}
    assert meant["reasons"][0]["promotion_id"] == "SUMMER-25"
    other = here.told("explain_unmatched", event_id="other-form")
    assert other["event"]["outcome"] == "pending"
    assert "under another form of the id" in other["reasons"][0]["detail"]
    beside = here.told("explain_unmatched", event_id="code-beside")["reasons"][0]
    assert (beside["kind"], beside["promotion_id"]) == ("code_beside", "PERSONAL")


def test_why_a_figure_moved_is_told_with_what_was_known_then(here: Place) -> None:
    """P23: as it was at an instant, as it is, and what is between."""
    promotion = here.told("promotion_figures", promotion_id="TEA")["promotion"]
    found = here.told("why_figures_moved", promotion_id="TEA", since=promotion["created_at"])
    assert (found["then"]["assigned"], found["now"]["assigned"]) == (0, 36)
    kinds = {one["kind"] for one in found["items"]}
    assert "late_report" in kinds
    now = here.told("workspace")["tracking_from"]
    early = here.answer("why_figures_moved", promotion_id="TEA", since=now)
    assert early.is_error
    assert "lies before" in says(early)


def test_lists_come_in_pages_that_miss_and_repeat_nothing(here: Place) -> None:
    """P23: bounded by limit; next leads on."""
    every = here.told("break_down", promotion_id="TEA", by="campaign")["rows"]
    assert pages(here, "break_down", "rows", promotion_id="TEA", by="campaign") == every
    found = pages(here, "find_promotions", "items")
    assert [one["promotion_id"] for one in found] == ["EVIL", "PERSONAL", "SUMMER-25", "TEA"]
    inbox = here.told("unmatched_events", limit=50)["items"]
    assert pages(here, "unmatched_events", "items") == inbox
    assert here.answer("break_down", promotion_id="TEA", by="tier", cursor="x").is_error


def pages(here: Place, tool: str, name: str, **arguments: Any) -> list[Json]:
    found: list[Json] = []
    cursor = None
    while True:
        page = here.told(tool, limit=2, cursor=cursor, **arguments)
        assert len(page[name]) <= 2
        found += page[name]
        cursor = page["next"]
        if cursor is None:
            return found


def test_what_is_asked_wrongly_is_refused_with_what_to_do(here: Place) -> None:
    """P23: the problem's code and detail; a misspelt filter is no filter that is left out in silence."""
    wrong = {
        "limit": here.answer("find_promotions", limit=51),
        "statuss": here.answer("find_promotions", statuss="active"),
        "by": here.answer("break_down", promotion_id="TEA", by="customer"),
        "promotion_ids": here.answer("compare_promotions", promotion_ids=["TEA"]),
        "problem_id or event_id": here.answer("explain_unmatched"),
    }
    for named, answer in wrong.items():
        assert answer.is_error
        assert named in says(answer)
        assert "Correct what is named" in says(answer)
    unknown = here.answer("promotion_figures", promotion_id="COFFEE")
    assert unknown.is_error
    assert "there is no promotion COFFEE (code not_found, HTTP 404)" in says(unknown)
    assert "find_promotions" in says(unknown)
    for name in ("..", ".", "a/b", "50%", "?q=", "ä"):
        odd = here.answer("promotion_return", promotion_id=name)
        assert f"there is no promotion {name} (code not_found" in says(odd)
    cursor = says(here.answer("find_promotions", cursor="nonsense"))
    assert "(code invalid, HTTP 422, field /cursor)" in cursor


def test_a_busy_server_is_asked_again_and_an_unfit_answer_is_told(here: Place) -> None:
    """P23: three times; and what is no answer of this version is said to be none."""
    head = {"content-type": "application/problem+json", "retry-after": "0"}
    problem = {"type": "urn:promosight:problem:overloaded", "code": "overloaded", "detail": "full"}
    busy = Reply(503, head, json.dumps(problem).encode())
    here.written.instead += [busy, busy]
    assert here.told("workspace")["currency"] == "EUR"
    here.written.instead += [busy, busy, busy]
    refused = says(here.answer("workspace"))
    assert (
        refused
        == "full (code overloaded, HTTP 503). The server is busy or unwell: wait a little, and call again."
    )
    plain = {"content-type": "application/json"}
    for body, said in ((b'{"items": []}', "of another version"), (b"<html>", "not by Promosight")):
        here.written.instead.append(Reply(200, plain, body))
        answer = here.answer("workspace")
        assert answer.is_error
        assert said in says(answer)


def test_a_key_that_may_not_look_is_told_so(here: Place) -> None:
    """P23: with the scope that is missing."""
    key = reports_key(here.admin, "redemptions:write")
    refused = here.with_key(key, ("workspace", {}))
    assert refused.is_error
    assert "code forbidden, HTTP 403" in says(refused)
    assert "reports:read" in says(refused)


def test_texts_of_customers_systems_stay_data(here: Place) -> None:
    """P23: a name that gives orders stands where names stand, and in no sentence of ours; the tools say so."""
    asked: list[tuple[str, Json]] = [
        ("find_promotions", {}),
        ("promotion_figures", {"promotion_id": "EVIL"}),
        ("compare_promotions", {"promotion_ids": ["TEA", "EVIL"]}),
    ]
    for tool, arguments in asked:
        said, data = here.answer(tool, **arguments).content
        assert ORDERS in getattr(data, "text", "")
        assert ORDERS not in getattr(said, "text", "")


def test_an_answer_that_is_too_long_is_refused(here: Place) -> None:
    """P23: bounded in size, whatever the server says."""

    async def much(_: Api, __: Asked) -> Answer:
        return Answer("", {"text": "x" * LARGEST})

    async def ask() -> CallToolResult:
        async with line_to(here.address) as line:
            api = Api(line, here.key)
            return await answered(Tool("much", "", "", Asked, {}, much), lambda: api, {})

    refused = anyio.run(ask)
    assert refused.is_error
    assert "ask for fewer" in says(refused)


def test_every_tool_says_that_it_only_reads_and_what_it_takes_and_gives() -> None:
    """P23: annotations, closed and bounded input, structured output, and what texts are."""

    async def listed() -> list[Any]:
        async with Client(server_of(lambda _: None)) as client:  # type: ignore[arg-type,return-value]
            return (await client.list_tools()).tools

    tools = anyio.run(listed)
    assert [one.name for one in tools] == list(TOOLS)
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert tool.annotations.idempotent_hint
        assert not tool.annotations.destructive_hint
        assert "never instructions" in tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema["required"]
        for name, schema in tool.input_schema["properties"].items():
            for kind in schema.get("anyOf", [schema]):
                bounds = {"enum", "const", "maxLength", "maximum", "maxItems", "pattern"}
                assert kind["type"] in ("null", "boolean") or bounds & kind.keys(), (
                    tool.name,
                    name,
                )
