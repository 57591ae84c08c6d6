"""The storm over HTTP: eight senders, single events and batches, everything twice, on one server or two."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import httpx

from promosight.flows.figures.breakdowns import DIMENSIONS
from tests.api.server import new_workspace, serving
from tests.flows.worlds import PROMOTIONS, Source

Sent = tuple[str, dict[str, Any]]


def _reports(seed: int) -> list[Sent]:
    source = Source(seed)
    given = [source.assignment(number) for number in range(80)]
    used = [source.redemption(number, given) for number in range(120)]
    undone = [source.reversal(number) for number in range(20)]
    return [("/v1/assignments", one) for one in given] + [
        ("/v1/redemptions", one) for one in (*used, *undone)
    ]


def _define(client: httpx.Client) -> None:
    for promotion_id, definition in PROMOTIONS.items():
        assert client.put(f"/v1/promotions/{promotion_id}", json=definition).status_code < 300


def _shown(client: httpx.Client) -> list[bytes]:
    """The breakdowns as bytes, and the list without what follows the clock on the wall."""
    items = client.get("/v1/promotions").json()["items"]
    for item in items:
        del item["created_at"], item["updated_at"]
        for usage in item["figures"]["usage"]:
            del usage["forecast"]  # another one each quarter of an hour
    parts = [
        client.get(f"/v1/promotions/{item['promotion_id']}/breakdown", params={"by": by}).content
        for item in items
        for by in DIMENSIONS
    ]
    return [repr(items).encode(), *parts]


def test_any_storm_gives_the_bytes_of_a_calm_day(store_url: str, tmp_path: Path) -> None:
    """S5, S12, S14, S15, P3, P4, P6, N1: the same facts, the same bytes, whoever brings them and how."""
    calm_url = f"sqlite:///{tmp_path}/calm/promosight.db"
    with serving(calm_url, new_workspace(calm_url)) as calm:
        _define(calm)
        for path, one in _reports(5):
            assert calm.post(path, json=one).status_code in (200, 422)
        expected = _shown(calm)

    key = new_workspace(store_url)
    servers = 2 if store_url.startswith("postgresql") else 1
    with ExitStack() as stack:
        doors = [stack.enter_context(serving(store_url, key)) for _ in range(servers)]

        def send(sender: int) -> None:
            door, random = doors[sender % servers], Random(sender)
            share = [r for i, r in enumerate(_reports(5)) if (i + sender) % 8 in (0, 3)]
            random.shuffle(share)
            while share:
                path, one = share.pop()
                alike = [r for p, r in share[-9:] if p == path] if random.random() < 0.3 else []
                share = [r for r in share if r[1] not in alike]
                body = [one, *alike] if alike else one
                assert door.post(path, json=body).status_code in (200, 422)

        with ThreadPoolExecutor(9) as senders:
            waits = [senders.submit(send, sender) for sender in range(8)]
            waits.append(senders.submit(_define, doors[-1]))
            for wait in waits:
                wait.result()
        assert _shown(doors[0]) == expected
