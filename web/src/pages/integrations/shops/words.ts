import type { Shop } from "../../../api/types";
import type { ShopKind } from "./shops";

/** What people read about the two kinds of shops, and what their messages come to. */

export const NAMES: Record<ShopKind, string> = { shopify: "Shopify", stripe: "Stripe" };

/** Where the address is pasted, which events are chosen there, and where the secret is shown. */
export const PLACES: Record<
  ShopKind,
  { where: string; events: readonly string[]; secret: string; test: string }
> = {
  shopify: {
    where:
      "In Shopify open Settings, Notifications, Webhooks. Create one webhook for each of these events, format JSON, all with this address:",
    events: ["Order payment", "Order update", "Order cancellation"],
    secret: "Shopify shows it on the same page: “Your webhooks will be signed with”.",
    test: "Choose “Send test notification” beside one of the webhooks in Shopify. A test is passed over, and shows that address and secret are right.",
  },
  stripe: {
    where:
      "In Stripe open Developers, Webhooks, and add an endpoint with this address and these events:",
    events: [
      "checkout.session.completed",
      "checkout.session.async_payment_succeeded",
      "charge.refunded",
      "charge.dispute.closed",
      "invoice_payment.paid",
    ],
    secret: "Stripe shows it on the endpoint’s page: “Signing secret”. It begins with whsec_.",
    test: "Pay a checkout with a coupon in Stripe. In test mode it is passed over, unless this workspace is a sandbox; either shows that address and secret are right.",
  },
};

interface Way {
  value: string;
  label: string;
}

/** What a customer may be known by. The shop's own id comes first: it is the choice unless somebody makes another. */
export const CUSTOMERS: Record<ShopKind, readonly Way[]> = {
  shopify: [
    { value: "customer.id", label: "Shopify’s customer id" },
    { value: "customer.email", label: "Email address" },
  ],
  stripe: [
    { value: "customer", label: "Stripe’s customer id (cus_...)" },
    { value: "client_reference_id", label: "client_reference_id of the checkout" },
    { value: "metadata.customer_id", label: "customer_id in the checkout’s metadata" },
    { value: "customer_details.email", label: "Email address" },
  ],
};

export const CODES: readonly Way[] = [
  { value: "coupon", label: "Coupon’s id" },
  { value: "promotion_code", label: "Promotion code’s id (promo_...)" },
];

const REASONS: Record<string, string> = {
  bad_signature:
    "The signature does not fit the secret that is set here. Copy the secret from the shop once more. The shop sends again by itself.",
  test_message:
    "A test has arrived, and its signature is right. Tests count in sandbox workspaces only.",
  no_code: "It was about an order or payment without a code, so there is nothing to count.",
  no_code_yet:
    "Money went back, and no code is known of that payment. Should its checkout come later, it is undone then.",
  other_event: "Nothing follows here from events of this type. The shop need not send them.",
  not_paid_yet: "It is not paid yet. It counts once the shop says that it is.",
  told_by_order_update:
    "A refund alone does not say which codes were used. “Order update” does: have the shop send that.",
};

/** What the last message of a shop came to, in words. */
export function meaningOf(last: NonNullable<Shop["last_message"]>): string {
  const known = REASONS[last.reason ?? ""];
  if (known) return known;
  if (last.outcome === "ignored") return "It was understood, and tells of no use of a code.";
  if (last.outcome === "pending")
    return "It was understood, and waits: its code or its customer is not known here yet. Under Problems you see which, and can say what is meant.";
  if (last.outcome === "rejected") return "It was refused. Under Problems you see why.";
  return "It was understood and is in the figures.";
}

/** Whether a message was signed as it should be: then address and secret are right. */
export const isSigned = (shop: Shop): boolean =>
  Boolean(shop.last_message) && shop.last_message?.outcome !== "refused";
