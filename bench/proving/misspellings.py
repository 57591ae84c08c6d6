"""Words that a till may write instead of a promotion's id or code, made from a seed, with what was meant.

A `Shop` has families of promotions whose names resemble each other, as those of brands do (the same word for three
years, the same offer in three countries), a part of them not defined here. A `Case` is a word that waits, and the
promotion it means: none where that is not defined, or where nobody could tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from promosight.rules.near_misses import Candidate, Near, Support, near_promotions, rank

WORDS = (
    *("SUMMER", "SPRING", "AUTUMN", "WINTER", "WELCOME", "COMEBACK", "BIRTHDAY", "BLACKFRIDAY"),
    *("CYBERMONDAY", "BACKTOSCHOOL", "FREESHIPPING", "DOUBLE-POINTS", "REFER-A-FRIEND", "VIP"),
    *("LOYALTY", "FLASH", "MIDNIGHT", "CASHBACK", "FREESPINS", "RELOAD", "EASTER", "XMAS"),
)
ENDINGS = ("24", "25", "26", "10", "15", "20", "-24", "-25", "-26", "-DE", "-AT", "-CH", "", "-APP")
WAYS = ("form", "looks", "one slip", "two slips", "wrong field", "a digit", "not defined")
_LOOKS = {"O": "0", "0": "O", "I": "1", "1": "I"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Case(NamedTuple):
    """A word that waits: made in which way, in which field, and the promotion it means."""

    way: str
    field: str
    told: str
    meant: str | None


class Shop(NamedTuple):
    """Promotions that are defined, and ids of others that exist and are not."""

    defined: list[Candidate]
    undefined: list[str]


def shop(random: Random) -> Shop:
    """Some 150 promotions, one in five of them not defined."""
    ids = [f"{word}{ending}" for word in WORDS for ending in _endings(random)]
    missing = set(random.sample(ids, len(ids) // 5))
    kept = [one for one in ids if one not in missing]
    return Shop([_candidate(random, one) for one in kept], sorted(missing))


def _endings(random: Random) -> list[str]:
    """Some endings of one word, none of them twice with and without its sign."""
    found = {one.strip("-"): one for one in random.sample(ENDINGS, 9)}
    return list(found.values())


def _candidate(random: Random, promotion_id: str) -> Candidate:
    code = promotion_id.replace("-", "")
    codes = (code,) if code != promotion_id and random.random() < 0.5 else ()
    return Candidate(promotion_id, promotion_id.replace("-", " ").title(), codes)


def cases(random: Random, known: Shop, each: int) -> Iterator[Case]:
    """So many of each way."""
    for way in WAYS:
        made = 0
        while made < each:
            one = _case(random, known, way)
            if one is not None:
                made += 1
                yield one


def _case(random: Random, known: Shop, way: str) -> Case | None:
    if way == "not defined":
        return Case(way, "promotion_id", random.choice(known.undefined), None)
    meant = random.choice(known.defined)
    word = random.choice((meant.promotion_id, *meant.codes))
    field = "promotion_id" if word == meant.promotion_id else "promo_code"
    if way == "wrong field":
        field = "promo_code" if field == "promotion_id" else "promotion_id"
        told: str | None = word
    else:
        told = _MADE[way](random, word)
    if told is None or (told == word and way != "wrong field"):
        return None
    if any(told in (one.promotion_id, *one.codes) for one in known.defined) and told != word:
        return None  # it is known, and waits for nothing
    return Case(way, field, told, meant.promotion_id)


def _form(random: Random, word: str) -> str:
    signs = random.choice(("-", "", "_", " "))
    return random.choice((str.lower, str.title, str.upper))(word.replace("-", signs))


def _looks(random: Random, word: str) -> str | None:
    places = [at for at, one in enumerate(word) if one in _LOOKS]
    if not places:
        return None
    at = random.choice(places)
    return word[:at] + _LOOKS[word[at]] + word[at + 1 :]


def _slip(random: Random, word: str) -> str | None:
    places = [at for at, one in enumerate(word) if one.isalpha()]
    at = random.choice(places)
    letter = random.choice(_LETTERS)
    match random.randrange(4):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + letter + word[at:]
        case 2:
            return word[:at] + letter + word[at + 1 :]
        case _:
            if at + 1 >= len(word) or not word[at + 1].isalpha():
                return None
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _two_slips(random: Random, word: str) -> str | None:
    once = _slip(random, word)
    return once and _slip(random, once)


def _digit(random: Random, word: str) -> str | None:
    places = [at for at, one in enumerate(word) if one.isdigit()]
    if not places:
        return None
    at = random.choice(places)
    return word[:at] + random.choice("0123456789") + word[at + 1 :]


_MADE = {
    "form": _form,
    "looks": _looks,
    "one slip": _slip,
    "two slips": _two_slips,
    "a digit": _digit,
}


class Holders(NamedTuple):
    """Who was given what: of those who wait `right` hold what is meant, and `wrong` of all hold anything else.

    None where promotions are for everybody and have no assignments.
    """

    right: float
    wrong: float


def suggested(
    random: Random, known: Shop, case: Case, holders: Holders | None, waiting: int
) -> str | None:
    """The promotion that is suggested first, where one stands out; None where nothing is said."""
    near = near_promotions(case.field, case.told, known.defined)[:10]
    supported = [(one, _support(random, one, case, holders, waiting)) for one in near]
    reasons = rank(case.told, waiting, supported)
    if not reasons or reasons[0].likelihood == "possible":
        return None
    return reasons[0].promotion_id


def _support(
    random: Random, near: Near, case: Case, holders: Holders | None, waiting: int
) -> Support:
    if holders is None:
        return Support()
    is_meant = near.candidate.promotion_id == case.meant
    share = holders.right if is_meant else holders.wrong
    holding = sum(random.random() < share for _ in range(waiting))
    usual = sum(random.random() < holders.wrong for _ in range(200)) / 200
    return Support(waiting, holding, is_assigned=True, usual=usual)
