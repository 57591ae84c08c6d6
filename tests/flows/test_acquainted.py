"""Customers named by the thousand: each row's number is its customer's, whatever is kept and let go meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from msgspec.structs import replace

from promosight.flows.ledger import acquainted as at
from promosight.flows.ledger.acquainted import NOBODY, Acquainted, acquainted
from promosight.flows.ledger.naming import name_known
from promosight.flows.reporting.many import firsts_of
from promosight.rules.identity import customer_number
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store, open_store
from promosight.store.tx import Tx
from tests.flows.worlds import NOW_US, open_workspace


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url, now_us=NOW_US)
    yield opened
    opened.close()


@pytest.mark.parametrize("lets_go", [0, 1, 3])
def test_numbers_stand_in_the_place_of_who_is_named(lets_go: int) -> None:
    """Also where half of those who were kept are let go before each batch, or nearly all."""
    known = Acquainted(1)
    for named in (["a", "b"], ["b", None, "c", "d", "b"], ["a", "e", None], ["f"] * 3, []):
        wanted = [NOBODY if one is None else customer_number("w", one) for one in named]
        for _ in range(lets_go):
            known.let_go()
        numbers, met = known.numbered("w", named)
        assert numbers.tolist() == wanted
        assert not met.any()


def test_who_is_known_is_known_under_one_number_until_forgotten() -> None:
    known = Acquainted(1)
    known.numbered("w", ["a", "b"])
    known.meet({"a": 7, "c": 0})
    numbers, met = known.numbered("w", ["c", "a", None, "b"])
    assert numbers.tolist() == [0, 7, NOBODY, customer_number("w", "b")]
    assert met.tolist() == [True, True, False, False]
    known.forget({"c", "b", "nobody"})
    numbers, met = known.numbered("w", ["a", "c", "b"])
    assert numbers.tolist() == [7, 0, customer_number("w", "b")]
    assert met.tolist() == [True, False, False]


def test_what_is_kept_of_all_workspaces_is_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own, of one version of its catalogue."""
    monkeypatch.setattr(at, "KEPT", 1_000)
    workspace = open_workspace(store)
    another = replace(workspace, workspace_no=2, workspace_id="another")
    ids = [f"c-{one}" for one in range(700)]
    wanted = {one.workspace_no: numbers_in(one, ids) for one in (workspace, another)}

    def name(tx: Tx) -> int:
        for one in (workspace, another) * 3:
            numbers, _ = acquainted(tx, one).numbered(one.workspace_id, ids)
            assert numbers.tolist() == wanted[one.workspace_no]
        return sum(len(acquainted(tx, one)) for one in (workspace, another))

    assert store.change(name) <= 1_000
    newer = replace(workspace, catalogue_version=workspace.catalogue_version + 1)
    assert store.change(lambda tx: len(acquainted(tx, newer))) == 0


def numbers_in(workspace: Workspace, ids: list[str]) -> list[int]:
    return [customer_number(workspace.workspace_id, one) for one in ids]


def test_customers_of_one_number_have_their_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of them moved on to the next free one; batch after batch, whoever of them is kept and let go."""

    def few(workspace_id: str, customer_ids: list[str]) -> bytes:
        return b"".join([(2 * (hash(one) % 4)).to_bytes(8, "big") for one in customer_ids])

    monkeypatch.setattr(at, "customer_digests", few)
    workspace, found = open_workspace(store), dict[str, int]()
    ids = [f"c-{one}" for one in range(30)]
    for some in (ids[:9], ids[5:20], ids[:1], ids, ids):
        numbers = store.change(partial(name_known, workspace=workspace, customer_ids=some))[1]
        for one, number in zip(some, numbers.tolist(), strict=True):
            assert found.setdefault(one, number) == number
        store.change(lambda tx: acquainted(tx, workspace).let_go())
    assert len(set(found.values())) == len(ids)
    stored = store.read(lambda tx: tx.all_for("customers_of", [(no,) for no in found.values()]))
    assert {row[1]: row[0] for row in stored} == found


def test_whom_a_transaction_named_that_was_rolled_back_is_not_known(store: Store) -> None:
    """In the next one they are added as if nobody had named them."""
    workspace = open_workspace(store)

    def fail(tx: Tx) -> None:
        name_known(tx, workspace, ["a", "b"])
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        store.change(fail)
    named = store.change(lambda tx: name_known(tx, workspace, ["a", "b", "c"])[0].newly_named)
    assert len(named) == 3
    stored = store.read(lambda tx: tx.all_for("customers_of", [(no,) for no in named]))
    assert {row[1] for row in stored} == {"a", "b", "c"}


@pytest.mark.parametrize("values", [1, 5, 300, 3_000])
def test_the_first_row_of_each_value_is_found_wherever_it_stands(values: int) -> None:
    """In the beginning, in rows far behind it, and where there are many."""
    column = [f"p-{row * row % values}" for row in range(2_500)] + [None, "late", "late"]
    assert firsts_of(column) == {one: column.index(one) for one in column}
