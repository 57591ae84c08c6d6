"""What does not fit is told as whoever wrote it would, by the field, and never in the words of Python."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from promosight.api.routes import ROUTES
from promosight.rules.misfits import misfit_of
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A field of each sort."""

    name: str = ""
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    share: Annotated[float, Meta(gt=0)] | None = None
    amount: Decimal | None = None
    on: bool = True
    words: Annotated[list[str], Meta(max_length=2)] = []
    code: Annotated[str, Meta(max_length=3)] = ""
    how: Literal["a", "b"] = "a"
    held: dict[str, int] = {}
    offers: list[str | Promotion] = []


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ("[]", "", "must be an object, not an array"),
        ('{"name":5}', "/name", "must be a string, not a number"),
        ('{"count":"5"}', "/count", "must be a whole number, not a string"),
        ('{"count":1.5}', "/count", "must be a whole number, not a number with decimals"),
        ('{"count":0}', "/count", "must be at least 1"),
        ('{"count":10}', "/count", "must be at most 9"),
        ('{"share":0}', "/share", "must be more than 0"),
        ('{"share":1e999}', "/share", "is out of range"),
        ('{"amount":"x"}', "/amount", "must be a decimal number such as 5.00"),
        ('{"amount":true}', "/amount", "must be a decimal number such as 5.00, not true or false"),
        ('{"on":"yes"}', "/on", "must be true or false, not a string"),
        ('{"words":["a",null]}', "/words/1", "must be a string, not null"),
        ('{"words":["a","b","c"]}', "/words", "must have at most 2 elements"),
        ('{"code":"abcd"}', "/code", "must have at most 3 characters"),
        ('{"how":"c"}', "/how", "cannot be 'c'"),
        ('{"held":{"a":"x"}}', "/held", "must be a whole number, not a string"),
        ('{"offers":[5]}', "/offers/0", "must be a string or an object, not a number"),
        ('{"offers":[{"kind":"global"}]}', "/offers/0/name", "is missing"),
        ('{"nome":5}', "/nome", "is no field here"),
    ],
)
def test_a_misfit_is_told_in_plain_words(body: str, pointer: str, detail: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Asked)
    assert misfit_of(caught.value) == (pointer, detail)


TAKEN = [Asked, Promotion, ReportedEvent, ReportedAssignment] + [
    route.takes for route in ROUTES if hasattr(route.takes, "__struct_fields__")
]
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [5, -1, 2**70, 1.5, True, None, "x", [], [5], {}, {"a": 5}, [{}], [None], "x" * 5000]
)


@given(st.data())
def test_no_body_is_told_of_in_the_words_of_the_decoder(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(TAKEN))
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    body = data.draw(st.dictionaries(st.sampled_from([*names, "x"]), VALUES, max_size=3))
    try:
        msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        told = misfit_of(error).detail
        assert "`" not in told
        assert told.startswith(("must ", "is ", "cannot "))
