"""Options that commands share, and their defaults from the environment.

Every flag `--some-flag` may be given as `PROMOSIGHT_SOME_FLAG` instead; the flag wins.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from promosight.cli.console import Console
from promosight.errors import Invalid, PromosightError, StoreError
from promosight.rules.instants import parse_instant
from promosight.store.engine import Store, open_store

DEFAULT_DATA = "./promosight-data"
FILE = "promosight.db"
"""The embedded store's file in the data folder."""

_MOST_DIGITS = 18
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("", "0", "false", "no", "off")
_NOT_SET = ("help", "version")


class NotUnderstood(PromosightError):
    """Arguments that are none of the command, or not all of them."""

    code = "usage"


class Parser(argparse.ArgumentParser):
    """A parser that knows its flags and says in one line what it did not understand."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.flags: list[argparse.Action] = []
        super().__init__(*arguments, **settings)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Adds an argument, and remembers it."""
        action = super().add_argument(*names, **settings)
        self.flags.append(action)
        return action

    def add_argument_group(self, *arguments: Any, **settings: Any) -> Any:
        """A group of arguments that stand together in the help, and are remembered as all are."""
        group = super().add_argument_group(*arguments, **settings)
        add = group.add_argument

        def remembered(*names: Any, **settings: Any) -> argparse.Action:
            action = add(*names, **settings)
            self.flags.append(action)
            return action

        group.add_argument = remembered  # type: ignore[method-assign]
        return group

    def error(self, message: str) -> NoReturn:
        """Raises NotUnderstood, naming whose help says what is understood."""
        raise NotUnderstood(f"{message} (see `{self.prog} --help`)")


def add_store(parser: argparse.ArgumentParser, *, default: str = DEFAULT_DATA) -> None:
    """`--data`, `--database` and `--json`, which every command takes."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--data", metavar="DIR", help=f"folder of the embedded store ({default})")
    group.add_argument("--database", metavar="URL", help="postgresql://... instead of a folder")
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")
    parser.set_defaults(default_data=default)


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """`--workspace`, needed only where a store holds several."""
    parser.add_argument("--workspace", metavar="NAME", help="needed when there are several")


def take_from_environment(parser: Parser, environment: Mapping[str, str]) -> None:
    """Makes the environment's settings the defaults of a command's flags. Raises Invalid."""
    for action in parser.flags:
        flag = next((o for o in action.option_strings if o.startswith("--")), None)
        if flag is None or action.dest in _NOT_SET:
            continue
        variable = "PROMOSIGHT_" + flag.removeprefix("--").upper().replace("-", "_")
        value = environment.get(variable, "")
        if value and action.choices is not None and value not in action.choices:
            one_of = ", ".join(map(str, action.choices))
            raise Invalid(f"{variable} must be one of {one_of}, not {value!r}")
        if action.nargs == 0:
            if value.lower() in _TRUE:
                action.default = True
            elif value.lower() not in _FALSE:
                raise Invalid(f"{variable} must be 1 or 0, not {value!r}")
        elif value:
            action.default = value.split() if action.nargs in ("+", "*") else value
            action.required = False


def store_url(arguments: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """The URL of the store that flags or environment name. Raises Invalid when the environment names two."""
    data, database = arguments.data, arguments.database
    if data is None and database is None:
        data = environment.get("PROMOSIGHT_DATA") or None
        database = environment.get("PROMOSIGHT_DATABASE") or None
        if data is not None and database is not None:
            raise Invalid("PROMOSIGHT_DATA and PROMOSIGHT_DATABASE name two stores; unset one")
    if database is not None:
        return str(database)
    return f"sqlite:///{Path(data or arguments.default_data).resolve() / FILE}"


def existing_store(arguments: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """The URL of a store that is there. Raises StoreError when the folder holds none."""
    url = store_url(arguments, environment)
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        raise StoreError(f"there is no store in {path.parent}: run `promosight init` first")
    return url


@contextmanager
def opened(
    arguments: argparse.Namespace, console: Console, *, create: bool = False
) -> Iterator[Store]:
    """The store, opened and afterwards closed. Raises StoreError when there is none (unless `create`)."""
    find = store_url if create else existing_store
    url = find(arguments, console.environment)
    store = open_store(url, now_us=console.clock(), create=create)
    try:
        yield store
    finally:
        store.close()


def instant(text: str) -> int:
    """An instant of the command line, in microseconds since 1970."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isascii() or not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise argparse.ArgumentTypeError("must be a whole number")
    return int(text)


def workspace_id_of(name: str) -> str:
    """The id of a workspace by its name: lower case, words joined by hyphens (`Acme Shop`: `acme-shop`)."""
    spaced = "".join(c if c.isalnum() or c in "._-" else " " for c in name.casefold())
    return "-".join(spaced.split())
