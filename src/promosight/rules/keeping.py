"""For how long what names people is kept: days for each kind of it; nothing said means for ever.

Facts are kept in any case, because the figures are made of them. A customer is forgotten as by an erasure: under a
random name, with every fact in its place.
"""

from __future__ import annotations

import msgspec

from promosight.errors import Invalid
from promosight.rules.instants import DAY_US

LEAST_DAYS_OF_CUSTOMERS = 30
LEAST_DAYS_OF_PAYMENTS = 30
_MOST_DAYS = 36_500


class Retention(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Days, or None for ever.

    `refused_days`: payloads that were refused, and the last tests of sources. `answers_days`: answers to retries
    under an Idempotency-Key. `traces_days`: the words of decisions. `payments_days`: what shops said of a payment,
    counted from the last of it; a refund after that finds no redemption. `customers_days`: the identifiers of
    customers, counted from the end of the last promotion that they have a part in.
    """

    refused_days: int | None = None
    answers_days: int | None = None
    traces_days: int | None = None
    payments_days: int | None = None
    customers_days: int | None = None

    def check(self) -> None:
        """Raises Invalid naming the field."""
        for name, days in msgspec.structs.asdict(self).items():
            if days is not None and not 1 <= days <= _MOST_DAYS:
                raise Invalid(f"must be from 1 to {_MOST_DAYS}, or null", pointer=f"/{name}")
        if self.payments_days is not None and self.payments_days < LEAST_DAYS_OF_PAYMENTS:
            why = f"must be at least {LEAST_DAYS_OF_PAYMENTS}: refunds name payments of before"
            raise Invalid(why, pointer="/payments_days")
        limit = self.customers_days
        if limit is None:
            return
        if limit < LEAST_DAYS_OF_CUSTOMERS:
            why = f"must be at least {LEAST_DAYS_OF_CUSTOMERS}: late reports name people"
            raise Invalid(why, pointer="/customers_days")
        for name in ("refused_days", "answers_days"):
            days = getattr(self, name)
            if days is None or days > limit:
                why = "must not be more than customers_days: what is kept there names customers too"
                raise Invalid(why, pointer=f"/{name}")


def before(days: int | None, now_us: int) -> int | None:
    """The moment before which nothing is kept; None where everything is."""
    return None if days is None else now_us - days * DAY_US
