"""The program `promosight`: finds the command, runs it, and turns failure into one clear line.

Exit codes: 0 done, 1 failed, 2 not understood, 130 interrupted, 143 terminated. With `--json` a failure that follows
no answer is one: {"error": {"code", "detail", "pointer"}}.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module

from promosight import __version__
from promosight.cli.console import STANDARD_OUTPUT, Console, of_this_process
from promosight.cli.options import NotUnderstood, Parser
from promosight.cli.stopping import Terminated, ended_by_sigterm
from promosight.errors import PromosightError

_MODULES = {
    "init_command": ("init",),
    "serve_command": ("serve",),
    "import_command": ("import",),
    "pull_command": ("pull",),
    "export_command": ("export",),
    "reconcile_command": ("reconcile",),
    "proof_commands": ("verify", "rebuild"),
    "archive_commands": ("archive", "recount"),
    "backup_commands": ("backup", "restore"),
    "keys_command": ("keys",),
    "users_command": ("users",),
    "erase_command": ("erase",),
    "retention_command": ("retention",),
    "simulate_command": ("simulate",),
    "openapi_command": ("openapi",),
    "certify_command": ("certify",),
    "mcp_command": ("mcp",),
    "consume_command": ("consume",),
    "demo": ("demo",),
}
"""The commands each module adds. One that is named is loaded alone: all of them take a third of a second."""
_WITH_ACTIONS = {"keys", "users"}

_END_BY_THEMSELVES = ("serve", "demo", "consume", "mcp")
"""Commands for which being told to stop is their proper end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command of the command line; returns its exit code."""
    console = of_this_process(os.environ, lambda: time.time_ns() // 1_000)
    arguments = _listing(sys.argv[1:] if arguments is None else arguments)
    console.wants_json = "--json" in arguments
    try:
        named = arguments[0] if arguments else None
        chosen = build(console, named).parse_args(arguments)
        console.wants_json = getattr(chosen, "json", False)
        with nullcontext() if named in _END_BY_THEMSELVES else ended_by_sigterm():
            result: int = chosen.run(chosen, console)
        return result
    except PromosightError as error:
        where = f" ({error.pointer})" if error.pointer else ""
        failed = console.fail(f"{error.detail}{where}", error.code, error.detail, error.pointer)
        return 2 if isinstance(error, NotUnderstood) else failed
    except BrokenPipeError:  # whoever read our answer has seen enough
        _answer_nobody()
        return 0
    except OSError as error:
        if error.filename == STANDARD_OUTPUT:
            _answer_nobody()
        name = f"{error.filename}: " if error.filename else ""
        return console.fail(f"{name}{error.strerror or error}", "system")
    except KeyboardInterrupt as told:
        how, code = ("terminated", 143) if isinstance(told, Terminated) else ("interrupted", 130)
        console.fail(how, how)
        return code


def _answer_nobody() -> None:
    """What is left of the answer goes nowhere: else it would be tried once more at the end, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _listing(arguments: Sequence[str]) -> Sequence[str]:
    """The arguments, with `list` where a command that has actions names none: what `promosight keys` shows."""
    named, options = arguments[:1], arguments[1:]
    if not set(named) & _WITH_ACTIONS or {"-h", "--help"} & set(options[:1]):
        return arguments
    return arguments if options and not options[0].startswith("-") else [*named, "list", *options]


def build(console: Console, named: str | None = None) -> argparse.ArgumentParser:
    """The parser of the command named, or of all, with the environment's defaults. Raises Invalid."""
    parser = Parser(
        prog="promosight",
        description="Exact redemption rates for promotions.",
        epilog="Every flag may be set as PROMOSIGHT_<FLAG> in the environment.",
    )
    parser.add_argument("--version", action="version", version=f"promosight {__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    adding = [module for module, names in _MODULES.items() if named in names] or _MODULES
    for module in adding:
        import_module(f"promosight.cli.{module}").add(commands, console.environment)
    return parser
