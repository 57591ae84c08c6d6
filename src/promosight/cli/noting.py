"""The audit log of what is done on the command line: by `cli:` and the name of whoever typed it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import Any, TypeVar

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_token
from promosight.flows.auditing.audit import Actor, Change, Look, note, noted
from promosight.store.tx import Tx

R = TypeVar("R")


class Acting:
    """One act of a command; it is noted in the transaction that does it."""

    def __init__(self, console: Console, action: str, target: str) -> None:
        self._actor = Actor(f"cli:{_user()}")
        self._action, self._target = action, target
        self._at_us = console.clock()

    def change(self, tx: Tx, workspace_no: int, look: Look, make: Callable[[Tx], R]) -> R:
        """Makes a change with its entry. Raises what making it raises."""
        return noted(tx, self._actor, self._change(workspace_no, look), make)

    def done(self, tx: Tx, workspace_no: int, **said: Any) -> None:
        """Notes something that was done as a whole, and what is to be said of it."""
        note(tx, self._actor, self._change(workspace_no, lambda _: None), None, said)

    def _change(self, workspace_no: int, look: Look) -> Change:
        return Change(workspace_no, self._action, self._target, look, fresh_token(), self._at_us)


def _user() -> str:
    """The name of this process's user, whatever the environment says."""
    if not hasattr(os, "getuid"):
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
