"""Starting `promosight mcp`: what is missing is said in a line; and the other door, HTTP on loopback (P23)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from tests.cli.program import clean_environment, fail, start
from tests.mcp.place import Place, reports_key, says
from tools.ports import kept_port


def test_a_start_without_address_or_key_says_what_is_missing() -> None:
    """P23: in one line, before an assistant waits for anything."""
    assert "mcp needs --url" in fail("mcp")
    assert "PROMOSIGHT_KEY" in fail("mcp", "--url", "http://127.0.0.1:1")
    assert "must begin with https://" in fail("mcp", "--url", "localhost", "--key", "x")
    assert "The key is none" in fail("mcp", "--url", "http://127.0.0.1:1", "--key", "ä")


def test_a_start_with_a_wrong_key_says_so(sqlite_place: Place) -> None:
    """P23: unknown, or without the scope."""
    unknown = fail("mcp", "--url", sqlite_place.address, environment={"PROMOSIGHT_KEY": "ps_x"})
    assert unknown.startswith("the key is unknown or was revoked (code unauthenticated, HTTP 401)")
    key = reports_key(sqlite_place.admin, "redemptions:write")
    other = fail("mcp", "--url", sqlite_place.address, "--key", key)
    assert "the key lacks the scope reports:read" in other
    assert key not in other


def test_a_start_before_its_server_says_which_it_cannot_reach() -> None:
    """P23: the address is in the line."""
    keeper, port = kept_port()
    with keeper:
        said = fail("mcp", "--url", f"http://127.0.0.1:{port}", "--key", "x")
    assert said.startswith(f"No answer of the server at http://127.0.0.1:{port}")


def test_an_address_of_something_else_is_told_from_promosight(sqlite_place: Place) -> None:
    """P23: a page that is no API."""
    said = fail("mcp", "--url", f"{sqlite_place.address}/docs", "--key", sqlite_place.key)
    assert "code not_found" in said or "not by Promosight" in said


def test_a_start_without_the_extra_says_what_to_install() -> None:
    """P23: `mcp` is no dependency of the product."""
    code = "import sys; sys.modules['mcp'] = None; from promosight.cli.main import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "mcp", "--url", "http://127.0.0.1:1", "--key", "x"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env=clean_environment()
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'promosight[mcp]'" in done.stderr


def test_no_other_command_loads_what_assistants_need() -> None:
    """P23: a second of modules, for this command alone."""
    code = (
        "import sys; from promosight.cli.console import of_this_process as console;"
        "from promosight.cli.main import build; build(console({}, int));"
        "print([n for n in sys.modules if n.split('.')[0] in ('mcp', 'pydantic', 'starlette')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def door(sqlite_place: Place) -> Iterator[str]:
    """The address of the tools over HTTP."""
    words = ("mcp", "--url", sqlite_place.address, "--listen", "0")
    with start(*words, stderr=subprocess.PIPE) as program:
        assert program.stderr is not None
        said = program.stderr.readline().decode()
        try:
            yield said.split()[2].rstrip(";")
        finally:
            program.terminate()
            program.wait(60)


def test_over_http_each_request_brings_its_own_key(sqlite_place: Place, door: str) -> None:
    """P23: the door holds no key of its own."""
    told = anyio.run(_asked, door, {"Authorization": f"Bearer {sqlite_place.key}"})
    assert told.structured_content["currency"] == "EUR"
    assert (
        anyio.run(_asked, door, {"X-API-KEY": sqlite_place.key}).structured_content["currency"]
        == "EUR"
    )
    refused = anyio.run(_asked, door, {"Authorization": "Bearer ps_x"})
    assert refused.is_error
    assert "HTTP 401" in says(refused)


async def _asked(address: str, headers: dict[str, str]) -> CallToolResult:
    async with httpx2.AsyncClient(headers=headers) as http:
        transport: Any = streamable_http_client(address, http_client=http)
        async with Client(transport) as client:
            return await client.call_tool("workspace", {})


def test_over_http_nobody_gets_in_without_a_key_or_by_a_foreign_name(
    sqlite_place: Place, door: str
) -> None:
    """P23: a page in a browser that resolves to this machine is turned away."""
    seen = len(sqlite_place.written.requests)
    nobody = httpx.post(door, json={})
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    headers = {"Authorization": f"Bearer {sqlite_place.key}"}
    assert httpx.post(door, json={}, headers=headers | {"Host": "evil.example"}).status_code >= 400
    foreign = headers | {"Origin": "https://evil.example"}
    assert httpx.post(door, json={}, headers=foreign).status_code >= 400
    assert len(sqlite_place.written.requests) == seen
