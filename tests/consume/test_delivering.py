"""A batch is reported until every message is answered for, through whatever the line does to it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import pytest

from promosight.client.errors import NotAllowed
from promosight.client.line import Line, Timing
from promosight.consume.delivering import Delivery, NotTaken, Refused
from promosight.consume.messages import Message, Told, told
from tests.client.served import Served
from tests.client.troubles import BUSY, LOST, PORTAL, TOO_LARGE, UNANSWERED, Troubled

_offsets = itertools.count()


class Delivering:
    """A delivery to a server over a troubled line, and what was said meanwhile."""

    def __init__(
        self, server: Served, troubles: Sequence[str] = (), key: str | None = None
    ) -> None:
        self.line = Troubled(troubles)
        self.held: list[tuple[float, str]] = []
        self.refused: list[Refused] = []
        self._opened = Line(server.address, key or server.key, 60.0, self.line)
        self.delivery = Delivery(
            self._opened,
            "redemptions",
            hold=lambda seconds, why: self.held.append((seconds, why)),
            refused=self.refused.append,
            timing=Timing(random=lambda: 0.0),
        )

    def deliver(self, batch: Sequence[Told]) -> None:
        try:
            self.delivery.deliver(batch)
        finally:
            self._opened.close()


def events(promotion_id: str, count: int) -> list[Told]:
    said = {"promotion_id": promotion_id, "customer_id": "ann"}
    said["redeemed_at"] = "2026-11-20T10:00:00Z"
    return [poison(json.dumps(said).encode()) for _ in range(count)]


def poison(value: bytes) -> Told:
    return told(Message("t", 0, next(_offsets), value, {}), "redemptions")


@pytest.mark.parametrize("trouble", [LOST, UNANSWERED, BUSY, PORTAL])
def test_what_passes_is_waited_for_and_tried_again(server: Served, trouble: str) -> None:
    """P2, P3: lost, shed by the server, or taken with the answer lost: counted once."""
    batch = events(server.promotion(), 20)
    told_of = Delivering(server, [trouble, trouble])
    told_of.deliver(batch)
    outcome = "duplicate" if trouble == UNANSWERED else "pending"
    assert told_of.delivery.outcomes == {outcome: 20}
    assert [seconds for seconds, _ in told_of.held] == ([7.0] * 2 if trouble == BUSY else [0.0] * 2)


def test_what_is_too_large_goes_in_halves(server: Served) -> None:
    batch = events(server.promotion(), 5)
    told_of = Delivering(server, [TOO_LARGE, TOO_LARGE])
    told_of.deliver(batch)
    assert told_of.delivery.outcomes == {"pending": 5}
    assert told_of.line.sizes == [1, 1, 3]


def test_a_single_message_that_is_too_large_is_kept_as_far_as_it_goes(server: Served) -> None:
    only = events(server.promotion(), 1)
    told_of = Delivering(server, [TOO_LARGE])
    told_of.deliver(only)
    assert [one.message for one in told_of.refused] == [only[0].message]
    with server.admin() as http:
        kept = http.get("/v1/problems?outcome=rejected&limit=1000").json()["items"]
    assert [one for one in kept if one["payload"].startswith(f"{only[0].message.place}: {{")]
    with pytest.raises(NotTaken):
        Delivering(server, [TOO_LARGE, TOO_LARGE]).deliver(only)


def test_a_key_that_may_not_ends_it(server: Served) -> None:
    with pytest.raises(NotTaken) as caught:
        Delivering(server, key="ps_unknown").deliver(events("P", 1))
    assert isinstance(caught.value.problem, NotAllowed)


def test_what_cannot_be_read_costs_none_of_its_neighbours(server: Served) -> None:
    """P2: a verdict for each, and what is refused is kept with its reason."""
    good = events(server.promotion(), 3)
    bad = [poison(value) for value in (b"", b"\xff\xfe", b"[]", b"null", b'{"a":"\xff"}', b"{}")]
    mixed = [good[0], bad[0], bad[1], good[1], *bad[2:], good[2]]
    told_of = Delivering(server)
    told_of.deliver(mixed)
    assert told_of.delivery.outcomes == {"pending": 3, "rejected": len(bad)}
    assert [one.message for one in told_of.refused] == [one.message for one in bad]


def test_envelopes_and_lines_of_one_batch_are_told_apart(server: Served) -> None:
    """P22: each message by its own headers."""
    promotion_id = server.promotion()
    data = {"promotion_id": promotion_id, "redeemed_at": "2026-11-20T10:00:00Z"}
    heads = {
        f"ce_{name}": value.encode()
        for name, value in {
            "specversion": "1.0",
            "source": "/till",
            "subject": "ann",
            "type": "promotion.redeemed",
        }.items()
    }
    envelopes = [
        Message("t", 1, n, json.dumps(data).encode(), heads | {"ce_id": str(n).encode()})
        for n in range(3)
    ]
    broken = envelopes[0]._replace(headers={**envelopes[0].headers, "ce_type": b"something.else"})
    batch = [told(one, "redemptions") for one in (*envelopes, broken)]
    told_of = Delivering(server)
    told_of.deliver([*batch, *events(promotion_id, 2)])
    assert told_of.delivery.outcomes == {"pending": 5, "rejected": 1}
    assert [(one.message, one.why.pointer) for one in told_of.refused] == [(broken, "/type")]
