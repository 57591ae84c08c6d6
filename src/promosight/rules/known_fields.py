"""Fields of a definition that nobody knows: told by their name and with what was probably meant, never passed over.

A misspelled `limts` that were left unheard would be a promotion without limits. So whatever is defined or asked has
the fields of its struct and no others, at every depth; a merge patch is held against the same struct. A promotion and
a customer have a field for what is the sender's own, where names go that are like none of ours, as other columns of a
file do. What is reported (assignments, redemptions, outcomes) is no definition: senders put into it what they like.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct, inspect

from promosight.errors import Invalid
from promosight.rules.likeness import likeness

_MOST_LISTED = 20
_LONGEST = 100


class _Unknown(NamedTuple):
    """A name that is no field, the pointer to it, and the fields there are in its place."""

    name: str
    pointer: str
    fields: tuple[str, ...]


def check_fields(said: Any, kind: Any, *, besides: Collection[str] = (), where: str = "") -> None:
    """Raises Invalid naming the first field within what is said that is none of the kind, a struct or a list of them.

    `besides`: names that may stand there all the same. `where`: the pointer to what is said.
    """
    for unknown in _unknown(said, _type_of(kind), where):
        if unknown.pointer.removeprefix(where)[1:] not in besides:
            raise Invalid(_told(unknown), code="unknown_field", pointer=unknown.pointer)


def own_kept(
    said: dict[str, Any], kind: type[Struct], into: str, *, besides: Collection[str] = ()
) -> dict[str, Any]:
    """What is said of a struct, with what is like none of its fields within the field `into`.

    Raises as `check_fields` for the rest, so for a name that is like a field and none.
    """
    known = {*kind.__struct_encode_fields__, *besides}
    own = {name: value for name, value in said.items() if name not in known and _is_own(name, kind)}
    rest = {name: value for name, value in said.items() if name not in own}
    check_fields(rest, kind, besides=besides)
    return put_into(rest, into, own)


def put_into(record: dict[str, Any], into: str, own: dict[str, Any]) -> dict[str, Any]:
    """The record with more in the object in one of its fields; what is no object there is left to be refused."""
    held = record.get(into, {})
    return record | {into: held | own} if own and isinstance(held, dict) else record


def _is_own(name: str, kind: type[Struct]) -> bool:
    return not any(likeness(name, one) for one in kind.__struct_encode_fields__)


def pointer_to(where: str, name: str) -> str:
    """The JSON Pointer (RFC 6901) to a field of what `where` points to; a name of any length is cut off."""
    return f"{where}/{name[:_LONGEST].replace('~', '~0').replace('/', '~1')}"


def _told(unknown: _Unknown) -> str:
    alike = [
        (found.weight, one) for one in unknown.fields if (found := likeness(unknown.name, one))
    ]
    if alike:
        return f"is no field here; did you mean {max(alike)[1]}?"
    if len(unknown.fields) > _MOST_LISTED:
        return "is no field here"
    return f"is no field here; there are {', '.join(unknown.fields)}"


def _unknown(said: Any, kind: inspect.Type, where: str) -> Iterator[_Unknown]:
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _unknown(said, one, where)
    elif isinstance(kind, inspect.StructType) and isinstance(said, dict):
        yield from _within(said, kind, where)
    elif isinstance(kind, inspect.ListType) and isinstance(said, list):
        for index, one in enumerate(said):
            yield from _unknown(one, kind.item_type, f"{where}/{index}")


def _within(said: dict[str, Any], kind: inspect.StructType, where: str) -> Iterator[_Unknown]:
    types = {field.encode_name: field.type for field in kind.fields}
    for name, value in said.items():
        if name in types:
            yield from _unknown(value, types[name], pointer_to(where, name))
        else:
            yield _Unknown(name, pointer_to(where, name), tuple(types))


@cache
def _type_of(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)
