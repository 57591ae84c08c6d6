"""Routes of saved views: what a list shows, under a name; and what is answered about them."""

from __future__ import annotations

from promosight.api import views
from promosight.api.door.door import Route
from promosight.api.wire import Wire

_REPORTS = "reports:read"
_V = "/v1/views/{view_id:str}"


class ViewAnswer(Wire):
    """A saved view. `query` is what its address says; `shared`: everybody in the workspace has it."""

    view_id: str
    list: str
    name: str
    query: str
    shared: bool
    created_by: str
    created_at: str
    updated_at: str


class ViewPage(Wire):
    """The views of a list: the workspace's, then one's own, by name."""

    items: list[ViewAnswer]
    next: str | None


VIEW_ROUTES = (
    Route(
        "GET",
        "/v1/views",
        views.listing,
        _REPORTS,
        "Saved views of a list: those of the workspace, and one's own",
        gives=ViewPage,
        query=("list", "limit", "cursor"),
    ),
    Route(
        "POST",
        "/v1/views",
        views.create,
        _REPORTS,
        "Save a view under a name, for oneself, or for everybody (which takes promotions:write)",
        views.NewView,
        gives=ViewAnswer,
        status=201,
    ),
    Route(
        "PATCH",
        _V,
        views.change,
        _REPORTS,
        "Have a saved view be called or show something else",
        views.ViewChange,
        gives=ViewAnswer,
    ),
    Route("DELETE", _V, views.delete, _REPORTS, "Forget a saved view", status=204),
)
