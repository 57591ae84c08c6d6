"""The table of contents of the API: every route, its scope, what it takes and gives.

The router, the OpenAPI document and the tests of access are all made from this table.
"""

from __future__ import annotations

from typing import Any

from promosight.api import inbox, promotions, reporting, set_up
from promosight.api.door import Route
from promosight.flows.breakdowns import Breakdown
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent

REDEMPTIONS, ASSIGNMENTS = "redemptions:write", "assignments:write"
PROMOTIONS, REPORTS, ADMIN = "promotions:write", "reports:read", "admin"
_PAGE = ("limit", "cursor")
_P = "/v1/promotions/{promotion_id:str}"

ROUTES = (
    Route(
        "POST",
        "/v1/redemptions",
        reporting.report_redemptions,
        REDEMPTIONS,
        "Report redemptions and reversals: one object, or up to 10,000",
        ReportedEvent,
        query=("outcomes",),
    ),
    Route(
        "POST",
        "/v1/assignments",
        reporting.report_assignments,
        ASSIGNMENTS,
        "Report assignments: one object, or up to 10,000",
        ReportedAssignment,
        query=("outcomes",),
    ),
    Route(
        "DELETE",
        "/v1/assignments/{assignment_id:str}",
        reporting.withdraw_assignment,
        ASSIGNMENTS,
        "Withdraw an assignment",
    ),
    Route(
        "GET",
        "/v1/promotions",
        promotions.listing,
        REPORTS,
        "Promotions with their figures",
        query=("status", "kind", "q", "sort", *_PAGE),
    ),
    Route("PUT", _P, promotions.put, PROMOTIONS, "Create or replace a promotion", Promotion),
    Route("GET", _P, promotions.get, REPORTS, "One promotion with its figures"),
    Route("PATCH", _P, promotions.patch, PROMOTIONS, "Change a promotion", dict[str, Any]),
    Route("POST", f"{_P}/activate", promotions.activate, PROMOTIONS, "Activate a promotion"),
    Route("POST", f"{_P}/deactivate", promotions.deactivate, PROMOTIONS, "Deactivate a promotion"),
    Route("POST", f"{_P}/archive", promotions.archive, PROMOTIONS, "Archive a promotion, for good"),
    Route(
        "POST",
        f"{_P}/duplicate",
        promotions.duplicate,
        PROMOTIONS,
        "Make a draft with the same terms",
        promotions.Copy,
    ),
    Route("POST", f"{_P}/codes", promotions.add_codes, PROMOTIONS, "Load personal codes (CSV)"),
    Route(
        "GET",
        f"{_P}/breakdown",
        promotions.break_down,
        REPORTS,
        "One promotion's figures by tier, segment, channel, campaign, source, code, outcome or time",
        gives=Breakdown,
        query=("by", "date"),
    ),
    Route(
        "GET",
        f"{_P}/customers",
        promotions.export_customers,
        REPORTS,
        "The customers behind a figure, as CSV or NDJSON",
        query=("status", "format"),
    ),
    Route(
        "GET",
        "/v1/events/{event_id:str}",
        inbox.event,
        REPORTS,
        "What became of one event",
        query=("source",),
    ),
    Route(
        "GET",
        "/v1/problems",
        inbox.listing,
        REPORTS,
        "Events that wait, are flagged or were refused",
        query=("outcome", "reason", "source", *_PAGE),
    ),
    Route(
        "POST",
        "/v1/problems/replay",
        inbox.send_again,
        REDEMPTIONS,
        "Send refused events through again",
        inbox.Again,
    ),
    Route(
        "PUT",
        "/v1/customers/{customer_id:str}",
        set_up.put_customer,
        ASSIGNMENTS,
        "Say what is known of a customer",
        dict[str, Any],
    ),
    Route("GET", "/v1/customers/{customer_id:str}", set_up.customer, REPORTS, "One customer"),
    Route("GET", "/v1/workspace", set_up.workspace, REPORTS, "The workspace's settings"),
    Route(
        "PATCH",
        "/v1/workspace",
        set_up.change_workspace,
        ADMIN,
        "Change the workspace's settings",
        set_up.WorkspaceChange,
    ),
    Route("GET", "/v1/sources", set_up.sources, REPORTS, "The systems that report"),
    Route("POST", "/v1/sources", set_up.create_source, ADMIN, "Name a source", set_up.NewSource),
    Route(
        "PATCH",
        "/v1/sources/{name:str}",
        set_up.change_source,
        ADMIN,
        "Choose a source's cadence",
        set_up.SourceChange,
    ),
    Route(
        "POST",
        "/v1/sources/{name:str}/coverage",
        set_up.cover,
        REDEMPTIONS,
        "Declare a period covered, even if nothing was redeemed",
        set_up.Period,
    ),
    Route("GET", "/v1/keys", set_up.keys, ADMIN, "The keys, without their secrets"),
    Route("POST", "/v1/keys", set_up.create_key, ADMIN, "Make a key", set_up.NewKey),
    Route("DELETE", "/v1/keys/{key_id:str}", set_up.revoke_key, ADMIN, "Revoke a key"),
)
