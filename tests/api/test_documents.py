"""The documents agree with the code: every answer is of the type the OpenAPI document names, every example is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from promosight.api.door.cookies import SIGNED_IN
from promosight.api.examples import EXAMPLES
from promosight.api.receipt_wire import ReceiptAnswer, ReportAnswer
from promosight.api.routes import ROUTES
from promosight.api.shops import NewShop, ShopChange
from promosight.api.webhooks import NewWebhook, WebhookChange
from promosight.connectors.cloudevents import CloudEvent
from promosight.connectors.segment import SegmentBatch, SegmentMessage
from promosight.rules.outcomes import ReportedOutcome
from promosight.rules.reconciling import ToldRow
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from tests.api.anomalous import an_anomaly
from tests.api.offers import promotion
from tests.tidy.tree import ROOT

PAGE = ROOT / "docs" / "compatible-doors.md"
REVERSAL = {"event_id": "r", "type": "reversal", "reverses": "pos-7781"}
WALK: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/v1/customers/c-42", {"segments": ["loyal"]}),
    ("GET", "/v1/customers/c-42", None),
    ("POST", "/v1/assignments", [EXAMPLES[ReportedAssignment]]),
    ("POST", "/v1/assignments", EXAMPLES[ReportedAssignment]),
    ("POST", "/v1/outcomes?outcomes=all", [EXAMPLES[ReportedOutcome], {}]),
    ("POST", "/v1/outcomes", EXAMPLES[ReportedOutcome]),
    ("POST", "/v1/redemptions?outcomes=all", [EXAMPLES[ReportedEvent], REVERSAL, {}]),
    ("POST", "/v1/redemptions", EXAMPLES[ReportedEvent]),
    ("POST", "/v1/redemptions?dry_run=true", EXAMPLES[ReportedEvent]),
    ("POST", "/v1/track", EXAMPLES[SegmentMessage]),
    ("POST", "/v1/track", {"type": "identify", "userId": "c-42"}),
    ("POST", "/v1/batch?outcomes=all", EXAMPLES[SegmentBatch]),
    ("POST", "/v1/assignments?dry_run=true", [EXAMPLES[ReportedAssignment]]),
    ("GET", "/v1/events/pos-7781", None),
    ("GET", "/v1/events/r", None),
    ("GET", "/v1/problems", None),
    ("GET", "/v1/problems/{problem}/reasons", None),
    ("POST", "/v1/problems/replay", {}),
    ("POST", "/v1/mappings", {"field": "promotion_id", "word": "s20", "promotion_id": "SPRING20"}),
    ("GET", "/v1/mappings", None),
    ("DELETE", "/v1/mappings/{mapping}", None),
    ("GET", "/v1/promotions", None),
    ("GET", "/v1/promotions?trend=7&offset=0", None),
    ("GET", "/v1/promotions/SPRING20", None),
    ("PATCH", "/v1/promotions/SPRING20", {"description": "Spring"}),
    ("GET", "/v1/promotions/SPRING20/breakdown?by=tier", None),
    ("GET", "/v1/promotions/SPRING20/funnel", None),
    ("GET", "/v1/promotions/SPRING20/usage", None),
    ("POST", "/v1/reservations", {"promotion_id": "SPRING20", "customer_id": "c-9"}),
    ("GET", "/v1/reservations/{held}", None),
    ("POST", "/v1/reservations/{held}/release", None),
    ("POST", "/v1/reservations", {"promotion_id": "SPRING20", "customer_id": "c-9"}),
    ("POST", "/v1/reservations/{held}/confirm", {}),
    ("GET", "/v1/promotions/SPRING20/return", None),
    ("GET", "/v1/exports", None),
    ("POST", "/v1/views", {"name": "Best", "query": "sort=-rate", "shared": True}),
    ("GET", "/v1/views", None),
    ("PATCH", "/v1/views/{view}", {"name": "The best"}),
    ("DELETE", "/v1/views/{view}", None),
    ("GET", "/v1/promotions/SPRING20/maturity", None),
    ("GET", "/v1/promotions?as_of={now}", None),
    ("GET", "/v1/promotions/SPRING20/moved?since={now}", None),
    ("POST", "/v1/promotions/SPRING20/deactivate", None),
    ("POST", "/v1/promotions/SPRING20/activate", None),
    ("POST", "/v1/promotions/SPRING20/duplicate", {}),
    ("POST", "/v1/promotions/SPRING20-copy/archive", None),
    ("PUT", "/v1/promotions/other", {"name": "Other"}),
    ("DELETE", "/v1/assignments/mine", None),
    ("POST", "/v1/imports?kind=customers", [{"customer_id": "c-44"}]),
    ("GET", "/v1/imports", None),
    ("GET", "/v1/imports/{latest}", None),
    ("GET", "/v1/alerts", None),
    ("GET", "/v1/anomalies", None),
    ("GET", "/v1/anomalies/{anomaly}", None),
    ("POST", "/v1/anomalies/{anomaly}/acknowledge", {"note": "seen"}),
    ("GET", "/v1/compare?promotions=SPRING20", None),
    ("GET", "/v1/promotions/SPRING20/restatements", None),
    ("GET", "/v1/workspace", None),
    ("PATCH", "/v1/workspace", {"name": "Brand"}),
    ("GET", "/v1/workspace/retention", None),
    ("PUT", "/v1/workspace/retention", {"refused_days": 400}),
    ("POST", "/v1/sources", {"name": "till"}),
    ("PATCH", "/v1/sources/till", {"cadence": "daily"}),
    ("GET", "/v1/sources", None),
    ("GET", "/v1/sources/default/activity", None),
    (
        "POST",
        "/v1/sources/till/coverage",
        {"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"},
    ),
    ("POST", "/v1/sources/default/reconciliations", {"day": "2026-11-23", "redemptions": 9}),
    ("GET", "/v1/sources/default/reconciliations?day=2026-11-23", None),
    ("GET", "/v1/sources/default/reconciliations/{receipt}", None),
    ("POST", "/v1/sources/default/reconciliations/{receipt}/events", [EXAMPLES[ToldRow]]),
    ("GET", "/v1/sources/default/reconciliations/{receipt}/differences", None),
    ("POST", "/v1/decisions", {"customer_id": "c-43", "decision_id": "d"}),
    (
        "POST",
        "/v1/decisions/batch",
        {"decisions": [{"customer_id": "c-42", "decision_id": "e"}]},
    ),
    ("GET", "/v1/decisions/d", None),
    ("GET", "/v1/customers/c-43/timeline", None),
    ("GET", "/v1/customers/c-43/report", None),
    ("DELETE", "/v1/customers/c-44", None),
    ("PATCH", "/v1/decisioning", {"control_share": 0.1}),
    ("GET", "/v1/decisioning", None),
    ("GET", "/v1/decisioning/pacing", None),
    ("GET", "/v1/decisioning/evaluation", None),
    ("GET", "/v1/decisioning/value?by=day", None),
    ("POST", "/v1/decisioning/what-if", {"gamma": 20}),
    ("POST", "/v1/decisioning/versions", {"settings": {"gamma": 20}}),
    ("GET", "/v1/decisioning/versions", None),
    ("POST", "/v1/decisioning/versions/2/promote", {"force": True}),
    ("POST", "/v1/decisioning/versions/1/rollback", None),
    ("POST", "/v1/webhooks", EXAMPLES[NewWebhook]),
    ("GET", "/v1/webhooks", None),
    ("GET", "/v1/webhooks/{hook}", None),
    ("POST", "/v1/webhooks/{hook}/rotate", None),
    ("POST", "/v1/webhooks/{hook}/test", None),
    ("GET", "/v1/webhooks/{hook}/deliveries", None),
    ("PATCH", "/v1/webhooks/{hook}", EXAMPLES[WebhookChange]),
    ("DELETE", "/v1/webhooks/{hook}", None),
    ("POST", "/v1/sources", {"name": EXAMPLES[NewShop]["source"]}),
    ("POST", "/v1/shops", EXAMPLES[NewShop]),
    ("GET", "/v1/shops", None),
    ("GET", "/v1/shops/{shop}", None),
    ("PATCH", "/v1/shops/{shop}", EXAMPLES[ShopChange]),
    ("DELETE", "/v1/shops/{shop}", None),
    ("POST", "/v1/keys", {"name": "k", "scopes": ["admin"]}),
    ("GET", "/v1/keys", None),
    ("POST", "/v1/users", {"email": "ann@x", "role": "viewer", "password": "long enough"}),
    ("PATCH", "/v1/users/ann@x", {"role": "marketer"}),
    ("GET", "/v1/users", None),
    ("GET", "/v1/audit", None),
    ("GET", "/v1/alerts", None),
    ("GET", "/v1/compare", None),
    ("GET", "/v1/promotions/SPRING20/restatements", None),
    ("POST", "/v1/session", {"email": "ann@x", "password": "long enough"}),
    ("DELETE", "/v1/users/ann@x", None),
)


MADE = {
    "/v1/reservations": ("held", "reservation_id"),
    "/v1/mappings": ("mapping", "mapping_id"),
    "/v1/webhooks": ("hook", "webhook_id"),
    "/v1/shops": ("shop", "shop_id"),
    "/v1/views": ("view", "view_id"),
}
"""Where something is made, what paths call it below, and where the answer says its id."""


def moment() -> str:
    """Now, in the words of a query."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def route_of(method: str, path: str) -> Any:
    """The route that serves a path."""
    for route in ROUTES:
        pattern = re.sub(r"\{\w+:str\}", "[^/]+", route.path)
        if route.method == method and re.fullmatch(pattern, path.split("?")[0]):
            return route
    raise AssertionError(f"no route {method} {path}")


def test_every_answer_is_of_the_documented_type(client: httpx.Client) -> None:
    """S3, P16: what the OpenAPI document says of an answer is what comes, no field more and none less."""
    limits = [{"measure": "reward", "window": "lifetime", "amount": "500"}]
    anomaly = an_anomaly(client, "DROPPED")
    promotion(client, "SPRING20", limits=limits, tiers=[{"tier_id": "gold"}])
    mine = {**EXAMPLES[ReportedAssignment], "assignment_id": "mine", "customer_id": "c-43"}
    assert client.post("/v1/assignments", json=mine).status_code == 200
    names = ("held", "hook", "shop", "problem", "receipt", "mapping", "view")
    walked, named = set(), dict.fromkeys(names, "") | {"anomaly": anomaly, "now": moment()}
    for method, path, body in WALK:
        for name, value in named.items():
            path = path.replace(f"{{{name}}}", value)
        if "{latest}" in path:
            path = path.format(latest=client.get("/v1/imports").json()["items"][0]["import_id"])
        answer = client.request(method, path, json=body)
        if path.startswith("/v1/events/"):
            named["problem"] = quote(answer.json()["problem_id"], safe="")
        if path.endswith("/reconciliations"):
            named["receipt"] = answer.json()["reconciliation_id"]
        if method == "POST" and path in MADE:
            name, field = MADE[path]
            named[name] = answer.json()[field]
        route = route_of(method, path)
        assert answer.is_success, (method, path, answer.text)
        single = route.gives is ReportAnswer and isinstance(body, dict) and "batch" not in body
        if route.status != 204:
            msgspec.json.decode(answer.content, type=ReceiptAnswer if single else route.gives)
        statuses = {route.status, 201} if method == "PUT" else {route.status}
        assert answer.status_code in statuses, (method, path)
        walked.add(route)
    unwalked = {r.handler.__name__ for r in ROUTES if r not in walked and r.scope != SIGNED_IN}
    streams = {"export_customers", "export", "listen", "problems", "log"}
    signed = {"take"}  # what a shop sends: test_shops looks at its answers
    assert unwalked == streams | signed | {"add_codes", "revoke_key", "sign_out", "resend"}


def test_the_openapi_document_is_whole(client: httpx.Client) -> None:
    """S3: every reference leads somewhere, every operation has an id of its own and says what it answers."""
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    named = {value.rsplit("/", 1)[-1] for value in _references(document)}
    assert named <= schemas.keys()
    operations = [o for methods in document["paths"].values() for o in methods.values()]
    assert len({o["operationId"] for o in operations}) == len(operations) == len(ROUTES)
    for operation in operations:
        good = [said for status, said in operation["responses"].items() if status < "300"]
        assert all("content" in said for said in good) or "204" in operation["responses"]


def test_the_pages_load_nothing_from_elsewhere(client: httpx.Client) -> None:
    """S3: the docs are there without a key and without the internet."""
    page = httpx.get(client.base_url.join("/docs"))
    assert page.status_code == 200
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page.text)
    for route in ROUTES:
        assert route.path.replace(":str}", "}") in page.text
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert httpx.get(client.base_url.join(path)).status_code == 200


def test_every_example_is_valid_by_its_schema_and_a_broken_one_is_not(
    client: httpx.Client,
) -> None:
    """S3: the schema that is served accepts what the door takes, and names what must be there."""
    for name, kind in (("redemption", ReportedEvent), ("assignment", ReportedAssignment)):
        schema = client.get(f"/schemas/{name}.json").json()
        body = schema["$defs"][kind.__name__]
        for example in body["examples"]:
            assert not list(faults(example, body))
            assert not list(faults({**example, "reward_value": 5}, body))
            assert list(faults({**example, "customer_id": 5}, body))
            needed = {k: v for k, v in example.items() if k != "customer_id"}
            assert list(faults(needed, body))
    event = client.get("/schemas/redemption.json").json()["$defs"]["ReportedEvent"]
    assert not list(faults(REVERSAL, event))
    assert list(faults({"event_id": "r", "type": "reversal"}, event))


def test_examples_of_other_forms_are_valid_and_taken(client: httpx.Client) -> None:
    """S3, P22: CloudEvents and Segment's messages, as the documents show them."""
    promotion(client, "SPRING20", code="SPRING20")
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    served = client.get("/schemas/cloudevent.json").json()["$defs"]
    assert served["CloudEvent"]["examples"] == [EXAMPLES[CloudEvent]]
    for path, media, many in (
        ("/v1/redemptions", "application/cloudevents+json", False),
        ("/v1/redemptions", "application/cloudevents-batch+json", True),
        ("/v1/track", "application/json", False),
        ("/v1/batch", "application/json", False),
    ):
        content = document["paths"][path]["post"]["requestBody"]["content"][media]
        named = content["schema"]["items"] if many else content["schema"]
        schema = schemas[named["$ref"].rsplit("/", 1)[-1]]
        for example in content["example"] if many else [content["example"]]:
            assert not list(faults(example, schema)), (path, media)
        answer = client.post(
            path, content=msgspec.json.encode(content["example"]), headers={"Content-Type": media}
        )
        assert answer.status_code == 200, answer.text
    assert list(faults({**EXAMPLES[CloudEvent], "id": 5}, schemas["CloudEvent"]))
    assert list(faults({"specversion": "1.0"}, schemas["CloudEvent"]))


def test_the_examples_of_compatible_doors_are_taken(client: httpx.Client) -> None:
    """S3, P22: each message that the page shows is counted where it says."""
    promotion(client, "SPRING20", code="SPRING20")
    given = {"customer_id": "c-42", "assigned_at": "2026-11-20T08:00:00Z", "max_redemptions": 2}
    client.post("/v1/assignments", json={"promotion_id": "SPRING20", **given})
    shown = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    paths = []
    for text in shown:
        path, media = "/v1/redemptions", "application/cloudevents+json"
        if text.startswith("["):
            media = "application/cloudevents-batch+json"
        elif "specversion" not in text:
            path = "/v1/batch" if '"batch"' in text else "/v1/track"
            media = "application/json"
        answer = client.post(path, content=text, headers={"Content-Type": media})
        assert answer.status_code == 200, (text, answer.text)
        assert '"counted"' in answer.text
        paths.append((path, media))
    assert len(set(paths)) == 4
    figures = client.get("/v1/promotions/SPRING20").json()["figures"]
    assert (figures["redemptions"], figures["reversed"]) == (1, 1)


_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a value by a JSON Schema, as far as the words our schemas use."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, _TYPES[one]) for one in types):
        yield f"{value!r} is no {types}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{value!r} is not {schema['const']!r}"
    choices = schema.get("anyOf")
    if choices and all(list(faults(value, one)) for one in choices):
        yield f"{value!r} is none of the choices"
    if isinstance(value, dict):
        yield from (
            f"{name} is missing" for name in schema.get("required", []) if name not in value
        )
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from faults(value[name], inner)
    if "if" in schema:
        branch = "else" if list(faults(value, schema["if"])) else "then"
        yield from faults(value, schema.get(branch, {}))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
