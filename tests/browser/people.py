"""People who sign in to the page: one user for each role, made the first time a test needs them."""

from __future__ import annotations

from typing import Any, Literal

import httpx
from playwright.sync_api import Page

Role = Literal["viewer", "marketer", "developer", "admin"]
PASSWORD = "a long word for tests"
_sessions: dict[tuple[str, Role], Any] = {}
"""The cookies of a role at a server, for whoever signs in next."""


def email_of(role: Role) -> str:
    """The address a role's user signs in with."""
    return f"{role}@brand.example"


def make_user(api: httpx.Client, role: Role) -> None:
    """Makes the user of a role; one that is there already stays."""
    user = {"email": email_of(role), "name": role.title(), "role": role, "password": PASSWORD}
    answer = api.post("/v1/users", json=user)
    assert answer.status_code in (201, 409), answer.text


def sign_in(page: Page, api: httpx.Client, role: Role) -> None:
    """Gives the page's browser a session of the role's user, without going through the form.

    A session that an earlier test has left is taken up: checking a password is slow on purpose.
    """
    kept = _sessions.get((str(api.base_url), role))
    if kept is not None:
        page.context.add_cookies(kept)
        if page.request.get("/v1/session").ok:
            return
    make_user(api, role)
    answer = page.request.post("/v1/session", data={"email": email_of(role), "password": PASSWORD})
    assert answer.ok, answer.text()
    _sessions[str(api.base_url), role] = page.context.cookies()
