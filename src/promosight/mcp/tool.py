"""What a tool is: its name, what it takes, what it gives, and the bounds that hold for all of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from promosight.mcp.asking import Api, Json, Refused

LARGEST = 80_000
"""Characters of the longest answer, as JSON: more would fill an assistant's memory and tell it less."""
_LONGEST_TEXT = 500

Id = Annotated[str, Field(min_length=1, max_length=255)]
"""An id, exactly as it is listed."""
PromotionId = Annotated[
    str, Field(min_length=1, max_length=255, description="As find_promotions lists it, exactly.")
]
Instant = Annotated[
    str,
    Field(max_length=40, description="RFC 3339 with an offset, such as 2026-11-01T06:00:00Z."),
]
Cursor = Annotated[
    str | None,
    Field(max_length=2_000, description="`next` of the page before; nothing for the first page."),
]


class Asked(BaseModel):
    """Arguments of a tool; one it does not know is refused, as a misspelt filter would change the answer in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(NamedTuple):
    """A sentence for people, and what was told, of which every number is the API's own."""

    said: str
    told: Json


@dataclass(frozen=True)
class Tool:
    """One tool. `gives` names the fields of its answer and what each means."""

    name: str
    title: str
    about: str
    takes: type[Asked]
    gives: Mapping[str, str]
    answer: Callable[[Api, Any], Awaitable[Answer]]

    def input_schema(self) -> Json:
        """The JSON Schema of the arguments."""
        schema: Json = _untitled(self.takes.model_json_schema())
        return schema

    def output_schema(self) -> Json:
        """The JSON Schema of the answer: its fields, which are always there."""
        properties = {name: {"description": said} for name, said in self.gives.items()}
        return {"type": "object", "properties": properties, "required": list(properties)}

    async def call(self, api: Api, arguments: Json) -> Answer:
        """The answer to these arguments. Raises Refused."""
        try:
            asked = self.takes.model_validate(arguments)
        except ValidationError as error:
            raise Refused(_faults(error)) from None
        return await self.answer(api, asked)


def only(item: Json, *names: str) -> Json:
    """These fields of an item, as far as it has them."""
    return {name: item[name] for name in names if name in item}


def without(item: Json, *names: str) -> Json:
    """All other fields of an item."""
    return {name: value for name, value in item.items() if name not in names}


def first(item: Json, name: str, most: int) -> Json:
    """An item with so many of a list that it has; how many more there are stands beside it."""
    items: Sequence[Any] = item.get(name) or []
    if len(items) <= most:
        return item
    return item | {name: items[:most], f"{name}_left_out": len(items) - most}


def cut(text: Any) -> Any:
    """A text of a customer's system, of bounded length."""
    if not isinstance(text, str) or len(text) <= _LONGEST_TEXT:
        return text
    return text[:_LONGEST_TEXT] + " [cut]"


def quoted(text: str) -> str:
    """An id of a customer's system in a sentence of ours: one sees where it begins and ends."""
    return json.dumps(text, ensure_ascii=False)


def rate_of(line: Json) -> str:
    """A rate in words: `29.8% (1439 of 4834 assignments)`."""
    return f"{line['display']} ({line['redeemed']} of {line['assigned']} assignments)"


def more(told: Json) -> str:
    """What to do for the rest of a list."""
    return "" if told.get("next") is None else " There is more: call again with cursor = next."


def _faults(error: ValidationError) -> str:
    faults = [
        f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()
    ]
    return f"{'; '.join(faults)} (code invalid_arguments). Correct what is named, and call again."


def _untitled(schema: Any) -> Any:
    """A schema without the titles that repeat each name, which an assistant would read every time."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _untitled(value)
        for name, value in schema.items()
        if not (name in ("title", "description") and _repeats(name, value, schema))
    }


def _repeats(name: str, value: Any, schema: Json) -> bool:
    # A property may itself be called `title`: then its value is a schema.
    return isinstance(value, str) and (name == "title" or "properties" in schema)
