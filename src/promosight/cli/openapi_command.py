"""`promosight openapi`: the API's description as an OpenAPI 3.1 document, without a server or a store.

For generating clients; `./dev types` makes the page's TypeScript types from it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import msgspec

from promosight.cli.console import Console
from promosight.cli.options import add_store, take_from_environment


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("openapi", help="print the API's OpenAPI document")
    add_store(parser)  # neither is asked: what every command takes
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:  # noqa: ARG001 - every command's form
    """Prints the document, the same that a server gives at /openapi.json."""
    from promosight.api.openapi import document  # heavy, and only needed here
    from promosight.api.routes import ROUTES

    console.say(msgspec.json.format(document(ROUTES), indent=2).decode())
    return 0
