"""What promotions were set up as at a moment and are not any more, as far as facts are judged by it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from promosight.flows.figures.moments import Moments
from promosight.rules.promotions import Promotion
from promosight.store.tx import Tx

_Codes = set[str]


class SetUpSince:
    """`promotions`: those whose own terms, codes or words were others at the moment, or in between. `codes`: those that
    everybody could use in a promotion then and not now, or now and not then, or only in between.
    """

    def __init__(self, tx: Tx, moments: Moments) -> None:
        self.promotions = set(moments.mapped_otherwise())
        self.codes = _Codes()
        for no, moved in _moved_codes(tx, moments):
            self.codes |= moved
            if moved or moments.now.by_no[no].terms != moments.catalogue.by_no[no].terms:
                self.promotions.add(no)


def _moved_codes(tx: Tx, moments: Moments) -> Iterator[tuple[int, _Codes]]:
    """The promotions that were defined otherwise, each with the codes that it did not have all the time since."""
    had: dict[int, list[_Codes]] = {}
    number = moments.now.workspace.workspace_no
    rows = tx.all("definitions_since", workspace_no=number, known_us=moments.known_us)
    for no, text in rows:
        had.setdefault(no, [set(moments.now.by_no[no].codes)]).append(_codes(text))
    for no, every in had.items():
        yield (
            no,
            {code for one in every for code in one if any(code not in other for other in every)},
        )


def _codes(text: str | None) -> _Codes:
    if text is None:
        return set()
    past = msgspec.json.decode(text, type=Promotion)
    return {code for code in (past.code, past.fallback_code) if code is not None}
