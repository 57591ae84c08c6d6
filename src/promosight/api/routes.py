"""The table of contents of the API: every route, its scope, what it takes and gives.

The router, the OpenAPI document and the tests of access are all made from this table.
"""

from __future__ import annotations

from typing import Any

from promosight.api import (
    alerts,
    anomalies,
    comparison,
    imports,
    inbox,
    known_then,
    mappings,
    promotion_list,
    promotions,
    reporting,
    reservations,
    restatements,
    set_up,
    stream,
    wire,
)
from promosight.api.as_table import tabled
from promosight.api.decision_routes import DECISION_ROUTES
from promosight.api.door.door import Route
from promosight.api.export_routes import EXPORT_ROUTES
from promosight.api.receipt_wire import ReceiptAnswer, ReportAnswer
from promosight.api.reconciliation_routes import RECONCILIATION_ROUTES
from promosight.api.set_up_routes import SET_UP_ROUTES
from promosight.api.shop_routes import SHOP_ROUTES
from promosight.api.view_routes import VIEW_ROUTES
from promosight.api.webhook_routes import WEBHOOK_ROUTES
from promosight.connectors.segment import SegmentBatch, SegmentMessage
from promosight.flows.figures.breakdowns import Breakdown
from promosight.flows.figures.comparing import Comparison
from promosight.flows.figures.funnel import Funnel
from promosight.flows.figures.maturing import Maturity
from promosight.flows.figures.moved_since import MovedSince
from promosight.flows.figures.promotion_return import Return
from promosight.flows.figures.show_restatements import Restatements
from promosight.flows.figures.usage_over_time import UsageOverTime
from promosight.flows.noticing.show_anomalies import Anomaly
from promosight.flows.reporting.near_misses import LikelyReasons
from promosight.rules.outcomes import ReportedOutcome
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent

REDEMPTIONS, ASSIGNMENTS = "redemptions:write", "assignments:write"
PROMOTIONS, REPORTS = "promotions:write", "reports:read"
_ANY_WRITE = f"{REDEMPTIONS} {ASSIGNMENTS} {PROMOTIONS}"
_PAGE = ("limit", "cursor")
_P = "/v1/promotions/{promotion_id:str}"

_TOLD = (
    Route(
        "POST",
        "/v1/redemptions",
        reporting.report_redemptions,
        REDEMPTIONS,
        "Report redemptions and reversals: one object, or up to 10,000",
        ReportedEvent,
        query=("outcomes", "dry_run"),
        gives=ReportAnswer,
        reports=True,
    ),
    *(
        Route(
            "POST",
            path,
            handler,
            REDEMPTIONS,
            said,
            takes,
            query=("outcomes", "dry_run"),
            gives=gives,
            reports=True,
            basic=True,
        )
        for path, handler, said, takes, gives in (
            (
                "/v1/track",
                reporting.report_track,
                "Report a redemption or its reversal as Segment does: Coupon Applied, Coupon Removed",
                SegmentMessage,
                ReceiptAnswer,
            ),
            (
                "/v1/batch",
                reporting.report_batch,
                "The same for up to 10,000 calls of any type; those that are about no coupon are left alone",
                SegmentBatch,
                ReportAnswer,
            ),
        )
    ),
    Route(
        "POST",
        "/v1/assignments",
        reporting.report_assignments,
        ASSIGNMENTS,
        "Report assignments: one object, or up to 10,000",
        ReportedAssignment,
        query=("outcomes", "dry_run"),
        gives=ReportAnswer,
        reports=True,
    ),
    Route(
        "POST",
        "/v1/outcomes",
        reporting.report_outcomes,
        REDEMPTIONS,
        "Report what customers did, control group included: one object, or up to 10,000",
        ReportedOutcome,
        query=("outcomes",),
        gives=ReportAnswer,
        reports=True,
    ),
    Route(
        "DELETE",
        "/v1/assignments/{assignment_id:str}",
        reporting.withdraw_assignment,
        ASSIGNMENTS,
        "Withdraw an assignment",
        gives=wire.WithdrawnAnswer,
    ),
    Route(
        "POST",
        "/v1/reservations",
        reservations.reserve,
        ASSIGNMENTS,
        "Hold a reward for a customer, within the caps",
        reservations.NewReservation,
        gives=wire.ReservationAnswer,
        status=201,
    ),
    Route(
        "GET",
        "/v1/reservations/{reservation_id:str}",
        reservations.show,
        f"{REPORTS} {ASSIGNMENTS}",
        "One reservation",
        gives=wire.ReservationAnswer,
    ),
    Route(
        "POST",
        "/v1/reservations/{reservation_id:str}/confirm",
        reservations.confirm,
        ASSIGNMENTS,
        "Make an assignment of a reservation",
        reservations.Confirmation,
        gives=wire.ReservationAnswer,
    ),
    Route(
        "POST",
        "/v1/reservations/{reservation_id:str}/release",
        reservations.release,
        ASSIGNMENTS,
        "Give the room of a reservation back",
        gives=wire.ReservationAnswer,
    ),
    *DECISION_ROUTES,
    Route(
        "POST",
        "/v1/imports",
        imports.create,
        _ANY_WRITE,
        "Send a file of any size",
        gives=wire.ImportAnswer,
        query=("kind", "name", "source"),
        status=202,
        admit=imports.admit,
    ),
    Route(
        "GET",
        "/v1/imports",
        imports.listing,
        REPORTS,
        "Files sent, the newest first",
        gives=wire.ImportPage,
        query=_PAGE,
    ),
    Route(
        "GET",
        "/v1/imports/{import_id:str}",
        imports.show,
        f"{REPORTS} {_ANY_WRITE}",
        "How far a file is, and what became of its rows",
        gives=wire.ImportAnswer,
    ),
    Route(
        "GET",
        "/v1/imports/{import_id:str}/problems",
        imports.problems,
        f"{REPORTS} {_ANY_WRITE}",
        "Rows of a file that were refused, wait or are flagged, as CSV",
        media=("text/csv",),
    ),
    Route(
        "GET",
        "/v1/promotions",
        promotion_list.listing,
        REPORTS,
        "Promotions with their figures",
        query=("status", "kind", "q", "sort", *_PAGE, "offset", "trend", "as_of", "format"),
        gives=wire.PromotionPage,
        media=("text/csv",),
    ),
    Route(
        "GET",
        "/v1/alerts",
        alerts.listing,
        REPORTS,
        "Thresholds of limits that were crossed, the newest first",
        query=("promotion_id", "threshold", *_PAGE),
        gives=wire.AlertPage,
    ),
    Route(
        "GET",
        "/v1/anomalies",
        anomalies.listing,
        REPORTS,
        "What was otherwise than expected, and where it comes from, the newest first",
        query=("promotion_id", "source", "open", *_PAGE),
        gives=anomalies.AnomalyPage,
    ),
    Route(
        "GET",
        "/v1/anomalies/{anomaly_id:str}",
        anomalies.show,
        REPORTS,
        "One anomaly",
        gives=Anomaly,
    ),
    Route(
        "POST",
        "/v1/anomalies/{anomaly_id:str}/acknowledge",
        anomalies.acknowledge,
        PROMOTIONS,
        "Say that an anomaly was seen, and perhaps what it was",
        anomalies.Acknowledgement,
        gives=Anomaly,
    ),
    Route(
        "GET",
        "/v1/compare",
        comparison.show,
        REPORTS,
        "Promotions side by side: rate, cost, uplift and return, and what they give; up to 50",
        query=(
            "promotions",
            "status",
            "kind",
            "q",
            "sort",
            "measure",
            "horizon_days",
            "as_of",
            "format",
        ),
        gives=Comparison,
        media=("text/csv",),
    ),
    Route(
        "GET",
        "/v1/stream",
        stream.listen,
        REPORTS,
        "Promotions as their figures change, as server-sent events",
        query=("last_event_id",),
        media=(stream.EVENTS,),
    ),
    Route(
        "PUT",
        _P,
        promotions.put,
        PROMOTIONS,
        "Create or replace a promotion",
        Promotion,
        gives=wire.PromotionAnswer,
    ),
    Route(
        "GET",
        _P,
        promotions.get,
        REPORTS,
        "One promotion with its figures, now or as of a moment",
        gives=wire.PromotionAnswer,
        query=("as_of",),
    ),
    Route(
        "PATCH",
        _P,
        promotions.patch,
        PROMOTIONS,
        "Change a promotion",
        dict[str, Any],
        gives=wire.PromotionAnswer,
    ),
    *(
        Route("POST", f"{_P}/{verb}", handler, PROMOTIONS, said, gives=wire.PromotionAnswer)
        for verb, handler, said in (
            ("activate", promotions.activate, "Activate a promotion"),
            ("deactivate", promotions.deactivate, "Deactivate a promotion"),
            ("archive", promotions.archive, "Archive a promotion, for good"),
        )
    ),
    Route(
        "POST",
        f"{_P}/duplicate",
        promotions.duplicate,
        PROMOTIONS,
        "Make a draft with the same terms",
        promotions.Copy,
        gives=wire.PromotionAnswer,
        status=201,
    ),
    Route(
        "POST",
        f"{_P}/codes",
        promotions.add_codes,
        PROMOTIONS,
        "Load personal codes (CSV)",
        gives=wire.CodesAnswer,
        status=201,
    ),
    Route(
        "GET",
        f"{_P}/breakdown",
        promotions.break_down,
        REPORTS,
        "One promotion's figures by tier, segment, channel, campaign, source, code, outcome or time",
        gives=Breakdown,
        query=("by", "date", "as_of", *_PAGE),
    ),
    Route(
        "GET",
        f"{_P}/funnel",
        promotions.show_funnel,
        REPORTS,
        "What became of one promotion's assignments: redeemed, open, expired",
        gives=Funnel,
        query=("as_of",),
    ),
    Route(
        "GET",
        f"{_P}/usage",
        promotions.show_usage,
        REPORTS,
        "How one promotion's limits came to be used, day by day, with pace and forecast",
        gives=UsageOverTime,
        query=("as_of",),
    ),
    Route(
        "GET",
        f"{_P}/return",
        promotions.show_return,
        REPORTS,
        "What one promotion brought against its control group: uplift, return on its cost, or why neither can be told",
        gives=Return,
        query=("measure", "horizon_days", "as_of"),
    ),
    Route(
        "GET",
        f"{_P}/maturity",
        promotions.show_maturity,
        REPORTS,
        "What one promotion's rate is expected to be in the end, and by week of assignment",
        gives=Maturity,
        query=("as_of",),
    ),
    Route(
        "GET",
        f"{_P}/moved",
        known_then.show_moved,
        REPORTS,
        "Why one promotion's figures are others than at an earlier moment; the causes add up to the difference",
        gives=MovedSince,
        query=("since",),
    ),
    Route(
        "GET",
        f"{_P}/restatements",
        restatements.listing,
        REPORTS,
        "What moved one promotion's figures after they had been told, and why; the newest first",
        gives=Restatements,
        query=(*_PAGE, "format"),
        media=("text/csv",),
    ),
    Route(
        "GET",
        f"{_P}/customers",
        promotions.export_customers,
        REPORTS,
        "The customers behind a figure, or behind one bar of a breakdown, as CSV or NDJSON",
        query=("status", "by", "key", "date", "format"),
        media=("text/csv", "application/x-ndjson"),
    ),
    Route(
        "GET",
        "/v1/events/{event_id:str}",
        inbox.event,
        REPORTS,
        "What became of one event",
        query=("source",),
        gives=wire.EventAnswer,
    ),
    Route(
        "GET",
        "/v1/problems",
        inbox.listing,
        REPORTS,
        "Events that wait, are flagged or were refused",
        query=("outcome", "reason", "source", "q", "format", *_PAGE),
        gives=wire.InboxPage,
        media=("text/csv",),
    ),
    Route(
        "GET",
        "/v1/problems/{problem_id:str}/reasons",
        inbox.likely_reasons,
        REPORTS,
        "What an event that found no promotion, customer or assignment most likely meant, the likeliest first",
        gives=LikelyReasons,
    ),
    Route(
        "POST",
        "/v1/problems/replay",
        inbox.send_again,
        REDEMPTIONS,
        "Send refused events through again",
        inbox.Again,
        gives=wire.ReplayAnswer,
    ),
    Route(
        "GET",
        "/v1/mappings",
        mappings.listing,
        REPORTS,
        "What words were said to mean that nobody defined, those that ended too",
        gives=wire.MappingPage,
        query=_PAGE,
    ),
    Route(
        "POST",
        "/v1/mappings",
        mappings.create,
        PROMOTIONS,
        "Say which promotion a word means; what waits for it counts",
        mappings.NewMapping,
        gives=wire.NewMappingAnswer,
        status=201,
    ),
    Route(
        "DELETE",
        "/v1/mappings/{mapping_id:str}",
        mappings.end,
        PROMOTIONS,
        "End a mapping; what counted by it waits again",
        status=204,
    ),
    Route(
        "PUT",
        "/v1/customers/{customer_id:str}",
        set_up.put_customer,
        ASSIGNMENTS,
        "Say what is known of a customer",
        set_up.Profile,
        gives=wire.CustomerAnswer,
    ),
    Route(
        "GET",
        "/v1/customers/{customer_id:str}",
        set_up.customer,
        REPORTS,
        "One customer",
        gives=wire.CustomerAnswer,
    ),
    *SET_UP_ROUTES,
    *EXPORT_ROUTES,
    *RECONCILIATION_ROUTES,
    *VIEW_ROUTES,
    *WEBHOOK_ROUTES,
    *SHOP_ROUTES,
)

ROUTES = tuple(map(tabled, _TOLD))
"""All of them; lists come as CSV, too."""
