"""`promosight serve`: the HTTP API over a store, until it is stopped."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from promosight.cli.console import Console
from promosight.cli.options import add_store, count, store_url, take_from_environment
from promosight.config import Config
from promosight.serve import run

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("serve", help="serve the HTTP API")
    add_store(parser)
    add_address(parser)
    parser.add_argument("--workers", type=count, metavar="N", default=1, help="processes (1)")
    take_from_environment(parser, environment)
    parser.set_defaults(run=serve)


def add_address(parser: argparse.ArgumentParser) -> None:
    """`--host` and `--port`."""
    parser.add_argument("--host", metavar="H", default=DEFAULT_HOST, help=f"({DEFAULT_HOST})")
    parser.add_argument(
        "--port", metavar="P", type=count, default=DEFAULT_PORT, help=f"({DEFAULT_PORT})"
    )


def serve(arguments: argparse.Namespace, console: Console) -> int:
    """Serves until stopped."""
    url = store_url(arguments, console.environment)
    workers = getattr(arguments, "workers", 1)
    run(Config(url=url, host=arguments.host, port=arguments.port, workers=workers))
    return 0
