"""The table of contents: every tool, in the order in which an assistant reads them."""

from __future__ import annotations

from promosight.mcp.about import ABOUT_TOOLS
from promosight.mcp.breakdowns import BREAKDOWN_TOOLS
from promosight.mcp.decisions import DECISION_TOOLS
from promosight.mcp.moves import MOVE_TOOLS
from promosight.mcp.promotions import PROMOTION_TOOLS
from promosight.mcp.sources import SOURCE_TOOLS
from promosight.mcp.tool import Tool
from promosight.mcp.unmatched import UNMATCHED_TOOLS
from promosight.mcp.worth import WORTH_TOOLS

TOOLS: dict[str, Tool] = {
    one.name: one
    for one in (
        *PROMOTION_TOOLS,
        *BREAKDOWN_TOOLS,
        *WORTH_TOOLS,
        *MOVE_TOOLS,
        *UNMATCHED_TOOLS,
        *SOURCE_TOOLS,
        *DECISION_TOOLS,
        *ABOUT_TOOLS,
    )
}
