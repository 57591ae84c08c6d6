"""The OpenAPI 3.1 document, made from the table of routes and the wire structs."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from promosight import __version__
from promosight.api.door.call import ATTRIBUTES
from promosight.api.door.cookies import COOKIE, HEADER, SIGNED_IN
from promosight.api.door.door import Route
from promosight.api.door.problems import TITLES
from promosight.api.examples import EXAMPLES
from promosight.api.messages import MESSAGE_EXAMPLES, MESSAGES
from promosight.api.receipt_wire import ReceiptAnswer, ReportAnswer
from promosight.api.shops import NewShop, ShopChange
from promosight.api.webhooks import NewWebhook, WebhookChange
from promosight.connectors.cloudevents import BATCH, EVENT, CloudEvent
from promosight.connectors.import_file import FORM_OF
from promosight.connectors.segment import SegmentBatch, SegmentMessage
from promosight.rules.outcomes import ReportedOutcome
from promosight.rules.reported import ReportedAssignment, ReportedEvent

_NDJSON = "application/x-ndjson"
_BULK: dict[Any, tuple[str, ...]] = {ReportedOutcome: (_NDJSON,)}
"""The media types of many elements beside JSON, where they are not both of NDJSON and CSV."""
_ALONE = (SegmentMessage, SegmentBatch, NewWebhook, WebhookChange, NewShop, ShopChange)
"""What is one object, and never an array of them."""
_FILE = {name: {"schema": {"type": "string", "format": "binary"}} for name in FORM_OF}
_PARAMETER = re.compile(r"\{(\w+):str\}")
_SIGNED_HEADERS = ("X-Shopify-Topic", "X-Shopify-Hmac-Sha256", "Stripe-Signature")


def document(routes: tuple[Route, ...]) -> bytes:
    """The document as JSON."""
    kinds = [kind for r in routes for kind in (*_taken(r), r.gives) if _is_struct(kind)]
    kinds += [ReceiptAnswer, CloudEvent, *dict.fromkeys(MESSAGES.values())]
    _, components = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Promosight",
                "version": __version__,
                "description": "Report assignments and redemptions; see what was used.",
            },
            "paths": paths,
            "webhooks": {name: {"post": _message(name)} for name in MESSAGES},
            "components": {
                "schemas": _schemas(components),
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "key": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
                    "basic": {"type": "http", "scheme": "basic", "description": _USER_NAME},
                    "session": _COOKIE,
                },
            },
            "security": [{"bearer": []}, {"key": []}, {"session": []}],
        }
    )


def _schemas(components: dict[str, Any]) -> dict[str, Any]:
    for kind, needed in _NEEDED.items():
        components[kind.__name__] |= needed
    named: dict[str, Any] = _with_numbers(components) | {"Problem": _PROBLEM}
    return named


def needed(route: Route, before: str, after: str = "") -> str:
    """What a caller needs for a route, each scope between these marks."""
    if route.signed:
        return "No key is asked for: the shop signs what it sends"
    if not route.scope:
        return "No key is needed"
    if route.scope == SIGNED_IN:
        return "For signed-in users; no key will do"
    scopes = (f"{before}{scope}{after or before}" for scope in route.scope.split())
    return "Scope: " + " or ".join(scopes)


def event_schema(kind: type) -> bytes:
    """The JSON Schema of one reported element, with its example and required fields."""
    schema = msgspec.json.schema(kind)
    name = kind.__name__
    body = schema["$defs"][name] | {"examples": [EXAMPLES[kind]]} | _NEEDED[kind]
    named = schema | {"$defs": {name: _with_numbers(body)}}
    return msgspec.json.encode({"$schema": _DIALECT, **named})


_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PROMOTION = [{"required": ["promotion_id"]}, {"required": ["promo_code"]}]
_NEEDED: dict[Any, dict[str, Any]] = {
    ReportedEvent: {
        "required": ["event_id"],
        "if": {"required": ["type"], "properties": {"type": {"const": "reversal"}}},
        "then": {"required": ["reverses"]},
        "else": {"required": ["customer_id", "redeemed_at"], "anyOf": _PROMOTION},
    },
    CloudEvent: {"required": ["specversion", "type", "source", "id"]},
    ReportedAssignment: {"required": ["promotion_id", "customer_id", "assigned_at"]},
    ReportedOutcome: {
        "required": ["outcome_id", "customer_id", "occurred_at", "measure", "value", "currency"]
    },
}
"""What an element must have; the structs leave everything open so that the missing field can be named."""


def _with_numbers(schema: Any) -> Any:
    """The schema, with amounts as they are taken: decimal strings, or JSON numbers, which are read exactly."""
    if isinstance(schema, list):
        return [_with_numbers(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return schema | {"type": ["string", "number"]}
    return {name: _with_numbers(value) for name, value in schema.items()}


_USER_NAME = "The key is the user name, and the password is empty."
_COOKIE = {
    "type": "apiKey",
    "in": "cookie",
    "name": COOKIE,
    "description": f"From POST /v1/session. A change asked for by cookie needs the header `{HEADER}: 1` as well.",
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rsplit('.', 1)[-1]}_{route.handler.__name__}",
        "summary": route.summary,
        "description": needed(route, "`") + ".",
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if not route.scope:
        operation["security"] = []
    elif route.scope == SIGNED_IN:
        operation["security"] = [{"session": []}]
    elif route.basic:
        operation["security"] = [{"basic": []}, {"bearer": []}, {"key": []}, {"session": []}]
    if route.admit is not None:
        operation["requestBody"] = {"required": True, "content": _FILE}
    elif route.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.takes)}
    return operation


def _message(name: str) -> dict[str, Any]:
    """A message that webhooks are sent."""
    kind = MESSAGES[name]
    text = {"type": "string"}
    return {
        "operationId": f"told_{name.replace('.', '_')}",
        "summary": f"{(kind.__doc__ or '').splitlines()[0]}",
        "security": [],
        "parameters": [
            {"name": header, "in": "header", "required": True, "schema": text}
            for header in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref(kind), "example": MESSAGE_EXAMPLES[name]}
            },
        },
        "responses": {
            "2XX": {"description": "Taken"},
            "410": {"description": "Nothing more is wanted: the webhook is disabled"},
            "default": {"description": "Sent again later"},
        },
    }


def _parameters(route: Route) -> list[dict[str, Any]]:
    text = {"type": "string"}
    places = [("path", name) for name in _PARAMETER.findall(route.path)]
    places += [("query", name) for name in route.query]
    if route.is_repeatable:
        places.append(("header", "Idempotency-Key"))
    if route.takes is ReportedEvent:
        places += [("header", f"ce-{name}") for name in ATTRIBUTES]
    if route.signed:
        places += [("header", name) for name in _SIGNED_HEADERS]
    return [{"name": n, "in": p, "required": p == "path", "schema": text} for p, n in places]


def _taken(route: Route) -> tuple[Any, ...]:
    return route.takes if isinstance(route.takes, tuple) else (route.takes,)


def _content(takes: Any) -> dict[str, Any]:
    if isinstance(takes, tuple):
        examples = {kind.__name__: {"value": EXAMPLES[kind]} for kind in takes}
        either = {"anyOf": [_ref(kind) for kind in takes]}
        return {"application/json": {"schema": either, "examples": examples}}
    if takes not in EXAMPLES:
        schema = _ref(takes) if _is_struct(takes) else {"type": "object"}
        return {"application/json": {"schema": schema}}
    if takes in _ALONE:
        return {"application/json": {"schema": _ref(takes), "example": EXAMPLES[takes]}}
    one = _ref(takes)
    several = {"type": "array", "items": one, "maxItems": 10_000}
    json = {"schema": {"anyOf": [one, several]}, "example": EXAMPLES[takes]}
    bulk = _BULK.get(takes, (_NDJSON, "text/csv"))
    content = {"application/json": json} | {n: {"schema": {"type": "string"}} for n in bulk}
    return content | _cloudevents() if takes is ReportedEvent else content


def _cloudevents() -> dict[str, Any]:
    one, example = _ref(CloudEvent), EXAMPLES[CloudEvent]
    several = {"type": "array", "items": one, "maxItems": 10_000}
    return {
        EVENT: {"schema": one, "example": example},
        BATCH: {"schema": several, "example": [example]},
    }


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    content: dict[str, Any] = {one: {"schema": {"type": "string"}} for one in route.media}
    if route.gives is ReportAnswer:
        either = [_ref(ReceiptAnswer), _ref(ReportAnswer)]
        content["application/json"] = {"schema": {"anyOf": either}}
    elif _is_struct(route.gives):
        content["application/json"] = {"schema": _ref(route.gives)}
    if content:
        good["content"] = content
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    bad = {
        str(status): {"description": TITLES[status], "content": problem}
        for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 503)
    }
    if route.admit is not None:
        bad["507"] = {"description": TITLES[507], "content": problem}
    if route.private:
        bad["429"] = {"description": TITLES[429], "content": problem}
    made = {"201": good} if route.method == "PUT" else {}
    return {str(route.status): good} | made | bad


def _ref(kind: Any) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
