"""Names that are no field where they stand: told with what was probably meant, where they would be left unheard.

A misspelled `limts` would be a promotion without limits, and `"asign": false` makes an assignment. So a name that is
like a field and none is refused wherever something is defined or asked, at every depth, in a merge patch too. One that
is like none is passed over, and so is one like a field that is said itself, as `description_en` beside a `description`:
clients send back what they were shown, and tell more than they are asked. Where that would lose something it is not: a
promotion's `properties` and a customer's `attributes` keep it, and within a reward, a tier or a limit, which have no
such place, it is refused. What is reported (assignments, redemptions, outcomes) is no definition: senders put into it
what they like. A dry run of theirs tells them what of it is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Struct, inspect

from promosight.errors import Invalid
from promosight.rules.likeness import likeness

_MOST_LISTED = 20
_LONGEST = 100
_MOST_UNKNOWN = 1_000
"""So many names that are no field are compared with those that are: each takes a tenth of a millisecond."""


class _Unknown(NamedTuple):
    """A name that is no field, the pointer to it, the fields there are in its place, and what is said beside it."""

    name: str
    pointer: str
    fields: tuple[str, ...]
    beside: Collection[str]


def check_fields(said: Any, kind: Any, *, besides: Collection[str] = (), where: str = "") -> None:
    """Raises Invalid naming the first field within what is said that is none of the kind, a struct or a list of them.

    `besides`: names that may stand there all the same. `where`: the pointer to what is said.
    """
    for unknown in _unknown(said, _type_of(kind), where):
        if unknown.pointer.removeprefix(where)[1:] not in besides:
            raise Invalid(_told(unknown), code="unknown_field", pointer=unknown.pointer)


def check_slips(said: Any, kind: Any, *, besides: Collection[str] = ()) -> None:
    """Raises Invalid naming the first field within what is said that is none of the kind, and like one of it.

    `besides`: as of `check_fields`.
    """
    names: set[str] = set()
    for unknown in _unknown(said, _type_of(kind), ""):
        names.add(unknown.name)
        _check_count(names)
        if unknown.pointer[1:] not in besides and _meant(unknown) is not None:
            raise Invalid(_told(unknown), code="unknown_field", pointer=unknown.pointer)


def unknown_fields(said: Any, kind: Any, most: int) -> list[dict[str, str]]:
    """The first names within what is reported that are no field there, and what was probably meant by each."""
    found = islice(_unknown(said, _type_of(kind), ""), most)
    return [{"pointer": unknown.pointer, "detail": _told(unknown)} for unknown in found]


def own_kept(
    said: dict[str, Any], kind: type[Struct], into: str, *, besides: Collection[str] = ()
) -> dict[str, Any]:
    """What is said of a struct, with what is like none of its fields within the field `into`.

    Raises as `check_fields` for the rest, so for a name that is like a field and none.
    """
    fields = kind.__struct_encode_fields__
    known = {*fields, *besides}
    _check_count(said.keys() - known)
    own = {
        name: value
        for name, value in said.items()
        if name not in known and _meant(_Unknown(name, "", fields, said)) is None
    }
    rest = {name: value for name, value in said.items() if name not in own}
    check_fields(rest, kind, besides=besides)
    if own and rest.get(into, own) is None:
        raise Invalid(
            f"cannot be null while {next(iter(own))} is to be kept in it", pointer=f"/{into}"
        )
    return put_into(rest, into, own)


def put_into(record: dict[str, Any], into: str, own: dict[str, Any]) -> dict[str, Any]:
    """The record with more in the object in one of its fields; what is no object there is left to be refused."""
    held = record.get(into, {})
    return record | {into: held | own} if own and isinstance(held, dict) else record


def pointer_to(where: str, name: str) -> str:
    """The JSON Pointer (RFC 6901) to a field of what `where` points to; a name of any length is cut off."""
    return f"{where}/{name[:_LONGEST].replace('~', '~0').replace('/', '~1')}"


def _check_count(names: Collection[str]) -> None:
    if len(names) > _MOST_UNKNOWN:
        raise Invalid(f"has more than {_MOST_UNKNOWN} names that are no field", pointer="")


def _told(unknown: _Unknown) -> str:
    if (meant := _meant(unknown)) is not None:
        return f"is no field here; did you mean {meant}?"
    if len(unknown.fields) > _MOST_LISTED:
        return "is no field here"
    return f"is no field here; there are {', '.join(unknown.fields)}"


def _meant(unknown: _Unknown) -> str | None:
    """The field that a name is most like, if it is like any; one that is said itself is meant by no other name."""
    left = tuple(one for one in unknown.fields if one not in unknown.beside)
    return _most_like(unknown.name, left) if len(unknown.name) <= _LONGEST else None


@lru_cache(maxsize=_MOST_UNKNOWN)
def _most_like(name: str, fields: tuple[str, ...]) -> str | None:
    alike = {one: found.weight for one in fields if (found := likeness(name, one))}
    return max(alike, key=alike.__getitem__, default=None)


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
            yield _Unknown(name, pointer_to(where, name), tuple(types), said)


@cache
def _type_of(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)
