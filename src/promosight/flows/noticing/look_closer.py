"""Looking closer at a series that is strange: whether the facts say so, too, since when, and where it comes from.

Counters move when facts come; facts say when they happened. So a file of old redemptions is no leap, and what came
late is no drop: what was found holds only where the redemptions of that time, by their own time, are as few or as
many. The facts of one promotion are counted by their words, in one pass, only when something was found.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from promosight.flows.noticing.pace import MOST_FACTS
from promosight.flows.noticing.watching import (
    REDEMPTIONS,
    STREAM,
    UNMATCHED,
    Key,
    Strange,
    is_in_force,
)
from promosight.rules.anomalies import Found, is_enough, scan_score
from promosight.rules.causes import Cause, Line, Words, lines, since, trace
from promosight.rules.exposure import Life, expected_uses
from promosight.rules.instants import DAY_US, HOUR_US
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Tx

_OF_PROMOTION = ("source", "tier", "segment", "channel", "campaign")
_OF_SOURCE = ("promotion", "tier", "segment", "channel", "campaign")
_WEEK_US = 7 * DAY_US
_FINE_US, _COARSE_US = 300_000_000, 900_000_000
_LOOKED_BACK_US = 4 * _WEEK_US
_FINE_FOR_US = 48 * HOUR_US
_OF_NEW, _LEAST_OF_NEW = 0.01, 0.1
_MOST_LIVES = 500_000
"""Of more assignments the ages are not looked at: it would take too long."""
_LARGE = 0.1
"""A promotion with less of what a source sends is taken as it is."""
_LEAST_SCORE = 3.0
"""Facts must make it so many times likelier (as a logarithm) that something changed than that nothing has."""


class Finding(NamedTuple):
    """What was found out. `since_us`: when it began, as exactly as can be said."""

    since_us: int
    expected: float
    actual: float
    cause: Cause
    lines: list[Line]
    shares: dict[str, float]
    """What each source of a promotion, or promotion of a source, has of all that is missing."""


Bins = dict[int, dict[Words, float]]
"""By the beginning of a bin of time, by words: how many redemptions."""


class _Looked(NamedTuple):
    """Counts by words, by bins of time; from `fine_us` on the bins are fine."""

    dimensions: tuple[str, ...]
    bins: Bins
    fine_us: int


def look_closer(tx: Tx, catalogue: Catalogue, strange: Strange, *, until_us: int) -> Finding | None:
    """What the facts say; None where they do not say it, or something explains it."""
    found, batched = strange.found, strange.batched
    late_us = DAY_US if batched else 0  # a batch tells of the day before
    window = (found.began_us - late_us, until_us)
    fine_us = window[0] - 3 * HOUR_US
    if batched or window[1] - window[0] > _FINE_FOR_US:
        fine_us = until_us
    looked = _looked(tx, catalogue, strange.key, (window[0] - _LOOKED_BACK_US, fine_us, until_us))
    usual = _usual(looked.bins, window)
    actual = _between(looked.bins, *window)
    expected_total, actual_total = sum(usual.values()), sum(actual.values())
    if strange.key.kind == REDEMPTIONS:
        expected_total = expected_total if batched else found.expected
        expected_total *= _left(tx, catalogue, strange, strange.key.promotion_no, until_us)
    if strange.key.kind == STREAM:
        usual = _allowed(tx, catalogue, strange, usual, until_us)
        expected_total = sum(usual.values())
    if strange.key.kind == UNMATCHED:
        expected_total, actual_total = found.expected, found.actual
    elif not _holds(found, expected_total, actual_total):
        return None
    counts = _side_by_side(usual, actual, expected_total)
    cause = trace(looked.dimensions, counts, found.direction) or Cause((), 0, 0, 1.0)
    since_us = None
    if looked.fine_us < until_us:
        since_us = _since(looked, cause, counts, found, until_us)
    said = lines(looked.dimensions, counts, found.direction)
    shares = _shares(counts)
    if strange.key.kind == UNMATCHED and not cause.words and len(shares) == 1:
        cause = cause._replace(words=((looked.dimensions[0], tuple(shares)),))
    return Finding(since_us or found.began_us, expected_total, actual_total, cause, said, shares)


def _shares(counts: dict[Words, tuple[float, float]]) -> dict[str, float]:
    missing: dict[str, float] = defaultdict(float)
    for words, (expected, actual) in counts.items():
        missing[words[0]] += expected - actual
    total = sum(missing.values())
    return {word: number / total for word, number in missing.items()} if total else {}


def _allowed(
    tx: Tx, catalogue: Catalogue, strange: Strange, usual: dict[Words, float], until_us: int
) -> dict[Words, float]:
    """What a source is expected to send, less what its promotions may rightly lack (or more)."""
    total = sum(usual.values())
    by_id: dict[str, float] = {}
    for promotion_id in {words[0] for words in usual}:
        no = catalogue.by_id[promotion_id].promotion_no
        by_id[promotion_id] = strange.allowed.get(no, 1.0)
        if sum(n for words, n in usual.items() if words[0] == promotion_id) > _LARGE * total:
            by_id[promotion_id] *= _left(tx, catalogue, strange, no, until_us)
    return {words: number * by_id[words[0]] for words, number in usual.items()}


def _looked(tx: Tx, catalogue: Catalogue, key: Key, at: tuple[int, int, int]) -> _Looked:
    """Facts by their words; where there are too many, or it is about what is no redemption, hours that were read."""
    from_us, fine_us, until_us = at
    reported = _reported(tx, catalogue)
    if key.kind == REDEMPTIONS:
        nos = [key.promotion_no]
    else:
        nos = [
            no
            for no in reported
            if key.source in reported[no] and _may_be_missed(catalogue, no, until_us)
        ]
    dimensions = _OF_PROMOTION if key.kind == REDEMPTIONS else _OF_SOURCE
    if key.kind == UNMATCHED or sum(sum(reported.get(no, {}).values()) for no in nos) > MOST_FACTS:
        return _Looked(dimensions[:1], _hours(tx, catalogue, key, from_us, until_us), until_us)
    bins: Bins = defaultdict(lambda: defaultdict(float))
    for no in nos:
        rows = tx.all(
            "words_of_events",
            promotion_no=no,
            from_us=max(0, from_us),
            fine_us=fine_us,
            until_us=until_us,
            published_import_no=catalogue.workspace.published_import_no,
        )
        for bin_us, source_no, tier, segment, channel, campaign, number in rows:
            source = catalogue.sources[source_no]
            first = source if key.kind == REDEMPTIONS else _named(catalogue, no)
            if key.source in ("", source):
                words = (first, tier or "", segment or "", channel or "", campaign or "")
                bins[bin_us][words] += number
    return _Looked(dimensions, bins, fine_us)


def _reported(tx: Tx, catalogue: Catalogue) -> dict[int, dict[str, int]]:
    """How many events of each promotion came from each source, ever."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for no, source, _, _, reported, _, _ in tx.all(
        "pace_read", workspace_no=catalogue.workspace.workspace_no
    ):
        found[no][source] = reported
    return found


def _hours(tx: Tx, catalogue: Catalogue, key: Key, from_us: int, until_us: int) -> Bins:
    """The hours that were read, by source or by promotion."""
    bins: Bins = defaultdict(lambda: defaultdict(float))
    no, after_us = catalogue.workspace.workspace_no, from_us - 1
    for hour_us, promotion_no, source, _, _, reported, unassigned, pending in tx.all(
        "pace_after", workspace_no=no, after_us=after_us, until_us=until_us
    ):
        if key.kind == REDEMPTIONS and promotion_no == key.promotion_no:
            bins[hour_us][(source,)] += reported
        elif (
            key.source == source
            and key.kind == STREAM
            and _may_be_missed(catalogue, promotion_no, until_us)
        ):
            bins[hour_us][(_named(catalogue, promotion_no),)] += reported
        elif key.source == source and key.kind == UNMATCHED:
            bins[hour_us][(_named(catalogue, promotion_no),)] += max(0, unassigned + pending)
    return bins


def _usual(bins: Bins, window: tuple[int, int]) -> dict[Words, float]:
    """What the same hours of earlier weeks counted, on average; of earlier days where there is no week."""
    known_from_us = min(bins, default=0) // HOUR_US * HOUR_US
    for step_us, most in ((_WEEK_US, 4), (DAY_US, 14)):
        spans = []
        for back in range(1, most + 1):
            begin_us, end_us = (one - back * step_us for one in window)
            if begin_us >= known_from_us and end_us <= window[0]:
                spans.append(_between(bins, begin_us, end_us))
        total: dict[Words, float] = defaultdict(float)
        for span in spans:
            for words, number in span.items():
                total[words] += number / len(spans)
        if total:
            return total
    return {}


def _between(bins: Bins, from_us: int, until_us: int) -> dict[Words, float]:
    found: dict[Words, float] = defaultdict(float)
    for bin_us, counts in bins.items():
        if from_us <= bin_us < until_us:
            for words, number in counts.items():
                found[words] += number
    return found


def _left(tx: Tx, catalogue: Catalogue, strange: Strange, no: int, until_us: int) -> float:
    """How many times as much the assignments of a promotion may rightly bring now as before, by their age: a wave that
    has been used, or has expired, brings less, and a new one more."""
    found, rows = strange.found, tx.all("assigned_of", promotion_no=no)
    assigned = rows[0][0] if rows else 0
    if not assigned or assigned > _MOST_LIVES:
        return 1.0
    rows = tx.all(
        "lives_of_few",
        promotion_no=no,
        tracking_from_us=catalogue.workspace.tracking_from_us,
        published_import_no=catalogue.workspace.published_import_no,
        now_us=until_us,
        before_us=0,
        after_us=0,
    )
    lives = [Life(max(0, row[0]), row[3], row[4], row[8]) for row in rows]
    days = max(1, -(-(until_us - found.began_us) // DAY_US)) + (1 if strange.batched else 0)
    back = 28 if strange.batched else 3
    now = expected_uses(lives, begin=days, end=0, known=days) / days
    before = expected_uses(lives, begin=days + back, end=days, known=days) / back
    if not before:
        return 1.0
    left = now / before
    return min(1.0, left) if found.direction == "drop" else max(1.0, left)


def _holds(found: Found, expected: float, actual: float) -> bool:
    return (
        is_enough(found.direction, expected, actual)
        and scan_score(expected, actual, found.direction) >= _LEAST_SCORE
    )


def _side_by_side(
    usual: dict[Words, float], actual: dict[Words, float], expected_total: float
) -> dict[Words, tuple[float, float]]:
    """By words what was expected, so that it adds up to what was expected of all, and what was counted.

    A little is expected of words that are new, or nothing could be laid at their door.
    """
    every = sorted(usual.keys() | actual.keys())
    little = max(_OF_NEW * sum(usual.values()), _LEAST_OF_NEW) / max(1, len(every))
    expected = {words: usual.get(words, 0.0) or little for words in every}
    scale = expected_total / (sum(expected.values()) or 1.0)
    return {words: (expected[words] * scale, actual.get(words, 0.0)) for words in every}


def _since(
    looked: _Looked,
    cause: Cause,
    counts: dict[Words, tuple[float, float]],
    found: Found,
    until_us: int,
) -> int | None:
    """The five minutes in which it began: what belongs to the cause is compared bin by bin with its hour of before."""
    dimensions, bins, fine_us = looked
    blamed = {words for words in counts if _belongs(dimensions, words, cause)}
    starts = list(range(fine_us // _FINE_US * _FINE_US, until_us, _FINE_US))
    hourly: dict[int, float] = {}
    for hour_us in range(fine_us, until_us, HOUR_US):
        spans = [
            _between(bins, hour_us - back * _WEEK_US, hour_us - back * _WEEK_US + HOUR_US)
            for back in range(1, 5)
        ]
        spans = [span for span in spans if span] or [
            _between(bins, hour_us - back * DAY_US, hour_us - back * DAY_US + HOUR_US)
            for back in range(1, 8)
        ]
        number = sum(n for span in spans for words, n in span.items() if words in blamed)
        hourly[hour_us] = number / len(spans)
    inside = sum(number for hour_us, number in hourly.items() if hour_us >= found.began_us)
    expected_of_cause = sum(counts[words][0] for words in blamed)
    scale = expected_of_cause / inside if inside else 0.0
    expected = [
        scale * hourly[fine_us + (at - fine_us) // HOUR_US * HOUR_US] * _FINE_US / HOUR_US
        for at in (max(start, fine_us) for start in starts)
    ]
    actual = [
        sum(n for words, n in bins.get(start, {}).items() if words in blamed) for start in starts
    ]
    at = since(expected, actual, found.direction)
    return None if at is None else starts[at]


def _belongs(dimensions: tuple[str, ...], words: Words, cause: Cause) -> bool:
    said = dict(cause.words)
    return all(
        dimension not in said or word in said[dimension]
        for dimension, word in zip(dimensions, words, strict=True)
    )


def _may_be_missed(catalogue: Catalogue, promotion_no: int, until_us: int) -> bool:
    return is_in_force(catalogue.by_no.get(promotion_no), until_us - HOUR_US)


def _named(catalogue: Catalogue, promotion_no: int) -> str:
    listed = catalogue.by_no.get(promotion_no)
    return listed.promotion_id if listed is not None else ""


def written(finding: Finding, strange: Strange) -> dict[str, Any]:
    """What is kept of it."""
    cause = finding.cause
    scale = finding.expected / strange.found.expected if strange.found.expected else 1.0
    return {
        "since_us": finding.since_us,
        "expected": finding.expected,
        "actual": finding.actual,
        "cause": [[dimension, list(words)] for dimension, words in cause.words],
        "share": cause.share,
        "others": [[[d, list(w)] for d, w in other] for other in cause.others],
        "lines": [list(line) for line in finding.lines],
        "chart": chart(strange, scale),
        "batched": strange.batched,
        "scale": scale,
    }


def chart(strange: Strange, scale: float) -> list[list[float]]:
    """The slots before and since: when, counted, expected, and the band in which nineteen of twenty lie.

    Since it began what is excused is allowed for, so that slots add up to what is said of all of them.
    """
    found, drawn = strange.found, list[list[float]]()
    for one in strange.watch.lately:
        expected = one.expected
        if one.start_us >= found.began_us:
            expected = one.against(found.direction).scaled(scale)
        drawn.append([one.start_us, one.counted, round(expected.mean, 2), *expected.band()])
    return drawn
