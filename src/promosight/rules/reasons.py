"""Reasons in plain words: what an outcome's reason means and how to mend it."""

from __future__ import annotations

REASONS = {
    "invalid": "a field is missing or wrong; mend it and send the event again",
    "backdated": "it was redeemed before the start of tracking, which never moves back",
    "historical_promotion": "the promotion ended before the start of tracking",
    "future": "it lies more than 5 minutes ahead; check the sender's clock",
    "identifier_conflict": "its identifiers name different promotions or customers",
    "draft_promotion": "the promotion is still a draft; the event counts once it is activated",
    "event_conflict": "this id came before with other content; the first content stands",
    "unknown_promotion": "nobody has defined this promotion yet; it counts once somebody does",
    "unknown_customer": "nothing but redemptions names this customer yet; it counts once one does",
    "unknown_original": "the redemption it reverses has not come yet; it takes effect when it does",
    "code_mismatch": "the personal code was issued to another customer",
    "control_contamination": "the customer is in the control group and should have no offer",
    "value_mismatch": "the reward's value differs from the one assigned; the reported one is used",
}
"""Every reason the product gives, in the sender's language."""


def explain(reason: str | None, detail: str = "") -> str:
    """The sentence for a reason; `detail`, where there is one, says more precisely."""
    return detail or REASONS.get(reason or "", "")
