"""What is written of the tools is so: docs/mcp.md, its settings, the meaning of figures, and the prompts (P23)."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from promosight.flows.figures.of_promotions import Figures
from promosight.mcp.answering import server_of
from promosight.mcp.asking import Json
from promosight.mcp.meaning import FIGURES, FIGURES_URI, PROMPTS
from promosight.mcp.tools import TOOLS
from tests.cli.program import clean_environment
from tests.mcp.place import Place
from tests.tidy.tree import ROOT

PAGE = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_the_page_lists_every_tool_and_no_other() -> None:
    """P23: by name and title, in their order."""
    listed = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert listed == [(one.name, one.title) for one in TOOLS.values()]


def settings() -> list[Json]:
    """The settings for clients: what each starts."""
    return [
        one
        for block in BLOCKS
        for part in ("mcpServers", "servers")
        for one in block.get(part, {}).values()
        if "command" in one
    ]


@pytest.mark.parametrize("number", range(len(settings())))
def test_the_settings_on_the_page_start_it(sqlite_place: Place, number: int) -> None:
    """P23: as they stand there, with the address and key of a server that runs."""
    given = settings()[number]
    assert given["command"] == "promosight"
    words = [sqlite_place.address if word.startswith("http") else word for word in given["args"]]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment() | {"PATH": path, "PROMOSIGHT_KEY": sqlite_place.key}
    assert "PROMOSIGHT_KEY" in given["env"]

    async def ask() -> None:
        program = StdioServerParameters(command="promosight", args=words, env=environment)
        async with Client(program) as client:
            assert client.instructions
            assert not (await client.call_tool("find_promotions", {})).is_error

    anyio.run(ask)


def test_there_are_settings_for_several_clients() -> None:
    """P23: in both forms that clients read."""
    assert len(settings()) >= 2
    assert {"mcpServers", "servers"} <= {name for block in BLOCKS for name in block}


def test_every_figure_is_explained_in_the_resource() -> None:
    """P23: what `figures` of a promotion holds."""
    missing = [name for name in Figures.__struct_fields__ if f"`{name}`" not in FIGURES]
    assert missing == []


def test_prompts_and_the_resource_are_there_and_name_tools_that_exist() -> None:
    """P23: an id is put in quoted, whatever it holds."""

    async def read() -> tuple[list[str], str, str]:
        async with Client(server_of(lambda _: None)) as client:  # type: ignore[arg-type,return-value]
            names = [one.name for one in (await client.list_prompts()).prompts]
            (resource,) = (await client.list_resources()).resources
            assert resource.uri == FIGURES_URI
            text = (await client.read_resource(FIGURES_URI)).contents[0]
            asked = await client.get_prompt("explain_promotion", {"promotion_id": 'T"{x}'})
            return names, getattr(text, "text", ""), getattr(asked.messages[0].content, "text", "")

    names, text, asked = anyio.run(read)
    assert (names, text) == (list(PROMPTS), FIGURES)
    assert '"T\\"{x}"' in asked
    for prompt in PROMPTS.values():
        named = set(re.findall(r"`(\w+)`", prompt.text))
        assert named
        assert named <= TOOLS.keys()
