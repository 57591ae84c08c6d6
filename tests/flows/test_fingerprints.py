"""Numbers kept by two hashes of texts: they are those a dictionary has, also where hashes are alike."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from promosight.flows.ledger import fingerprints as at
from promosight.flows.ledger.fingerprints import NumbersByText, fingerprints
from promosight.rules.aligned import Aligned
from promosight.rules.numbers import NOTHING, Numbers


def kept(numbers: NumbersByText, texts: list[str]) -> list[int]:
    found: list[int] = numbers.find(fingerprints(texts)).tolist()
    return found


def keep(numbers: NumbersByText, given: dict[str, int]) -> None:
    numbers.put(fingerprints(list(given)), np.array(list(given.values()), np.int64))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_is_what_a_dictionary_has(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it lies among the new ones or has joined the others, and whatever is put in its place."""
    monkeypatch.setattr(at, "_FEW", 30)
    random, numbers, told = Random(seed), NumbersByText(), dict[str, int]()
    for _ in range(60):
        given = {f"c-{random.randrange(900)}": random.randrange(-9, 9) for _ in range(20)}
        keep(numbers, given)
        told |= given
        asked = [f"c-{random.randrange(1_000)}" for _ in range(200)]
        assert kept(numbers, asked) == [told.get(one, NOTHING) for one in asked]
    assert len(numbers) == len(told)


def test_half_of_them_are_let_go() -> None:
    numbers, told = NumbersByText(), {f"c-{one}": one for one in range(1_001)}
    keep(numbers, told)
    for left in (501, 251):
        numbers.let_go()
        found = kept(numbers, list(told))
        assert len(numbers) == len(found) - found.count(NOTHING) == left
        assert all(one in (told[text], NOTHING) for one, text in zip(found, told, strict=True))
    keep(numbers, told)
    assert kept(numbers, list(told)) == list(told.values())


def test_texts_are_kept_in_whatever_form_they_come() -> None:
    """Beside longer ones or alone, as a list or side by side."""
    texts = [f"c-{one}" for one in range(40)]
    numbers = NumbersByText()
    keep(numbers, {text: place for place, text in enumerate(texts)})
    of_bytes = Aligned(np.array([text.encode() for text in texts], np.bytes_))
    assert numbers.find(fingerprints(of_bytes)).tolist() == [*range(40)]
    assert kept(numbers, [*texts, "c-" + "x" * 250]) == [*range(40), NOTHING]
    assert [kept(numbers, [text]) for text in texts] == [[place] for place in range(40)]


def test_texts_of_the_same_bytes_are_told_apart() -> None:
    """Python's own hash does not see how wide the characters are that it is taken of."""
    narrow, wide = "A\x01", "\u0141"
    assert hash(narrow) == hash(wide)
    numbers = NumbersByText()
    keep(numbers, {narrow: 1})
    assert kept(numbers, [narrow, wide]) == [1, NOTHING]
    keep(numbers, {wide: 2})
    assert kept(numbers, [narrow, wide]) == [1, 2]


def test_nobody_has_the_number_of_another_whose_first_hash_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is looked up anew, which takes longer and is right."""
    of_each = at._hashes

    def alike(signs: at._Signs) -> tuple[Numbers, at.Checks]:
        key, check = of_each(signs)
        return key // 2**61, check

    monkeypatch.setattr(at, "_hashes", alike)
    numbers, told = NumbersByText(), {f"c-{one}": one for one in range(300)}
    for some in (list(told)[:200], list(told)[100:]):
        keep(numbers, {text: told[text] for text in some})
        found = kept(numbers, list(told))
        assert all(one in (told[text], NOTHING) for one, text in zip(found, told, strict=True))
        assert len(numbers) == len(found) - found.count(NOTHING) <= 8


def test_no_text_has_no_number() -> None:
    numbers = NumbersByText()
    keep(numbers, {"a": 1})
    assert numbers.find(fingerprints(["b", None, "a"])).tolist() == [NOTHING, NOTHING, 1]
