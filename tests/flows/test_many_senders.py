"""Eight senders and two writers at once, their shares overlapping: the figures are those of the set (N1, P4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from promosight.flows.reporting.intake import Delivery, Item
from promosight.flows.reporting.report import report
from promosight.store.engine import open_store
from promosight.store.rows import Arrival
from tests.flows.worlds import (
    NOW_US,
    PROMOTIONS,
    define,
    deliver,
    facts,
    open_workspace,
    shown,
    source_number,
)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_eight_senders_on_two_writers_give_the_figures_of_the_set(
    store_url: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """P4, P6: races are settled by keys and locks; every event is counted once whoever brings it."""
    folder = tmp_path_factory.mktemp("yardstick")
    yardstick = open_store(f"sqlite:///{folder}/promosight.db", now_us=NOW_US)
    calm = open_workspace(yardstick)
    for promotion_id in PROMOTIONS:
        define(yardstick, calm, promotion_id)
    deliver(yardstick, calm, facts(seed, 120, 200))
    expected = shown(yardstick, calm)
    yardstick.close()

    stores = [open_store(store_url, now_us=NOW_US) for _ in range(2)]
    workspace = open_workspace(stores[0])
    arrival = Arrival(workspace.workspace_no, source_number(stores[0], workspace), 0, NOW_US)

    def send(sender: int) -> None:
        random = Random(seed * 100 + sender)
        share: list[Item] = [f for i, f in enumerate(facts(seed, 120, 200)) if (i + sender) % 8 < 3]
        random.shuffle(share)
        store = stores[sender % 2]
        while share:
            size = random.choice([1, 1, 3, 20])
            store.write(report, Delivery(arrival, share[:size]))
            share = share[size:]

    def set_up() -> None:
        for promotion_id in PROMOTIONS:
            define(stores[1], workspace, promotion_id)

    with ThreadPoolExecutor(9) as senders:
        waits = [senders.submit(send, sender) for sender in range(8)] + [senders.submit(set_up)]
        for wait in waits:
            wait.result()
    assert shown(stores[0], workspace) == expected
    for store in stores:
        store.close()
