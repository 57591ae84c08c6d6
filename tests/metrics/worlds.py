"""Small random worlds, judged by the rules, for the second engine to judge again.

A world holds what makes matching hard: several assignments of one customer, ties in time,
references of every kind, controls, withdrawals, reversals in part and whole, codes of others, and
promotions that are drafts, over or unknown. `write` puts it into the metrics' input files together
with the verdicts and counters of `rules/matching` and `rules/tallies`, so that the comparison must
find nothing.
"""

from collections import defaultdict
from pathlib import Path

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from promosight.flows.checking.extract import Row, write_catalogue, write_rows
from promosight.rules.identity import bucket_of
from promosight.rules.matching import Given, Used, Verdict, assigned_micros, match
from promosight.rules.promotions import Promotion, Reward, Terms, Tier, terms_of
from promosight.rules.tallies import AssignmentStanding, Cells, Place, RedemptionStanding, Sums
from promosight.store.catalogue import Catalogue, Listed, Workspace
from promosight.store.rows import AssignmentRow, EventRow

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
TRACKING_US = 1_782_864_000_000_000  # 2026-07-01T00:00:00Z
CUSTOMERS = (7, 2**62 + 11, 2**59 + 5)
ISSUED_IN = {"mine": 1, "pool": 1, "second": 2}
SOURCES = {1: "till", 2: "engine", 3: "Zoo"}
CUSTOMER = st.sampled_from([CUSTOMERS[0]] * 6 + [*CUSTOMERS])
PROMOTION_NO = st.sampled_from([1, 1, 1, 1, 1, 1, 2])
MONEY = st.sampled_from([None, None, 0, 2_500_000, 5_000_000, 7_000_000])
CURRENCY = st.sampled_from([None, None, None, "EUR", "USD"])
CODE = st.sampled_from([None] * 9 + ["mine", "mine", "pool", "second", "OPEN", "SPARE", "nobody's"])
CAMPAIGN = st.sampled_from([None, None, None, "spring", "autumn"])
TIER = st.sampled_from([None, "gold", "silver"])
# Around the start of tracking, midnights and the tolerance of a minute; few, so that ties happen.
INSTANTS = [
    TRACKING_US + hours * HOUR_US + minutes * MINUTE_US
    for hours in (-1, 0, 22, 24, 27, 48)
    for minutes in (-1, 0, 1)
] + [TRACKING_US + 22 * HOUR_US - 1]
ASSIGNED = st.sampled_from([-HOUR_US, *INSTANTS[:12]])
REDEEMED = st.sampled_from([-HOUR_US, *INSTANTS, *INSTANTS[9:], *[INSTANTS[13]] * 14])


class World(msgspec.Struct):
    """Facts and what judges them."""

    catalogue: Catalogue
    issued: list[tuple[str, int, int]]
    known: set[int]
    assignments: list[AssignmentRow]
    events: list[EventRow]
    cells: Cells = msgspec.field(default_factory=Cells)
    counters: Sums = msgspec.field(default_factory=dict)
    last_events: dict[int, int] = msgspec.field(default_factory=dict)


PROMOTION: SearchStrategy[Promotion | None] = st.one_of(
    st.sampled_from([None]),
    st.builds(
        Promotion,
        name=st.just("Some"),
        status=st.sampled_from(["active", "active", "deactivated", "archived", "draft"]),
        ends_at=st.sampled_from([None, None, None, "2026-06-30T00:00:00Z"]),
        max_redemptions=st.sampled_from([None, 1, 2]),
        reward=st.builds(
            Reward,
            type=st.sampled_from(["amount", "amount", "unit", "percentage"]),
            currency=st.sampled_from([None, "USD"]),
            value=st.sampled_from([None, "5", "7"]),
            unit=st.sampled_from([None, "points"]),
        ),
        tiers=st.sampled_from([[], [Tier(tier_id="gold", reward_value="2.5"), Tier(tier_id="x")]]),
    ),
)
GOOD = st.builds(
    Promotion,
    name=st.just("Good"),
    status=st.just("active"),
    max_redemptions=st.sampled_from([None, 2]),
    reward=st.just(Reward(value="5")),
)
"""Most facts are of a promotion that is in order, or matching would seldom come to pass."""


@st.composite
def worlds(draw: DrawFn, *, most: int = 12) -> World:
    """A world with up to `most` assignments and twice as many events."""
    workspace = Workspace(
        workspace_no=1,
        workspace_id="w",
        name="W",
        time_zone=draw(st.sampled_from(["UTC", "Europe/Vienna", "America/Sao_Paulo"])),
        currency="EUR",
        week_start="monday",
        tracking_from_us=TRACKING_US,
        sandbox=0,
        created_us=0,
        catalogue_version=1,
        published_import_no=0,
    )
    catalogue = Catalogue(workspace)
    catalogue.sources = SOURCES
    _add_promotion(catalogue, 1, draw(st.one_of(GOOD, GOOD, GOOD, PROMOTION)), "OPEN")
    _add_promotion(catalogue, 2, draw(PROMOTION), None)
    issued = draw(
        st.sets(st.tuples(st.sampled_from(sorted(ISSUED_IN)), st.sampled_from([0, *CUSTOMERS])))
    )
    return World(
        catalogue,
        [(code, customer_no, ISSUED_IN[code]) for code, customer_no in sorted(issued)],
        draw(st.sampled_from([set(CUSTOMERS), set(CUSTOMERS), set(CUSTOMERS[:1])])),
        [draw(assignment_rows(slot)) for slot in range(draw(st.integers(most // 3, most)))],
        [draw(event_rows(number)) for number in range(draw(st.integers(most // 2, 2 * most)))],
    )


def _add_promotion(
    catalogue: Catalogue, promotion_no: int, definition: Promotion | None, code: str | None
) -> None:
    terms = Terms(known=False)
    if definition is not None:
        spare = "SPARE" if code else None
        definition = msgspec.structs.replace(definition, code=code, fallback_code=spare)
        terms = terms_of(definition, tracking_from_us=TRACKING_US, workspace_currency="EUR")
    catalogue.put(Listed(promotion_no, f"p{promotion_no}", definition, terms, 0, 0))


@st.composite
def assignment_rows(draw: DrawFn, slot: int) -> AssignmentRow:
    """An assignment, most often of the first customer."""
    customer_no = draw(CUSTOMER)
    assigned_us = draw(ASSIGNED)
    return AssignmentRow(
        bucket=bucket_of(customer_no),
        promotion_no=draw(PROMOTION_NO),
        customer_no=customer_no,
        slot=slot * 7 % 13,
        workspace_no=1,
        source_no=draw(st.sampled_from([1, 2, 3])),
        import_no=0,
        assigned_us=assigned_us,
        expires_us=draw(st.sampled_from([None, None, assigned_us + HOUR_US])),
        received_us=0,
        digest=0,
        assignment_id=draw(st.sampled_from([None, f"a-{slot}"])),
        campaign_id=draw(CAMPAIGN),
        tier_id=draw(TIER),
        segment=draw(st.sampled_from([None, "new", 'a "quoted", one'])),
        channels=draw(st.sampled_from([None, "mail", "app+mail"])),
        promo_code=draw(CODE),
        reward_micros=draw(MONEY),
        reward_currency=draw(CURRENCY),
        max_redemptions=draw(st.sampled_from([None, 1, 2, 3])),
        control=int(draw(st.integers(0, 5)) == 5),
        withdrawn_us=draw(st.sampled_from([None, None, None, TRACKING_US])),
        details=None,
    )


@st.composite
def event_rows(draw: DrawFn, number: int) -> EventRow:
    """A redemption, or a reversal of one (or of nothing); ids that sort unlike their numbers."""
    customer_no = draw(CUSTOMER)
    code = draw(CODE)
    named = draw(PROMOTION_NO)
    reverses = draw(st.sampled_from([None, None, _event_id(draw(st.integers(0, number)))]))
    named_anyway = code is None and reverses is None
    return EventRow(
        bucket=bucket_of(customer_no),
        promotion_no=named,
        customer_no=customer_no,
        redeemed_us=draw(REDEEMED),
        source_no=draw(st.sampled_from([1, 1, 1, 1, 2, 3])),
        event_id=_event_id(number),
        workspace_no=1,
        import_no=0,
        received_us=0,
        digest=0,
        reverses=reverses,
        named_customer_no=0 if reverses is None else customer_no,
        promotion_id=f"p{named}" if named_anyway or draw(st.booleans()) else None,
        promo_code=code,
        assignment_id=draw(
            st.sampled_from([None, None, "a-0", "a-1", f"asg-{customer_no:016x}-{7:016x}"])
        ),
        campaign_id=draw(CAMPAIGN),
        tier_id=draw(TIER),
        channel=None,
        reward_micros=draw(MONEY),
        reward_currency=draw(CURRENCY),
        order_id=None,
        order_micros=draw(st.sampled_from([None, 0, 9_990_000])),
        metadata=None,
    )


def _event_id(number: int) -> str:
    return ("ß", "e", "E,", '"', "\U0001f6d2", "z'")[number % 6] + str(number // 2)


def judge(world: World) -> World:
    """The world with every event in its place, every verdict, and every counter, by the rules."""
    _place(world)
    groups = defaultdict[tuple[int, int], tuple[list[AssignmentRow], list[EventRow]]](
        lambda: ([], [])
    )
    for a in world.assignments:
        groups[a.promotion_no, a.customer_no][0].append(a)
    reversals = _reversals(world)
    for e in world.events:
        if e.reverses is None:
            groups[e.promotion_no, e.customer_no][1].append(e)
    for (promotion_no, _), (assignments, events) in groups.items():
        _judge_group(world, world.catalogue.terms(promotion_no), assignments, events, reversals)
    world.counters = world.cells.values
    return world


def _place(world: World) -> None:
    """Codes lead to promotions, reversals to their redemptions."""
    issued = {code: promotion_no for code, _, promotion_no in world.issued}
    for e in world.events:
        if e.promotion_id is None and e.reverses is None:
            shared = world.catalogue.by_code.get(e.promo_code or "")
            e.promotion_no = shared.promotion_no if shared else issued.get(e.promo_code or "", 0)


def _reversals(world: World) -> dict[tuple[int, str], list[EventRow]]:
    originals = {e.identity: e for e in world.events if e.reverses is None}
    in_force = defaultdict[tuple[int, str], list[EventRow]](list)
    for r in world.events:
        if r.reverses is None:
            continue
        original = originals.get((r.source_no, r.reverses))
        if original is None:
            verdict = Verdict("pending", "unknown_original", None, False, 0, "")
        elif r.customer_no != original.customer_no or _other_promotion(world, r, original):
            verdict = Verdict("rejected", "identifier_conflict", None, False, 0, "")
        elif r.reward_micros is not None and _other_money(world, r, original):
            verdict = Verdict("rejected", "invalid", None, False, 0, "")
        else:
            r.promotion_no = original.promotion_no
            in_force[original.identity].append(r)
            verdict = Verdict("counted", None, None, False, 0, "")
        _write(r, verdict)
    return in_force


def _other_promotion(world: World, r: EventRow, original: EventRow) -> bool:
    listed = world.catalogue.by_no.get(original.promotion_no)
    named = original.promotion_id or (listed.promotion_id if listed else None)
    return r.promotion_id is not None and named is not None and r.promotion_id != named


def _other_money(world: World, r: EventRow, original: EventRow) -> bool:
    own = world.catalogue.terms(original.promotion_no).currency
    if own.startswith("~") or r.reward_currency is None:
        return False
    said = original.reward_currency or own
    if not original.reward_currency and r.reward_currency in _given_in(world, original):
        return False
    return bool(said) and said != r.reward_currency


def _given_in(world: World, e: EventRow) -> set[str | None]:
    here = e.promotion_no, e.customer_no
    return {a.reward_currency for a in world.assignments if (a.promotion_no, a.customer_no) == here}


def _judge_group(
    world: World,
    terms: Terms,
    assignments: list[AssignmentRow],
    events: list[EventRow],
    reversals: dict[tuple[int, str], list[EventRow]],
) -> None:
    used = [_used(world, terms, e, reversals.get(e.identity, [])) for e in events]
    verdicts = match(terms, [_given(a) for a in assignments], used)
    for e, verdict in zip(events, verdicts, strict=True):
        _write(e, verdict)
    redeemed = defaultdict[int, list[int]](list)
    for e in events:
        if e.live and e.slot is not None:
            redeemed[e.slot].append(e.redeemed_us)
    for a in assignments:
        a.redeemed_us = min(redeemed[a.slot], default=None)
        a.committed_micros = assigned_micros(terms, _given(a)) or 0
        unit = terms.currency.startswith("~")
        a.currency = terms.currency if unit else a.reward_currency or terms.currency
    _count(world, assignments, events)


def _write(e: EventRow, verdict: Verdict) -> None:
    e.outcome, e.reason, e.slot = verdict.outcome, verdict.reason, verdict.slot
    e.live, e.cost_micros, e.currency = int(verdict.live), verdict.cost_micros, verdict.currency


def _given(a: AssignmentRow) -> Given:
    return Given(
        slot=a.slot,
        assigned_us=a.assigned_us,
        expires_us=a.expires_us,
        max_redemptions=a.max_redemptions,
        control=bool(a.control),
        withdrawn=a.withdrawn_us is not None,
        public_id=a.public_id,
        promo_code=a.promo_code,
        campaign_id=a.campaign_id,
        tier_id=a.tier_id,
        reward_micros=a.reward_micros,
        currency=a.reward_currency,
    )


def _used(world: World, terms: Terms, e: EventRow, reversals: list[EventRow]) -> Used:
    listed = world.catalogue.by_no.get(e.promotion_no)
    shared = listed is not None and e.promo_code in listed.codes
    owners = {c for code, c, p in world.issued if (code, p) == (e.promo_code, e.promotion_no)}
    return Used(
        event_id=e.event_id,
        source=SOURCES[e.source_no],
        redeemed_us=e.redeemed_us,
        assignment_id=e.assignment_id,
        promo_code=e.promo_code,
        campaign_id=e.campaign_id,
        tier_id=e.tier_id,
        reward_micros=e.reward_micros,
        currency=e.reward_currency,
        code_is_foreign=not shared and bool(owners - {0}) and e.customer_no not in owners,
        fully_reversed=any(r.reward_micros is None for r in reversals),
        reversed_micros=sum(r.reward_micros or 0 for r in reversals),
        fixed=_fixed(world, terms, e, shared=shared),
    )


def _fixed(world: World, terms: Terms, e: EventRow, *, shared: bool) -> tuple[str, str] | None:
    if not terms.known:
        return "pending", "unknown_promotion"
    if terms.draft:
        return "rejected", "draft_promotion"
    if terms.historical:
        return "rejected", "historical_promotion"
    issued_in = {p for code, _, p in world.issued if code == e.promo_code}
    elsewhere = e.promo_code in world.catalogue.by_code or issued_in - {e.promotion_no}
    if e.promotion_id is not None and not shared and elsewhere:
        return "rejected", "identifier_conflict"
    if e.customer_no not in world.known:
        return "pending", "unknown_customer"
    return None


def _count(world: World, assignments: list[AssignmentRow], events: list[EventRow]) -> None:
    days = world.catalogue.days
    places, in_rate, redeemed, promotion_no = {}, 0, 0, 0
    for a in assignments:
        source, day = SOURCES[a.source_no], days.day(a.assigned_us)
        words = (a.tier_id, a.segment, a.channels, a.campaign_id, source, day)
        place = places[a.slot] = Place(*(word or "" for word in words))
        if a.control or a.withdrawn_us is not None or a.assigned_us < TRACKING_US:
            continue
        used = a.redeemed_us is not None
        used_day = days.day(a.redeemed_us) if a.redeemed_us is not None else ""
        standing = AssignmentStanding(place, used, used_day, a.committed_micros, a.currency)
        world.cells.assignment(a.promotion_no, standing, 1)
        in_rate, redeemed = 1, max(redeemed, int(used))
        promotion_no = a.promotion_no
    if in_rate:
        world.cells.customer(promotion_no, in_rate, redeemed)
    for e in events:
        _count_event(world, e, places)


def _count_event(world: World, e: EventRow, places: dict[int, Place]) -> None:
    if e.promotion_no == 0:
        return
    own = Place(e.tier_id or "", "", "", e.campaign_id or "", "", "")
    standing = RedemptionStanding(
        own if e.slot is None else places[e.slot],
        SOURCES[e.source_no],
        world.catalogue.days.day(e.redeemed_us),
        e.outcome,
        bool(e.live),
        e.cost_micros,
        e.currency,
        e.order_micros or 0,
        e.reward_currency or "EUR",
    )
    world.cells.redemption(e.promotion_no, standing, 1)
    if e.outcome not in ("pending", "rejected"):
        latest = max(e.redeemed_us, world.last_events.get(e.promotion_no, e.redeemed_us))
        world.last_events[e.promotion_no] = latest


def write(world: World, folder: Path) -> None:
    """Writes a judged world into the metrics' input files."""
    write_catalogue(world.catalogue, folder)
    write_rows(folder, "issued_code", world.issued)
    write_rows(folder, "known_customer", [(customer_no,) for customer_no in sorted(world.known)])
    write_rows(folder, "ledger_assignment", map(_assignment_input, world.assignments))
    write_rows(folder, "ledger_event", map(_event_input, world.events))
    cells = [(*where, *values) for where, values in world.counters.items()]
    write_rows(folder, "stored_cell", cells)
    write_rows(folder, "stored_last_event", world.last_events.items())


def _assignment_input(a: AssignmentRow) -> Row:
    reported = (a.bucket, a.promotion_no, a.customer_no, a.slot, a.source_no, a.assigned_us)
    words = (a.expires_us, a.public_id, a.campaign_id, a.tier_id, a.segment, a.channels)
    rest = (a.promo_code, a.reward_micros, a.reward_currency, a.max_redemptions, a.control)
    derived = (a.withdrawn_us, a.redeemed_us, a.committed_micros, a.currency)
    return (*reported, *words, *rest, *derived)


def _event_input(e: EventRow) -> Row:
    reported = (e.bucket, e.promotion_no, e.customer_no, e.redeemed_us, e.source_no, e.event_id)
    words = (e.reverses, e.promotion_id, e.promo_code, e.assignment_id, e.campaign_id, e.tier_id)
    rest = (e.reward_micros, e.reward_currency, e.order_micros, e.outcome, e.reason, e.slot)
    return (*reported, *words, *rest, e.live, e.cost_micros, e.currency)
