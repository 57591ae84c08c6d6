"""People who sign in to the page: one user for each role, made the first time a test needs them."""

from __future__ import annotations

from typing import Literal

import httpx
from playwright.sync_api import Page

Role = Literal["viewer", "marketer", "developer", "admin"]
PASSWORD = "a long word for tests"


def email_of(role: Role) -> str:
    """The address a role's user signs in with."""
    return f"{role}@brand.example"


def make_user(api: httpx.Client, role: Role) -> None:
    """Makes the user of a role; one that is there already stays."""
    user = {"email": email_of(role), "name": role.title(), "role": role, "password": PASSWORD}
    answer = api.post("/v1/users", json=user)
    assert answer.status_code in (201, 409), answer.text


def sign_in(page: Page, api: httpx.Client, role: Role) -> None:
    """Gives the page's browser a session of the role's user, without going through the form."""
    make_user(api, role)
    answer = page.request.post("/v1/session", data={"email": email_of(role), "password": PASSWORD})
    assert answer.ok, answer.text()
