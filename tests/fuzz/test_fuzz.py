"""A short fuzz run over every door, in every run of the suite. `./dev fuzz --inputs 1000000` is the long one."""

from __future__ import annotations

from pathlib import Path

from promosight.api.routes import ROUTES
from tests.fuzz.apart import Readers, tasks_of
from tests.fuzz.book import Book
from tests.fuzz.run import serving

SEED = 20261126
READ, EACH_ROUTE, TORN = 12_000, 10, 500


def test_whatever_a_reader_is_given_it_answers_with_items_or_an_error_of_ours(
    tmp_path: Path,
) -> None:
    """P1, P16: JSON, NDJSON, CSV, Parquet, archives, backups: bounded in time and memory."""
    book = Book(SEED)
    Readers(SEED, tasks_of(READ), book).finish()
    assert book.finds == [], book.told()
    assert sum(book.inputs.values()) > READ * 0.9, book.told()


def test_whatever_comes_over_the_wire_is_answered_as_a_mistake_of_the_caller(
    store_url: str, tmp_path: Path
) -> None:
    """P16: every route and broken HTTP: no unexpected 5xx, no hang; afterwards figures are what the facts say."""
    book = Book(SEED)
    with serving(store_url.split(":")[0], store_url, tmp_path, book) as served:
        served.settle_in()
        served.ask_routes(SEED, ROUTES, EACH_ROUTE)
        served.tear_all(SEED, range(TORN))
        served.look_over()
    assert book.finds == [], book.told()
