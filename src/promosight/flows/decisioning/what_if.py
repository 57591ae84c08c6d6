"""What if: another worth of an offer, another tier in its place, another audience, more or less trying, on the log.

A change is estimated from decisions as they were logged, where these tell enough of it. What nobody was ever offered
cannot be told from any log: a reward that was never given has no number here, however good a model's guess may look.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np

from promosight.errors import Invalid
from promosight.flows.decisioning.boards import Kept
from promosight.flows.decisioning.estimates import (
    AboutDecisions,
    PolicyDifference,
    PolicyEstimate,
    difference_told,
    policy_told,
    worded,
)
from promosight.flows.decisioning.evaluating import about, current_of, policy_of
from promosight.flows.decisioning.judged import Asked, Judged, framed, judged, name_of
from promosight.flows.decisioning.minds import Minds
from promosight.flows.decisioning.yardstick import Named, Worth, expectations, rewards
from promosight.rules.decisioning import (
    EXPLORATIONS,
    Settings,
    check_bounds,
    check_money,
    money,
)
from promosight.rules.estimating import (
    NOT_ENOUGH,
    Difference,
    Estimated,
    Support,
    dr_terms,
    estimate,
    interval,
    support,
)
from promosight.rules.evaluation import cautious
from promosight.rules.logged import Floats, Log, Mask
from promosight.rules.money import parse_amount
from promosight.rules.targets import instead, only_for, without
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx


class OfferNamed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A promotion, with one of its tiers or with all of them."""

    promotion_id: str
    tier_id: str | None = None


class WhatIf(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What would be different. `value` and `cost` are of a redemption of `offer`; `reward` is what it would be worth to
    the customer; `instead` takes its place; `segments` are the only ones to get it; `withdrawn` takes it away."""

    offer: OfferNamed | None = None
    value: str | None = None
    cost: str | None = None
    reward: str | None = None
    instead: OfferNamed | None = None
    segments: list[str] | None = None
    withdrawn: bool = False
    exploration: str | None = None
    gamma: float | None = None
    floor: float | None = None
    since: str | None = None
    until: str | None = None
    objective: str | None = None
    horizon_days: int | None = None


class WhatIfAnswer(AboutDecisions):
    """What the change would bring more per decision: `verdict` is `gain`, `no gain`, `worse` or `not enough support`.

    `affected` is the share of decisions that would go differently; `assumes` says what is taken for granted.
    """

    verdict: str
    verdict_words: str
    change: str
    assumes: list[str]
    affected: float | None
    current: PolicyEstimate
    changed: PolicyEstimate
    difference: PolicyDifference


class _Side(NamedTuple):
    """A policy and the log by which it is judged."""

    log: Log
    target: Floats


def what_if(
    tx: Tx, workspace_no: int, minds: Minds, change: WhatIf, asked: Asked, *, now_us: int
) -> WhatIfAnswer:
    """Judges a change on the log. Raises Invalid naming the field."""
    frame = framed(tx, workspace_no, minds, asked, now_us=now_us)
    _check(frame.catalogue, change)
    of = judged(tx, frame, minds)
    _check_money(change, of.worth)
    models, current = current_of(tx, of, minds)
    settings = _settings(frame.rules.settings, change)
    change, known = _as_tier(frame.catalogue, change)
    columns = _columns(of, change.offer)
    log, priced = of.log, of
    if change.value is not None or change.cost is not None:
        priced = _priced(of, columns, change)
        log = priced.log
    target = policy_of(tx, priced, models, settings, minds)
    target, offered = _moved(of, target, columns, change)
    before, after = _Side(of.log, current), _Side(log, target)
    found = _difference(before, after) if known and offered else _unknown(before)
    changed = (
        estimate(log, target) if known and offered else Estimated(None, None, None, found.support)
    )
    code, words = _verdict(found)
    moved = float(np.abs(target - current).sum(axis=1).mean()) / 2 if len(log) else None
    return WhatIfAnswer(
        verdict=code,
        verdict_words=words,
        change=_said(change),
        assumes=_assumed(change),
        affected=moved if known and offered else None,
        current=policy_told("current", estimate(of.log, current)),
        changed=policy_told("changed", changed),
        difference=difference_told(found),
        **about(tx, of, now_us),
    )


def _check(catalogue: Catalogue, change: WhatIf) -> None:
    """Raises Invalid for what is no change, or names what is not there."""
    of_offer = ("value", "cost", "reward", "instead", "segments")
    said = [name for name in of_offer if getattr(change, name) is not None]
    said += ["withdrawn"] if change.withdrawn else []
    tried = [one for one in (change.exploration, change.gamma, change.floor) if one is not None]
    if said and change.offer is None:
        raise Invalid("is required with " + said[0], pointer="/offer")
    if not said and (change.offer is not None or not tried):
        raise Invalid("says nothing that would be different", pointer="")
    for name in ("offer", "instead"):
        if (offer := getattr(change, name)) is not None:
            _check_offer(catalogue, offer, f"/{name}")
    for name in ("value", "cost", "reward"):
        if (text := getattr(change, name)) is not None:
            check_money(text, f"/{name}")
    _check_tried(change)


def _check_tried(change: WhatIf) -> None:
    if change.exploration is not None and change.exploration not in EXPLORATIONS:
        raise Invalid("must be one of " + ", ".join(EXPLORATIONS), pointer="/exploration")
    for name in ("gamma", "floor"):
        if (number := getattr(change, name)) is not None:
            check_bounds(name, number)


def _check_offer(catalogue: Catalogue, offer: OfferNamed, pointer: str) -> None:
    listed = catalogue.by_id.get(offer.promotion_id)
    if listed is None or listed.definition is None:
        raise Invalid(
            f"there is no promotion {offer.promotion_id}", pointer=f"{pointer}/promotion_id"
        )
    tiers = [one.tier_id for one in listed.definition.tiers]
    if offer.tier_id is not None and offer.tier_id not in tiers:
        raise Invalid(f"the promotion has no tier {offer.tier_id}", pointer=f"{pointer}/tier_id")


def _check_money(change: WhatIf, worth: Worth) -> None:
    for name in ("value", "cost"):
        if getattr(change, name) is not None and worth.unit == "redemptions":
            raise Invalid(
                "nobody has said what offers are worth, so every redemption counts as one; "
                "give promotions a decisioning.value, or report order values",
                pointer=f"/{name}",
            )


def _settings(settings: Settings, change: WhatIf) -> Settings:
    said = {
        name: value
        for name in ("exploration", "gamma", "floor")
        if (value := getattr(change, name)) is not None
    }
    laid: Settings = msgspec.structs.replace(settings, **said)
    return laid


def _as_tier(catalogue: Catalogue, change: WhatIf) -> tuple[WhatIf, bool]:
    """Another reward is another tier where one gives it; else nobody knows. The change, and whether it is known."""
    if change.reward is None or change.offer is None:
        return change, True
    definition = catalogue.by_id[change.offer.promotion_id].definition
    assert definition is not None
    wanted = parse_amount(change.reward)
    for tier in definition.tiers:
        text = tier.reward_value or definition.reward.value
        if text is not None and parse_amount(text) == wanted:
            named = OfferNamed(promotion_id=change.offer.promotion_id, tier_id=tier.tier_id)
            return msgspec.structs.replace(change, instead=named), True
    text = definition.reward.value
    same = not definition.tiers and text is not None and parse_amount(text) == wanted
    return change, same


def _columns(of: Judged, offer: OfferNamed | None) -> list[int]:
    if offer is None:
        return []
    return [at for at, named in enumerate(of.named) if _is(named, offer)]


def _is(named: Named, offer: OfferNamed) -> bool:
    return named[0] == offer.promotion_id and offer.tier_id in (None, named[1])


def _priced(of: Judged, columns: list[int], change: WhatIf) -> Judged:
    """The same decisions with another worth of an offer; as many redeem it as did."""
    worth = of.worth
    offers = dict(worth.offers)
    for at in columns:
        named = of.named[at]
        offers[named] = _restated(offers.get(named, of.last[at]), change)
    other = worth._replace(offers=offers)
    nets = other.nets(of.last, of.own)
    log = of.log
    expected = expectations(of.p_hat, nets, worth.contact, log.there[:, :-1])
    reward = rewards(log.chosen, of.redeemed.astype(float), nets, worth.contact)
    return of._replace(worth=other, log=relabelled(log, expected, reward))


def _restated(offer: Kept, change: WhatIf) -> Kept:
    """An offer with the value and the cost that are said: the same for every customer."""
    value, cost = offer.by_order
    if change.value is not None:
        offer = msgspec.structs.replace(offer, value=money(change.value))
        value = False
    if change.cost is not None:
        offer = msgspec.structs.replace(offer, cost=money(change.cost))
        cost = False
    return msgspec.structs.replace(offer, by_order=(value, cost))


def relabelled(log: Log, expected: Floats, reward: Floats) -> Log:
    """The log with other expectations and rewards."""
    return Log(log.names, log.pmf, expected, log.chosen, reward, log.customer, log.decided_us)


def _moved(of: Judged, target: Floats, columns: list[int], change: WhatIf) -> tuple[Floats, bool]:
    """The policy with an offer taken away, kept for some, or replaced; False where the log knows nothing of it."""
    if change.offer is None:
        return target, True
    if not columns:
        return target, False
    if change.instead is not None:
        new = _columns(of, change.instead)
        if not new:
            return target, False
        for old in columns:
            if old != new[0]:
                target = instead(of.log, target, old, new[0])
    for column in columns:
        if change.withdrawn:
            target = without(of.log, target, column)
        elif change.segments is not None:
            target = only_for(of.log, target, column, _audience(of, change.segments))
    return target, True


def _audience(of: Judged, segments: list[str]) -> Mask:
    names = [f"segment:{one.strip().lower()}=true" for one in segments]
    return np.array([any(one.get(name, 0.0) > 0 for name in names) for one in of.x], np.bool_)


def _difference(before: _Side, after: _Side) -> Difference:
    """What the change brings, each side by its own worth of offers, on the same decisions."""
    both = [support(side.log, side.target) for side in (before, after)]
    order = (NOT_ENOUGH, "low_overlap", "supported")
    weaker = min(both, key=lambda one: (order.index(one.state), one.effective))
    if weaker.state == NOT_ENOUGH:
        return Difference(None, weaker)
    terms = dr_terms(after.log, after.target) - dr_terms(before.log, before.target)
    return Difference(interval(before.log, terms), weaker)


def _unknown(before: _Side) -> Difference:
    return Difference(
        None, Support(NOT_ENOUGH, ("never_offered",), len(before.log), 0.0, 0.0, 0.0, 0.0)
    )


def _verdict(found: Difference) -> tuple[str, str]:
    wide = cautious(found)
    if wide is None or found.dr is None:
        shown = difference_told(found)
        return worded(
            NOT_ENOUGH
        ), shown.support.words + " Offer it to some, by exploring or in a test of its own."
    said = f"{found.dr.value:+.4g} per decision ({found.dr.low:+.4g} to {found.dr.high:+.4g}, 95%)"
    if wide.low > 0:
        return "gain", f"The change brings more: {said}."
    if wide.high < 0:
        return "worse", f"The change brings less: {said}."
    return "no gain", f"No difference is shown: {said}."


def _said(change: WhatIf) -> str:
    """The change in words."""
    parts = []
    if change.offer is not None:
        name = name_of((change.offer.promotion_id, change.offer.tier_id))
        for field, words in (("value", "is worth"), ("cost", "costs"), ("reward", "gives")):
            if (text := getattr(change, field)) is not None:
                parts.append(f"{name} {words} {text}")
        if change.instead is not None:
            parts.append(
                f"{name_of((change.instead.promotion_id, change.instead.tier_id))} instead of {name}"
            )
        if change.segments is not None:
            parts.append(f"{name} only for {', '.join(change.segments) or 'nobody'}")
        if change.withdrawn:
            parts.append(f"without {name}")
    tried: dict[str, Any] = {
        "exploration": change.exploration,
        "gamma": change.gamma,
        "floor": change.floor,
    }
    parts += [f"{name} {value}" for name, value in tried.items() if value is not None]
    return "; ".join(parts)


def _assumed(change: WhatIf) -> list[str]:
    found = []
    if change.value is not None or change.cost is not None:
        found.append("As many redeem the offer as did: customers see no difference.")
    if change.segments is not None or change.withdrawn:
        found.append("Where the offer is taken away, the others are chosen in proportion.")
    return found
