"""The board: every offer a workspace has, with what it is worth, as decisions choose among them.

It is put together when the catalogue, the settings or what was learned has changed, and kept until then. Decisions keep
its number; its text is kept once, so that a decision needs not repeat what thirty offers were worth.

What an offer is worth if it is redeemed: its stated value, else the margin of what an order that redeems it comes to
on average, drawn towards the workspace's average while few are known; less what its reward costs. What follows from
orders follows from the customer's own: it is multiplied by how far their mean order, drawn towards the workspace's,
differs from it. While nothing at all is known of orders, and nothing is stated, every redemption counts as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from promosight.flows.ledger.limit_cells import has_limits
from promosight.flows.ledger.outstanding import Outstanding
from promosight.rules.decisioning import OfferTerms, Settings, money, offer_terms
from promosight.rules.features import Offer, made_offer, promotion_offers
from promosight.rules.identity import content_digest
from promosight.rules.instants import kept_instant
from promosight.rules.matching import promised_micros
from promosight.rules.measures import MEASURES
from promosight.rules.money import MICROS, UNIT_MARK
from promosight.rules.policy import bounded
from promosight.rules.promotions import Promotion
from promosight.rules.snapshot import Menu, Snapshot
from promosight.store.catalogue import Catalogue, Listed
from promosight.store.tx import Tx

_ASSIGNED, _REDEEMED, _REDEMPTIONS, _COST, _ORDER = (
    MEASURES.index(name)
    for name in ("assigned", "redeemed", "redemptions", "cost_micros", "order_micros")
)
_DRAWN = 20.0
"""The workspace's average counts as so many orders of a promotion's own."""
_DRAWN_OWN = 4.0
"""And as so many of a customer's."""
_USUAL_RATE, _USUAL_WEIGHT = 0.05, 100
_MOST_OWN = 8.0
"""A customer's orders count as so many times the average at most, and as that part of it at least."""
Floats = NDArray[np.float64]


class Place(NamedTuple):
    """One offer of the board: a promotion, one of its tiers or none, and what it is worth."""

    listed: Listed
    tier_id: str | None
    offer: Offer
    terms: OfferTerms
    starts_us: int
    ends_us: int
    value: float
    cost: float
    promised: int | None
    """The reward's value in millionths; None where only its use will tell."""
    by_order: tuple[bool, bool] = (False, False)
    """Whether value and cost follow from the customer's orders."""

    @property
    def reward_micros(self) -> int:
        """What an assignment of it commits."""
        return self.promised or 0

    @property
    def taken(self) -> float:
        """What a redemption takes from the promotion's budget."""
        return self.reward_micros / MICROS


class Kept(msgspec.Struct, array_like=True):
    """An offer of a kept board. `value` and `cost` are what a redemption of it brings and takes."""

    promotion_id: str
    tier_id: str | None
    value: float
    cost: float
    features: tuple[tuple[str, float], ...]
    taken: float = 0.0
    """What a redemption takes from the promotion's budget."""
    by_order: tuple[bool, bool] = (False, False)
    """Whether value and cost follow from the customer's orders: then they are of an average customer."""

    @property
    def offer(self) -> Offer:
        """As the model sees it."""
        return _offer(self.promotion_id, self.tier_id, self.features)

    def worth(self, own: float) -> tuple[float, float]:
        """Value and cost for a customer whose orders are so many times the average."""
        value, cost = self.by_order
        return self.value * (own if value else 1.0), self.cost * (own if cost else 1.0)


@lru_cache(4_096)
def _offer(promotion_id: str, tier_id: str | None, told: tuple[tuple[str, float], ...]) -> Offer:
    return made_offer(promotion_id, tier_id, dict(told))


def nets_of(kept: Sequence[Kept]) -> tuple[Floats, Floats]:
    """What redemptions are worth net of their reward: the part that is the same for all, and what orders multiply."""
    told = np.array([(*one.worth(0.0), one.value, one.cost) for one in kept], float).reshape(-1, 4)
    fixed = bounded(told[:, 0] - told[:, 1])
    return fixed, bounded(told[:, 2] - told[:, 3]) - fixed


class Board:
    """The offers of a workspace at one time; `by_promotion` has their places by promotion id."""

    def __init__(
        self, places: list[Place], *, by_redemption: bool, rate: float, order: float = 0.0
    ) -> None:
        self.places = places
        self.by_redemption = by_redemption
        self.order = order
        """What an order comes to on average; 0 where that is not known or does not matter."""
        self.rate = rate
        """The share of assignments that are redeemed, drawn towards what is usual."""
        self.by_promotion: dict[str, list[int]] = {}
        self.by_no: dict[int, list[int]] = {}
        for at, one in enumerate(places):
            self.by_promotion.setdefault(one.listed.promotion_id, []).append(at)
            self.by_no.setdefault(one.listed.promotion_no, []).append(at)
        self.starts_us = np.array([one.starts_us for one in places], np.int64)
        self.ends_us = np.array([one.ends_us for one in places], np.int64)
        self.everything = np.ones(len(places), np.bool_)
        self.nothing = np.zeros(len(places), np.bool_)
        self.limited = [at for at, one in enumerate(places) if has_limits(one.listed)]
        self.closer = [
            at for at, one in enumerate(places) if one.terms.is_closer or has_limits(one.listed)
        ]
        """The places that are not open to everybody while they run."""
        self.tiers = {one.tier_id for one in places}
        self.everywhere = np.arange(len(places), dtype=np.intp)
        self.since_us = int(self.starts_us.max(initial=-(2**62)))
        self.until_us = int(self.ends_us.min(initial=2**62))
        """From `since_us` and before `until_us` all of them run."""
        kept = [
            Kept(
                one.listed.promotion_id,
                one.tier_id,
                one.value,
                one.cost,
                one.offer.features,
                one.taken,
                one.by_order,
            )
            for one in places
        ]
        self.kept = kept
        self.fixed, self.by_order = nets_of(kept)
        self.taken = np.array([one.taken for one in places], float)
        self.text = _encode(kept).decode()
        self.number = content_digest(self.text)
        self._menu: tuple[Snapshot, Menu] | None = None

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """As the model sees them."""
        return tuple(one.offer for one in self.places)

    def menu(self, snapshot: Snapshot) -> Menu:
        """Its offers, prepared for scoring. Kept: offers are compared one by one to find those prepared for others."""
        if self._menu is None or self._menu[0] is not snapshot:
            self._menu = snapshot, snapshot.menu(self.offers)
        return self._menu[1]

    def own(self, orders: int, total: float) -> float:
        """How many times the average a customer's orders are, drawn towards it while few are known."""
        if not self.order or not orders:
            return 1.0
        found = (total / self.order + _DRAWN_OWN) / (orders + _DRAWN_OWN)
        return max(1 / _MOST_OWN, min(_MOST_OWN, found))


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(list[Kept])


def kept_board(tx: Tx, workspace_no: int, board_no: int) -> list[Kept]:
    """The offers of a kept board."""
    known = tx.cache.setdefault(("kept boards", workspace_no), {})
    if board_no not in known:
        if len(known) >= 64:
            known.clear()
        row = tx.one("board", workspace_no=workspace_no, board_no=board_no)
        known[board_no] = [] if row is None else _decoder.decode(row[0])
    found: list[Kept] = known[board_no]
    return found


class Marked(NamedTuple):
    """A board, and what it is the board of: the catalogue, the currency, the settings, the epoch of a mind."""

    mark: tuple[int, str, Settings, int]
    board: Board


def board_of(
    tx: Tx, catalogue: Catalogue, settings: Settings, epoch: int, ready: Marked | None = None
) -> Board:
    """The board as of a catalogue, settings and an epoch of the mind it goes with; `ready` where it is that."""
    key = "board", catalogue.workspace.workspace_no
    known: Marked | None = tx.cache.get(key)
    mark = _mark(catalogue, settings, epoch)
    if known is None or known.mark != mark:
        known = ready if ready is not None and ready.mark == mark else None
        if known is None:
            sums = sums_of(Outstanding(tx, catalogue.workspace.workspace_no), catalogue)
            known = marked_board(catalogue, settings, epoch, sums)
        tx.cache[key] = known
    return known.board


def marked_board(
    catalogue: Catalogue,
    settings: Settings,
    epoch: int,
    sums: Mapping[int, Sums],
    before: Marked | None = None,
) -> Marked:
    """A board made anew of what the counters say. `before`: one of the workspace's, of which what is the same is taken.

    Other connections may have it only where catalogue, settings and counters are as committed.
    """
    mark = _mark(catalogue, settings, epoch)
    if before is None or before.mark[:2] != mark[:2]:
        return Marked(mark, _made(_places(catalogue), settings, sums))
    return Marked(mark, _made(before.board.places, settings, sums))


def _mark(catalogue: Catalogue, settings: Settings, epoch: int) -> tuple[int, str, Settings, int]:
    workspace = catalogue.workspace
    return workspace.catalogue_version, workspace.currency, settings, epoch


def offers_of(catalogue: Catalogue) -> tuple[Offer, ...]:
    """The offers of a board of this catalogue, in order, as the model sees them."""
    return tuple(
        offer
        for listed, one in _offered(catalogue)
        for offer in promotion_offers(listed.promotion_id, one)
    )


def keep_board(tx: Tx, workspace_no: int, board: Board) -> None:
    """Keeps the text of a board that a decision names."""
    key = "board kept", workspace_no
    if tx.cache.get(key) != board.number:
        tx.run("add_board", workspace_no=workspace_no, board_no=board.number, offers=board.text)
        tx.cache[key] = board.number


def _made(places: Sequence[Place], settings: Settings, sums: Mapping[int, Sums]) -> Board:
    """A board of these places, whatever they were worth before."""
    terms = {one.listed.promotion_no: one.terms for one in places}
    stated = [money(one.value) for one in terms.values() if one.value is not None]
    worth = _Worth(sums, settings, stated)
    places = [_worth_now(worth, one) for one in places]
    assigned = max(sum(one.assigned for one in sums.values()), 0)
    redeemed = min(sum(one.redeemed for one in sums.values()), assigned)
    rate = (redeemed + _USUAL_RATE * _USUAL_WEIGHT) / (assigned + _USUAL_WEIGHT)
    order = 0.0 if worth.by_redemption else worth.usual
    return Board(places, by_redemption=worth.by_redemption, rate=rate, order=order)


class Sums(NamedTuple):
    """What the counters say of a promotion; money of the workspace's currency."""

    assigned: int
    redeemed: int
    redemptions: int
    cost: float
    orders: float


def sums_of(outstanding: Outstanding, catalogue: Catalogue) -> dict[int, Sums]:
    """What the counters say of every promotion."""
    found, currency = {}, catalogue.workspace.currency
    for promotion_no, cells in outstanding.totals().items():
        every = list(cells.values())
        own = cells.get(currency)
        found[promotion_no] = Sums(
            sum(one[_ASSIGNED] for one in every),
            sum(one[_REDEEMED] for one in every),
            sum(one[_REDEMPTIONS] for one in every),
            0.0 if own is None else own[_COST] / MICROS,
            0.0 if own is None else own[_ORDER] / MICROS,
        )
    return found


class _Worth:
    """What redemptions of offers bring and cost."""

    def __init__(self, sums: Mapping[int, Sums], settings: Settings, stated: list[float]) -> None:
        self._sums = sums
        self._margin = settings.margin
        times = sum(one.redemptions for one in sums.values())
        self._order = sum(one.orders for one in sums.values()) / times if times else 0.0
        self.usual = self._order
        """What an order comes to on average; 0 where none is known."""
        self._stated = sum(stated) / len(stated) if stated else 0.0
        self.by_redemption = settings.objective == "redemption" or not (self._order or stated)

    def value(self, no: int, terms: OfferTerms) -> float:
        """What a redemption brings before its reward is paid."""
        if self.by_redemption:
            return 1.0
        if terms.value is not None:
            return money(terms.value)
        return self._margin * self.order(no) if self._order else self._stated

    def by_order(self, listed: Listed, terms: OfferTerms, micros: int | None) -> tuple[bool, bool]:
        """Whether value and cost follow from orders."""
        if self.by_redemption or not self._order:
            return False, False
        unit = listed.terms.currency.startswith(UNIT_MARK)
        return terms.value is None, terms.cost is None and micros is None and not unit

    def order(self, no: int) -> float:
        """What an order that redeems the promotion comes to."""
        own = self._sums.get(no)
        if own is None or not self._order:
            return self._order
        return (own.orders + _DRAWN * self._order) / (own.redemptions + _DRAWN)

    def cost(self, listed: Listed, terms: OfferTerms, micros: int | None) -> float:
        """What a redemption costs."""
        if self.by_redemption:
            return 0.0
        if terms.cost is not None:
            return money(terms.cost)
        if listed.terms.currency.startswith(UNIT_MARK):
            return 0.0
        if micros is not None:
            return micros / MICROS
        return self._share_of_order(listed)

    def _share_of_order(self, listed: Listed) -> float:
        """Of a percentage: what it cost so far, drawn towards that share of an order."""
        assert listed.definition is not None
        text = listed.definition.reward.value
        guess = self.order(listed.promotion_no) * min(money(text) / 100, 1.0) if text else 0.0
        own = self._sums.get(listed.promotion_no)
        if own is None:
            return guess
        return (own.cost + _DRAWN * guess) / (own.redemptions + _DRAWN)


def _places(catalogue: Catalogue) -> list[Place]:
    """The offers of a catalogue, not worth anything yet."""
    return [
        _place(listed, one, offer_terms(one.properties), offer)
        for listed, one in _offered(catalogue)
        for offer in promotion_offers(listed.promotion_id, one)
    ]


def _place(listed: Listed, one: Promotion, terms: OfferTerms, offer: Offer) -> Place:
    tier_id = offer.tier or None
    return Place(
        listed,
        tier_id,
        offer,
        terms,
        -(2**62) if one.starts_at is None else kept_instant(one.starts_at),
        2**62 if one.ends_at is None else kept_instant(one.ends_at),
        0.0,
        0.0,
        promised_micros(listed.terms, None, tier_id),
    )


def _worth_now(worth: _Worth, place: Place) -> Place:
    listed, terms, micros = place.listed, place.terms, place.promised
    return place._replace(
        value=worth.value(listed.promotion_no, terms),
        cost=worth.cost(listed, terms, micros),
        by_order=worth.by_order(listed, terms, micros),
    )


def _offered(catalogue: Catalogue) -> list[tuple[Listed, Promotion]]:
    return [
        (listed, listed.definition)
        for listed in catalogue.defined
        if listed.definition is not None and listed.definition.status == "active"
    ]
