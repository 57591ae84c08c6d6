"""Asking the HTTP API: GET and nothing else, and a refusal says how to mend it.

There is no way to send anything else: the class has one verb, and a hook on the connection refuses every other
before a byte leaves.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote

import httpx

from promosight.client.answers import may_pass, problem_of, retry_after
from promosight.client.errors import Problem

Json = dict[str, Any]

ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 5.0
TIMEOUT_SECONDS = 60.0
"""Counting as of a moment may take some seconds of a large promotion."""

_MEND = {
    "unauthenticated": "promosight mcp must be started with a key that this server knows (PROMOSIGHT_KEY).",
    "forbidden": "promosight mcp must be started with a key that has the scope reports:read.",
    "not_found": "Ids are exact, capitals too: find_promotions, unmatched_events and sources list them.",
    "invalid": "Correct what is named, and call again.",
}


class Refused(Exception):
    """What was asked cannot be answered; the text says why, and how to mend it."""


async def _only_reads(request: httpx.Request) -> None:
    """Stops everything that is no GET. No code here sends any; this holds whatever is written later."""
    if request.method != "GET":
        raise RuntimeError(f"{request.method} is not for assistants: they only read")


def line_to(url: str) -> httpx.AsyncClient:
    """Connections to a server, over which nothing but GET goes. Raises Refused for an address that is none."""
    if not url.startswith(("http://", "https://")):
        raise Refused("--url must begin with https:// or http://")
    return httpx.AsyncClient(
        base_url=url, timeout=TIMEOUT_SECONDS, event_hooks={"request": [_only_reads]}
    )


class Api:
    """The API of one server, read with one key."""

    def __init__(self, line: httpx.AsyncClient, key: str) -> None:
        if not key or not key.isascii() or not key.isprintable():
            raise Refused("The key is none: give it as Promosight showed it when it was made.")
        self._line = line
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}

    async def get(self, path: str, **query: Any) -> Json:
        """The JSON of an answer. Raises Refused."""
        asked = {name: value for name, value in query.items() if value is not None}
        failures = 0
        while True:
            try:
                answer = await self._line.get(path, params=asked, headers=self._headers)
            except httpx.HTTPError as error:
                raise Refused(_unreachable(self._line, error)) from None
            failures += 1
            if not may_pass(answer) or failures == ATTEMPTS:
                return _said(answer)
            wait = max(retry_after(answer, time.time()), 0.5 * failures)
            await asyncio.sleep(min(wait, LONGEST_WAIT_SECONDS))


async def look(url: str, key: str) -> None:
    """Looks whether the server takes the key, at the start, where somebody sees it. Raises Refused."""
    async with line_to(url) as line:
        await Api(line, key).get("/v1/workspace")


def part(name: str) -> str:
    """An id as a part of a path. Dots alone would be taken for a step up."""
    return "%2E" * len(name) if name in (".", "..") else quote(name, safe="")


def _unreachable(line: httpx.AsyncClient, error: httpx.HTTPError) -> str:
    why = str(error) or type(error).__name__
    return f"No answer of the server at {line.base_url}: {why}. Is it running, and is the address right?"


def _said(answer: httpx.Response) -> Json:
    try:
        said = answer.json() if answer.is_success else None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Refused(_told(problem_of(answer)))
    return said


def _told(problem: Problem) -> str:
    """A problem of the API in words: what it says itself, its code, and what to do."""
    where = f", field {problem.pointer}" if problem.pointer else ""
    mend = _MEND.get(problem.code, "")
    if problem.status == 429 or problem.status >= 500:
        mend = "The server is busy or unwell: wait a little, and call again."
    return f"{problem.detail} (code {problem.code}, HTTP {problem.status}{where}). {mend}".strip()
