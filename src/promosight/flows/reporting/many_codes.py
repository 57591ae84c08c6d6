"""The promotions of thousands of redemptions, of which some name a code: their own, or one that everybody may use.

What a code says is decided here for all rows at once, as `take_events` and `settling` decide it for one. A row is given
its promotion only where its code does not make it another matter than a redemption that names the promotion: a code of
the promotion, one that was issued to this customer or lies in the pool, or one that nobody knows beside an id. All
other rows wait or are refused or flagged for their code, whatever else is told of their group, and take nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np

from promosight.flows.reporting.many import Many
from promosight.flows.reporting.plain import Plain
from promosight.rules.numbers import Marks, Numbers
from promosight.rules.repeated import Repeated, values_of
from promosight.rules.sheets import picked, says_nothing

NONE = -1
"""No promotion that is in force, or one that is not plain to see."""
_PERSONAL, _UNKNOWN, _FOREIGN = -2, -3, -4
"""In the place of a promotion's number: of a code that is not shared, that nobody knows, that others have."""


def promotions_of(plain: Plain, many: Many, numbers: Numbers) -> Numbers:
    """The promotion of each row that is in force and that its code, where it names one, makes no other matter.

    `numbers` has the number of each row's customer, below zero where the row is alone.
    """
    named, codes = many.column("promotion_id"), many.column("promo_code")
    open_nos = plain.catalogue.open_nos
    said = values_of(named)
    no = np.fromiter(map(open_nos.get, said, repeat(NONE)), np.int64, len(said))
    if isinstance(named, Repeated):
        no = no[named.which]
    if says_nothing(codes):
        return no
    coded, of_code = _said(codes), _shared(plain, codes)
    if len(rows := np.flatnonzero(coded & (of_code == _PERSONAL) & (numbers >= 0))):
        of_code[rows] = _personal(plain, picked(codes, rows.tolist()), numbers[rows])
    named_too = _said(named)
    agreed = np.where(named_too, no == of_code, np.isin(of_code, [*open_nos.values()]))
    # A code that nobody knows says nothing, as long as it is so; alone it leads nowhere.
    unsaid = (of_code == _UNKNOWN) & named_too
    return np.where(coded, np.where(agreed, of_code, np.where(unsaid, no, NONE)), no)


def _said(column: Sequence[str | None]) -> Marks:
    if says_nothing(column):
        return np.zeros(len(column), np.bool_)
    return np.array([one is not None for one in column], np.bool_)


def _shared(plain: Plain, codes: Sequence[str | None]) -> Numbers:
    """The promotion of each code that everybody may use."""
    by_code = plain.catalogue.by_code
    nos: dict[str | None, int] = {}
    if len(by_code) < len(codes):
        nos.update((code, listed.promotion_no) for code, listed in by_code.items())
    else:
        told = {code for code in codes if code is not None} & by_code.keys()
        nos.update((code, by_code[code].promotion_no) for code in told)
    return np.fromiter(map(nos.get, codes, repeat(_PERSONAL)), np.int64, len(codes))


def _personal(plain: Plain, codes: Sequence[str], customer_nos: Numbers) -> Numbers:
    """The promotion of each code as its customer may use it."""
    found = np.full(len(codes), _FOREIGN, np.int64)
    asked = codes, customer_nos, np.arange(len(codes))
    workspace_no = plain.workspace_no
    own = plain.tx.all_by_column("codes_of_customers", asked, workspace_no=workspace_no)
    if own:
        places, nos = zip(*own, strict=True)
        found[[*places]] = nos
    if len(own) < len(codes):
        others = np.flatnonzero(found == _FOREIGN).tolist()
        known = _pooled(plain, {codes[place] for place in others})
        found[others] = [known[codes[place]] for place in others]
    return found


def _pooled(plain: Plain, codes: set[str]) -> dict[str, int]:
    """The promotion of each of these where it lies in the pool and nobody has it."""
    found = dict.fromkeys(codes, _UNKNOWN)
    asked = [(code,) for code in sorted(codes)]
    for code, customer_no, no in plain.tx.all_for(
        "code_samples", asked, workspace_no=plain.workspace_no
    ):
        found[code] = _FOREIGN if customer_no else no
    return found
