"""What the server answers: tools, the resource and prompts, made of their tables; by whichever door a request came."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from promosight import __version__
from promosight.mcp.asking import Api, Json, Refused
from promosight.mcp.meaning import (
    DATA_ONLY,
    FIGURES,
    FIGURES_URI,
    INSTRUCTIONS,
    PROMPTS,
    PromptText,
)
from promosight.mcp.tool import LARGEST, Tool, quoted
from promosight.mcp.tools import TOOLS

_READS = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
T = TypeVar("T")
ApiOf = Callable[[Any], Api]
"""With which key a request is answered. Raises Refused."""


def server_of(api_of: ApiOf) -> Server[dict[str, Any]]:
    """The server, which answers each request by the API that `api_of` gives for it."""

    async def call(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name}")
        return await answered(tool, lambda: api_of(ctx.request), params.arguments or {})

    return Server(
        "promosight",
        version=__version__,
        title="Promosight",
        instructions=INSTRUCTIONS,
        on_list_tools=_listed(types.ListToolsResult(tools=[_told(one) for one in TOOLS.values()])),
        on_call_tool=call,
        on_list_resources=_listed(types.ListResourcesResult(resources=[_RESOURCE])),
        on_read_resource=_read_resource,
        on_list_prompts=_listed(
            types.ListPromptsResult(prompts=[_prompt(*named) for named in PROMPTS.items()])
        ),
        on_get_prompt=_get_prompt,
    )


async def answered(tool: Tool, api_of: Callable[[], Api], arguments: Json) -> types.CallToolResult:
    """A sentence, and what was told: as structured content, and as text for clients that know only that."""
    try:
        said, told = await tool.call(api_of(), arguments)
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        if len(text) > LARGEST:
            raise Refused(
                f"The answer has {len(text)} characters, over {LARGEST}: ask for fewer, by limit or by filters."
            )
    except Refused as refused:
        return types.CallToolResult(content=[_text(str(refused))], is_error=True)
    except KeyError as missing:
        why = f"The server's answer has no {missing}: it is of another version than promosight mcp, {__version__}."
        return types.CallToolResult(content=[_text(why)], is_error=True)
    return types.CallToolResult(content=[_text(said), _text(text)], structured_content=told)


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)


def _told(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=f"{tool.about} {DATA_ONLY}",
        input_schema=tool.input_schema(),
        output_schema=tool.output_schema(),
        annotations=_READS,
    )


def _listed(result: T) -> Callable[[Any, Any], Awaitable[T]]:
    async def listed(_ctx: Any, _params: Any) -> T:
        return result

    return listed


_RESOURCE = types.Resource(
    uri=FIGURES_URI,
    name="figures",
    title="What the figures mean",
    description="Every figure of Promosight and what it counts. Read it before explaining figures to somebody.",
    mime_type="text/markdown",
)


async def _read_resource(
    _: Any, params: types.ReadResourceRequestParams
) -> types.ReadResourceResult:
    if str(params.uri) != FIGURES_URI:
        raise MCPError(types.INVALID_PARAMS, f"there is no resource {params.uri}")
    text = types.TextResourceContents(uri=FIGURES_URI, mime_type="text/markdown", text=FIGURES)
    return types.ReadResourceResult(contents=[text])


def _prompt(name: str, prompt: PromptText) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=one, description=said, required=True)
        for one, said in prompt.arguments.items()
    ]
    return types.Prompt(
        name=name, title=prompt.title, description=prompt.about, arguments=arguments
    )


async def _get_prompt(_: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    prompt, given = PROMPTS.get(params.name), params.arguments or {}
    if prompt is None:
        raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name}")
    if missing := prompt.arguments.keys() - given.keys():
        raise MCPError(types.INVALID_PARAMS, f"it needs {', '.join(sorted(missing))}")
    named = {name: quoted(given[name]) for name in prompt.arguments}
    message = types.PromptMessage(role="user", content=_text(prompt.text.format(**named)))
    return types.GetPromptResult(description=prompt.about, messages=[message])
