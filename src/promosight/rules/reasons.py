"""Reasons in plain words: what an outcome's reason means, for its sender, and what to do about it, for a marketer."""

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
    "other_event": "it is about no coupon, so nothing is done with it",
}
"""Every reason the product gives, in the sender's language."""

ADVICE = {
    "invalid": "Ask whoever runs this source to mend the field that is named and send the event again.",
    "backdated": "Nothing to do: redemptions from before tracking began are left out on purpose. "
    "If many come, ask whether the source is sending old data again.",
    "historical_promotion": "Nothing to do: the promotion had ended before tracking began. "
    "If it should still run, correct the end in the promotion's definition.",
    "future": "Ask whoever runs this source to set its clock right and send the event again.",
    "identifier_conflict": "Find out which promotion or customer is meant. Move the code to the right promotion, "
    "or have the source correct the event.",
    "draft_promotion": "Activate the promotion: its redemptions then count by themselves.",
    "event_conflict": "The first version counts. If the second is right, ask the source to reverse the first "
    "and report a new event under an id of its own.",
    "unknown_promotion": "Create the promotion under exactly this id or code, or say which promotion is meant by it: "
    "it then counts by itself. Have the source correct the id.",
    "unknown_customer": "Import the customer, or report the assignment: the redemption then counts by itself.",
    "unknown_original": "Wait for the redemption it reverses, or ask the source to send that: "
    "the reversal then takes effect by itself.",
    "code_mismatch": "Somebody used a code that was issued to another customer. Find out whether codes are passed on, "
    "and have the redemption reversed if it is abuse.",
    "control_contamination": "A customer of the control group got the offer all the same. Check who it is shown to: "
    "each such case blurs the comparison with the control group.",
    "value_mismatch": "The reported value is used. Compare the reward in the promotion with what the source pays out.",
    "other_event": "Nothing to do: only applied and removed coupons are looked at here, whatever else is sent.",
    "code_taken": "Another promotion has this code already. Choose another code and load the row again.",
    "mapped": "This id was said to mean another promotion. End that mapping under Problems, and load the row again.",
    "archived": "An archived promotion is final. Duplicate it, and load the row under the new id.",
    "status": "A promotion that was active cannot be a draft again, which it is where no status is named. "
    "Name its status.",
    "tiers_frozen": "Tiers are fixed when a promotion is first activated. "
    "Duplicate it to change them, or leave them as they are.",
}
"""What to do, in a marketer's language, by reason; those of refused promotions too."""

_BY_OUTCOME = {
    "pending": "Nothing is lost: it counts by itself as soon as what it waits for is there.",
    "flagged": "It costs but is kept out of the rate. Find out whether it is abuse.",
    "rejected": "It does not count. Have it corrected and sent again.",
}
"""The same where no reason is known."""


def explain(reason: str | None, detail: str = "") -> str:
    """The sentence for a reason; `detail`, where there is one, says more precisely."""
    return detail or REASONS.get(reason or "", "")


def advise(outcome: str, reason: str | None) -> str:
    """What to do about a problem."""
    return ADVICE.get(reason or "") or _BY_OUTCOME.get(outcome, "")
