"""The program `promosight`: finds the command, runs it, and turns failure into one clear line.

Exit codes: 0 done, 1 failed, 2 not understood, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from promosight import __version__
from promosight.cli import (
    backup_commands,
    demo,
    erase_command,
    export_command,
    import_command,
    init_command,
    keys_command,
    openapi_command,
    proof_commands,
    retention_command,
    serve_command,
    simulate_command,
    users_command,
)
from promosight.cli.console import Console, of_this_process
from promosight.cli.options import Parser
from promosight.errors import PromosightError

_COMMANDS = (
    init_command,
    serve_command,
    import_command,
    export_command,
    proof_commands,
    backup_commands,
    keys_command,
    users_command,
    erase_command,
    retention_command,
    simulate_command,
    openapi_command,
    demo,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command of the command line; returns its exit code."""
    console = of_this_process(os.environ, lambda: time.time_ns() // 1_000)
    try:
        return _run(console, arguments)
    except PromosightError as error:
        where = f" ({error.pointer})" if error.pointer else ""
        return _fail(console, f"{error.detail}{where}")
    except BrokenPipeError:  # whoever read our answer has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _fail(console, f"{name}{error.strerror or error}")
    except KeyboardInterrupt:
        console.note("promosight: interrupted")
        return 130


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    parser = build(console)
    chosen = parser.parse_args(arguments)
    result: int = chosen.run(chosen, console)
    return result


def build(console: Console) -> argparse.ArgumentParser:
    """The parser of every command, with the environment's defaults. Raises Invalid."""
    parser = Parser(
        prog="promosight",
        description="Exact redemption rates for promotions.",
        epilog="Every flag may be set as PROMOSIGHT_<FLAG> in the environment.",
    )
    parser.add_argument("--version", action="version", version=f"promosight {__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    for module in _COMMANDS:
        module.add(commands, console.environment)
    return parser


def _fail(console: Console, line: str) -> int:
    console.note("promosight: " + " ".join(line.split()))
    return 1
