"""`promosight mcp --url URL`: figures for assistants, which only read (Model Context Protocol)."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from promosight.cli.console import Console
from promosight.cli.options import add_store, count, take_from_environment
from promosight.errors import Invalid


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "mcp",
        help="let an assistant ask for figures (it only reads)",
        description="Speaks the Model Context Protocol on standard input and output, for the assistant that started "
        "it, and reads a server's HTTP API (docs/mcp.md).",
    )
    add_store(parser)
    parser.add_argument("--url", metavar="URL", help="the address of the server")
    parser.add_argument(
        "--key", metavar="KEY", help="with reports:read alone; better as PROMOSIGHT_KEY"
    )
    parser.add_argument(
        "--listen",
        type=count,
        metavar="PORT",
        help="instead answer at http://127.0.0.1:PORT/mcp, where each request brings its own key",
    )
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serves until the assistant goes, or until it is stopped. Raises Invalid."""
    # The SDK takes a second to load: what cannot work is said before.
    if missing := [name for name in ("mcp", "httpx") if find_spec(name) is None]:
        raise Invalid(f"this needs {missing[0]}, which is not there: pip install 'promosight[mcp]'")
    if arguments.url is None:
        raise Invalid("mcp needs --url, the address of a server (or PROMOSIGHT_URL)")
    if arguments.key is None and arguments.listen is None:
        raise Invalid("mcp needs --key, or better PROMOSIGHT_KEY: a key with reports:read")
    from promosight.mcp.asking import Refused, look

    try:
        if arguments.listen is None:
            asyncio.run(look(arguments.url, arguments.key))
        _serve(arguments, console)
    except Refused as refused:
        raise Invalid(str(refused)) from None
    return 0


def _serve(arguments: argparse.Namespace, console: Console) -> None:
    from promosight.mcp.serving import serve_http, serve_stdio

    if arguments.listen is None:
        serve_stdio(arguments.url, arguments.key)
        return
    serve_http(
        arguments.url,
        int(arguments.listen),
        lambda address: console.note(f"answering at {address}; stop with Ctrl-C"),
    )
