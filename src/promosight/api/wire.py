"""What the API answers, as types: the OpenAPI document is made from them, and a test holds every answer to them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from promosight.flows.figures.of_promotions import Figures
from promosight.flows.figures.show_alerts import Alert
from promosight.rules.promotions import Promotion


class Wire(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An answer has these fields and no others."""


class ImportAnswer(Wire):
    """A file: how far it is (`waiting`, `running`, `done`, `failed`, `abandoned`) and what became of its rows.

    `rate` is in rows a second. `resumed` says how often it was begun anew after the server had stopped; rows that
    an earlier run took are duplicates then, `taken_earlier` of them. `detail` says why it failed.
    """

    import_id: str
    kind: str
    source: str
    name: str
    state: str
    rows_read: int
    outcomes: dict[str, int]
    taken_earlier: int
    reasons: dict[str, dict[str, int]]
    problems: int
    rate: float | None
    eta_seconds: float | None
    bytes_read: int
    bytes_total: int | None
    resumed: int
    received_at: str
    started_at: str | None
    finished_at: str | None
    detail: str | None


class ImportPage(Wire):
    """A page of imports, those of the command line too."""

    items: list[ImportAnswer]
    next: str | None


class WithdrawnAnswer(Wire):
    """An assignment that has left the rate."""

    assignment_id: str
    withdrawn_at: str


class ReservationAnswer(Wire):
    """A reward held for a customer: `held`, `confirmed` (then with its assignment), `released` or `expired`.

    `possible`, and without an id, for a dry run.
    """

    reservation_id: str | None
    state: str
    promotion_id: str
    customer_id: str
    tier_id: str | None
    reward_value: str | None
    currency: str
    expires_at: str
    assignment_id: str | UnsetType = UNSET


class PromotionAnswer(Promotion, kw_only=True, forbid_unknown_fields=True):
    """A promotion with its figures. `trend`, with `?trend=DAYS`: live redemptions a day, the oldest day first."""

    promotion_id: str
    created_at: str
    updated_at: str
    figures: Figures
    trend: list[int] | UnsetType = UNSET


class PromotionPage(Wire):
    """A page of promotions; `next` is the cursor of the following one, `total` how many matched.

    Everything acknowledged before `as_of` is in the figures.
    """

    items: list[PromotionAnswer]
    next: str | None
    total: int
    as_of: str


class AlertPage(Wire):
    """A page of alerts."""

    items: list[Alert]
    next: str | None


class CodesAnswer(Wire):
    """How many personal codes came, and how many of them are new."""

    received: int
    added: int


class RejectionAnswer(Wire):
    """An element that was refused under this id, and what was sent."""

    source: str
    kind: str
    reason: str
    pointer: str
    detail: str
    payload: str
    received_at: str
    times: int


class EventAnswer(Wire):
    """One event as it stands; of one that was only ever rejected, less is known. `problem_id`: to ask for reasons."""

    event_id: str
    source: str
    outcome: str
    reason: str | None
    received_at: str
    rejections: list[RejectionAnswer]
    detail: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    promotion_id: str | UnsetType | None = UNSET
    customer_id: str | UnsetType | None = UNSET
    assignment_id: str | UnsetType | None = UNSET
    live: bool | UnsetType = UNSET
    reversed_by: list[str] | UnsetType = UNSET
    cost: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    redeemed_at: str | UnsetType | None = UNSET
    reported: dict[str, Any] | UnsetType = UNSET
    also_in: list[str] | UnsetType = UNSET
    problem_id: str | UnsetType = UNSET


class InboxItem(Wire):
    """One problem: what was reported, why it does not count as it is (`detail`), and what to do (`advice`)."""

    problem_id: str
    source: str
    outcome: str
    reason: str
    received_at: str
    stale: bool
    kind: str
    event_id: str | None
    promotion_id: Any
    customer_id: Any
    payload: Any
    pointer: str
    detail: str
    advice: str
    line: int | None
    times: int


class InboxCount(Wire):
    """How many problems of a kind there are."""

    outcome: str
    reason: str
    source: str
    count: int


class InboxPage(Wire):
    """A page of problems, and how many there are of each kind."""

    items: list[InboxItem]
    next: str | None
    counts: list[InboxCount]


class ReplayAnswer(Wire):
    """How many refused elements were sent through again, and what became of them.

    `left`: how many more there are, since one replay takes 10,000 at most; send `next` as `cursor` to go on.
    """

    replayed: int
    outcomes: dict[str, int]
    left: int
    next: str | None


class MappingAnswer(Wire):
    """What a word means, told in a field by a source (null: by any); since when and by whose word, and until when."""

    mapping_id: str
    field: Literal["promotion_id", "promo_code"]
    word: str
    source: str | None
    promotion_id: str
    created_at: str
    created_by: str
    ended_at: str | None
    ended_by: str | None


class NewMappingAnswer(MappingAnswer):
    """The same, and how many redemptions had waited for it."""

    moved: int


class MappingPage(Wire):
    """All mappings, the newest first."""

    items: list[MappingAnswer]
    next: str | None


class CustomerAnswer(Wire):
    """What the brand said of a customer; `known` is false while only redemptions have named it."""

    customer_id: str
    known: bool
    attributes: dict[str, Any]
    segments: list[str]
    opt_outs: list[str]


class WorkspaceAnswer(Wire):
    """A workspace's settings."""

    workspace: str
    name: str
    time_zone: str
    currency: str
    week_start: str
    tracking_from: str
    sandbox: bool
    created_at: str


class UnknownField(Wire):
    """A name that is no field where it stands, and kept nowhere; `detail` says what was probably meant."""

    pointer: str
    detail: str


class SourceTest(Wire):
    """What the last event that a source sent with `?dry_run=true` would have come to.

    `unknown_fields`: names in it that are no field, where it came as JSON.
    """

    event_id: str | None
    outcome: str
    reason: str | None
    detail: str
    received_at: str
    promotion_id: str | None
    customer_id: str | None
    unknown_fields: list[UnknownField]


class SourceAnswer(Wire):
    """A system that reports. `state` is `setup` until it went live; from `due_at` on its silence is `overdue`."""

    name: str
    cadence: Literal["realtime", "hourly", "daily"]
    state: str
    live_since: str | None
    last_heard_at: str | None
    overdue: bool
    due_at: str | None
    test: SourceTest | None
    created_at: str


class SourcePage(Wire):
    """All sources."""

    items: list[SourceAnswer]
    next: str | None


class ActivityItem(Wire, rename={"from_": "from"}):
    """What came within the hour or day that begins at `from`: how many items were answered with each outcome."""

    from_: str
    outcomes: dict[str, int]


class ActivityAnswer(Wire):
    """What a source sent, the earliest first; without the hours or days in which it sent nothing.

    An assignment that was taken is `assigned` here, so that it is not added to the redemptions that are `counted`;
    what came with `?dry_run=true` is `test`.
    """

    source: str
    by: Literal["hour", "day"]
    items: list[ActivityItem]


class PeriodAnswer(Wire, rename={"from_": "from"}):
    """A period declared covered."""

    from_: str
    to: str


class KeyAnswer(Wire):
    """A key without its secret; `state` is active, expired or revoked."""

    key_id: str
    name: str
    source: str | None
    scopes: list[str]
    ip_ranges: list[str]
    state: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class KeyPage(Wire):
    """All keys."""

    items: list[KeyAnswer]
    next: str | None


class NewKeyAnswer(Wire):
    """A new key. `key` is the secret, shown in this answer and never again."""

    key_id: str
    name: str
    source: str | None
    scopes: list[str]
    ip_ranges: list[str]
    expires_at: str | None
    key: str | None


class SignedInUser(Wire):
    """The user of a session."""

    email: str
    name: str
    role: Literal["viewer", "marketer", "developer", "admin"]


class SessionAnswer(Wire):
    """Who is signed in, what they may do (`scopes`), and until when if they do nothing."""

    user: SignedInUser
    scopes: list[str]
    workspace: WorkspaceAnswer
    expires_at: str


class UserAnswer(Wire):
    """A person of the workspace; `role` is viewer, marketer, developer or admin."""

    email: str
    name: str
    role: Literal["viewer", "marketer", "developer", "admin"]
    created_at: str
    last_seen_at: str | None


class UserPage(Wire):
    """All users."""

    items: list[UserAnswer]
    next: str | None


class AuditEntry(Wire):
    """One change of what is set up: `before` and `after` are what was changed, as it is shown elsewhere."""

    audit_id: str
    changed_at: str
    actor: str
    address: str | None
    request_id: str | None
    action: str
    target: str
    before: Any
    after: Any


class AuditPage(Wire):
    """A page of changes, the newest first."""

    items: list[AuditEntry]
    next: str | None


class WebhookAnswer(Wire):
    """An address that is told of `events`. `disabled_reason`: `by_request`, `gone` (it answered 410) or `failing` (it
    took nothing for three days). Until `former_secret_until` the secret before signs as well."""

    webhook_id: str
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: Literal["by_request", "gone", "failing"] | None
    failing_since: str | None
    former_secret_until: str | None
    created_at: str
    updated_at: str


class WebhookSecretAnswer(WebhookAnswer):
    """The same with its secret, shown in this answer and never again."""

    secret: str | None


class WebhookPage(Wire):
    """All webhooks."""

    items: list[WebhookAnswer]
    next: str | None


class DeliveryAnswer(Wire):
    """A message to a webhook; `delivery_id` is its `webhook-id`. `event_id`, `source` and so on: what it is about.

    `last_status` is what was answered last, `last_error` what else went wrong, `took_ms` how long that took.
    """

    delivery_id: str
    type: str
    event_id: str | None
    source: str | None
    alert_id: str | None
    anomaly_id: str | None
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    last_status: int | None
    last_error: str | None
    last_attempt_at: str | None
    took_ms: int | None
    next_attempt_at: str | None
    created_at: str


class DeliveryPage(Wire):
    """A page of messages, the newest first."""

    items: list[DeliveryAnswer]
    next: str | None
