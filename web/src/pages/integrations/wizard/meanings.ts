import type { SourceTest } from "../../../api/types";
import { sentence } from "../../../format";

interface Meaning {
  /** What it means that the test came to this. */
  says: string;
  /** What to do about it; empty where there is nothing to do. */
  next: string;
}

const GO_ON = "Everything is in place: go on to the next step.";

const BY_OUTCOME: Record<string, Meaning> = {
  counted: {
    says: "Understood and matched to an assignment. Live, it would have raised the redemption rate.",
    next: GO_ON,
  },
  duplicate: {
    says: "An event with this id and content has been reported before. Sending again is safe: it has no effect.",
    next: "Use a new event id for each redemption, and the same id only to retry.",
  },
  excess: {
    says: "Understood, but this customer has used up the assignment. Live, it would be shown as excess: in the cost, and not in the rate.",
    next: "That is fine for a test. Try a customer who has not redeemed to see one counted.",
  },
  unassigned: {
    says: "Understood, but this customer has no assignment of this promotion. Live, it would be shown as unassigned, and counted as soon as the assignment arrives.",
    next: "That is fine for a test. Report assignments too, or try a customer who was assigned.",
  },
};

const BY_REASON: Record<string, Meaning> = {
  unknown_customer: {
    says: "Understood. In real life it would wait until this customer is known, and count then.",
    next: "That is fine for a test. Check that the customer's id is the one that assignments carry.",
  },
  unknown_promotion: {
    says: "Understood. In real life it would wait until this promotion is known, and count then.",
    next: "Check that the promotion's id or code is spelled as under Promotions.",
  },
  unknown_original: {
    says: "Understood. This reversal would wait until the redemption it undoes has come.",
    next: "Send the redemption with that event id, or check the id in “reverses”.",
  },
  code_mismatch: {
    says: "Understood, but the personal code belongs to another customer. It would be kept and shown as possible abuse.",
    next: "Send the code that was issued to this customer.",
  },
  control_contamination: {
    says: "Understood, but this customer is in the control group and should have no offer. It would be kept and flagged.",
    next: "That is fine for a test. Try a customer who got the offer.",
  },
  backdated: {
    says: "It was redeemed before redemptions are tracked, so it would be refused: tracking goes forward only.",
    next: "Send the time at which the reward is redeemed, for example now.",
  },
  historical_promotion: {
    says: "The promotion ended before redemptions are tracked, so it would be refused.",
    next: "Try a promotion that is running.",
  },
  future: {
    says: "It lies more than 5 minutes in the future, so it would be refused.",
    next: "Check the clock of the sending system, and the offset in its times.",
  },
  draft_promotion: {
    says: "The promotion is still a draft, so it would be refused.",
    next: "Activate the promotion, or try one that is active.",
  },
  identifier_conflict: {
    says: "Its identifiers name different promotions or customers, so it would be refused.",
    next: "Let promotion, code and assignment agree, or send one of them only.",
  },
  event_conflict: {
    says: "This event id came before with other content, which stands. This one would be refused.",
    next: "Use a new event id for each redemption.",
  },
};

/** What a test came to, in words, and what to do about it. */
export function meaning(test: SourceTest): Meaning {
  const known = BY_REASON[test.reason ?? ""] ?? BY_OUTCOME[test.outcome];
  if (known) return known;
  const detail = test.detail && sentence(test.detail);
  if (test.outcome === "rejected")
    return {
      says: detail || "It could not be understood, so it would be refused.",
      next: "Mend what it names, and send the event again.",
    };
  return { says: detail || "It has arrived.", next: "" };
}
