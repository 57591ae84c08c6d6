"""People who sign in, for the tests of this folder: each with a browser of their own."""

from __future__ import annotations

import itertools

import httpx

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def new_user(admin: httpx.Client, role: str = "viewer", **more: str) -> str:
    """The email of a new user."""
    email = f"{role}-{next(_numbers)}@shop.example"
    body = {"email": email, "role": role, "password": PASSWORD, **more}
    answer = admin.post("/v1/users", json=body)
    assert answer.status_code == 201, answer.text
    return email


def browser(client: httpx.Client, address: str = "198.51.100.1", **headers: str) -> httpx.Client:
    """A browser without a key, with the page open; behind a proxy, so that each may have an address."""
    sent = {"X-Promosight": "1", "X-Forwarded-For": address, **headers}
    once = httpx.Limits(max_keepalive_connections=0)  # so that nobody needs to close it
    return httpx.Client(base_url=client.base_url, headers=sent, timeout=60, limits=once)


def sign_in(
    visitor: httpx.Client, email: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    """The answer to someone who signs in."""
    body = {"email": email, "password": password}
    return visitor.post("/v1/session", json=body, headers=headers)


def signed_in(client: httpx.Client, email: str, password: str = PASSWORD) -> httpx.Client:
    """A browser that is signed in."""
    visitor = browser(client)
    answer = sign_in(visitor, email, password)
    assert answer.status_code == 200, answer.text
    return visitor


def status(visitor: httpx.Client) -> int:
    """200 while a browser is signed in, else 401."""
    return visitor.get("/v1/session").status_code
