"""`promosight serve`: the HTTP API over a store, until it is stopped."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from promosight.cli.console import Console
from promosight.cli.options import add_store, count, existing_store, take_from_environment
from promosight.config import Config
from promosight.errors import PromosightError
from promosight.logs import FORMS
from promosight.process import compute_alone

_DEFAULTS = Config(url="")


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("serve", help="serve the HTTP API")
    add_store(parser)
    add_address(parser)
    parser.add_argument(
        "--workers",
        metavar="N",
        type=count,
        default=_DEFAULTS.workers,
        help=f"processes ({_DEFAULTS.workers})",
    )
    parser.add_argument(
        "--spool",
        metavar="DIR",
        default=_DEFAULTS.spool,
        help="where files sent over HTTP wait (DIR/imports of --data, else the temporary folder)",
    )
    parser.add_argument(
        "--rate-limit",
        metavar="N",
        type=count,
        default=_DEFAULTS.rate_limit,
        help="requests a minute that each key or user may make of each process (no limit)",
    )
    parser.add_argument(
        "--drain-seconds",
        metavar="N",
        type=count,
        default=_DEFAULTS.drain_seconds,
        help="told to stop, answer for so long while /readyz says no (0)",
    )
    parser.add_argument(
        "--webhooks-private",
        action="store_true",
        help="webhooks may go to private addresses and without TLS, too",
    )
    add_logs(parser)
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def add_logs(parser: argparse.ArgumentParser) -> None:
    """What is written about what the server does."""
    parser.add_argument(
        "--log-format",
        choices=FORMS,
        default=_DEFAULTS.log_format,
        help=f"({_DEFAULTS.log_format})",
    )
    parser.add_argument("--log-requests", action="store_true", help="log each request, too")
    parser.add_argument(
        "--traces",
        metavar="URL",
        default=_DEFAULTS.traces,
        help="send OpenTelemetry traces to this OTLP/HTTP address (no traces)",
    )


def add_address(parser: argparse.ArgumentParser) -> None:
    """`--host` and `--port`."""
    parser.add_argument("--host", metavar="H", default=_DEFAULTS.host, help=f"({_DEFAULTS.host})")
    parser.add_argument(
        "--port", metavar="P", type=count, default=_DEFAULTS.port, help=f"({_DEFAULTS.port})"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serves until stopped; says where, once the store is open. Raises StoreError when there is none."""
    config = config_of(arguments, console)

    def say() -> None:
        where = address(config)
        if arguments.json:
            console.answer({"url": where})
        else:
            console.say(f"Promosight at {where}; API docs at {where}/docs. Stop with Ctrl-C.")

    return serve(config, say)


def config_of(arguments: argparse.Namespace, console: Console) -> Config:
    """The server's settings, checked; also that its port is free. Raises Invalid, StoreError, PromosightError."""
    config = Config(
        url=existing_store(arguments, console.environment),
        host=arguments.host,
        port=arguments.port,
        workers=getattr(arguments, "workers", _DEFAULTS.workers),
        spool=getattr(arguments, "spool", _DEFAULTS.spool),
        rate_limit=getattr(arguments, "rate_limit", _DEFAULTS.rate_limit),
        log_format=getattr(arguments, "log_format", _DEFAULTS.log_format),
        log_requests=getattr(arguments, "log_requests", _DEFAULTS.log_requests),
        traces=getattr(arguments, "traces", _DEFAULTS.traces),
        drain_seconds=getattr(arguments, "drain_seconds", _DEFAULTS.drain_seconds),
        webhooks_private=getattr(arguments, "webhooks_private", _DEFAULTS.webhooks_private),
    )
    config.check()
    check_free(config)
    return config


def check_free(config: Config) -> None:
    """Raises PromosightError when somebody else listens there, or nobody can."""
    try:
        socket.create_server((config.host, config.port)).close()
    except OSError as error:
        # The number of a name that is not known is none of the system's.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else "nobody knows that name"
        raise PromosightError(f"cannot listen on {config.host}:{config.port}: {why}") from None


def address(config: Config) -> str:
    """Where a browser on this machine finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.host, config.host)
    return f"http://{host}:{config.port}"


def serve(config: Config, opened: Callable[[], None] = lambda: None) -> int:
    """Serves until stopped; being stopped is its proper end. `opened` is called once nothing stands in the way."""
    compute_alone()
    from promosight.serve import run as run_server  # heavy, and only needed here

    try:
        run_server(config, opened)
    except KeyboardInterrupt:
        return 0
    return 0
