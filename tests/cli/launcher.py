"""Starting the program without loading it anew: a process that has loaded it becomes it, by forking.

The suite starts the program hundreds of times, and most of what a start costs is Python reading modules that it read
a second ago. So each process of the suite keeps one launcher. Asked to, it forks a minder, and the minder forks the
program: a process of its own, with its own arguments, environment, folder and files, that ends as it would have ended
when started from a shell, except that what was loaded is not taken apart, and that what is kept of passwords is quick
to compute. The minder tells its number, waits for its end and tells how it ended.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from promosight.process import compute_alone

_ROOT = Path(__file__).resolve().parent.parent.parent
_LOADED = (
    "promosight.serve",
    "promosight.api.connections.joined",
    "promosight.store.prepared",
    "psycopg",
    "httpx",
    "tqdm",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "anyio._backends._asyncio",
)
"""What the launcher loads beside all commands; whatever else the program loads when it needs it."""
_WORD = 8
"""Bytes of what a minder says: a number of a process, or how it ended."""


class _Asked(NamedTuple):
    """What is to run: a module and its arguments, its environment and folder."""

    words: list[str]
    environment: dict[str, str]
    folder: str


# --- in the suite ----------------------------------------------------------------------------


class Program(subprocess.Popen[bytes]):
    """The program, running: a Popen but for how the process comes to be and how its end is known."""

    # Neither of these three is on Popen's documented face; all are the same from Python 3.11 on.

    def _execute_child(self, *given: Any) -> None:
        (words, folder, environment), ends = (given[0], given[5], given[6]), given[10:16]
        asked = _Asked([str(one) for one in words], environment, str(folder or Path.cwd()))
        inputs_and_outputs = (ends[0], ends[3], ends[5])
        files = [number if end == -1 else end for number, end in enumerate(inputs_and_outputs)]
        self._minder, inside = socket.socketpair()
        with inside:
            socket.send_fds(_launcher(), [b"."], [*files, inside.fileno()])
        self._minder.sendall(json.dumps(asked).encode() + b"\n")
        self.pid = _heard(self._minder)
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]

    def _try_wait(self, flags: int) -> tuple[int, int]:
        self._minder.setblocking(not flags & os.WNOHANG)
        try:
            ended = _heard(self._minder)
        except BlockingIOError:
            return 0, 0
        self._minder.close()
        return self.pid, ended

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                number, ended = self._try_wait(os.WNOHANG)
                if number:
                    self._handle_exitstatus(ended)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


@cache
def _launcher() -> socket.socket:
    """The way to this process's launcher, which ends when we do."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.cli.launcher", str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(command, cwd=_ROOT, pass_fds=[theirs.fileno()], env=_plain())

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _plain() -> dict[str, str]:
    return os.environ | {"PYTHONWARNINGS": "error"}


def _heard(minder: socket.socket) -> int:
    said = minder.recv(_WORD, socket.MSG_WAITALL)
    if len(said) != _WORD:
        raise ChildProcessError("the minder of a program is gone")
    return int.from_bytes(said, "big")


# --- in the launcher -------------------------------------------------------------------------


def _serve(door: socket.socket) -> _Asked | None:
    """Forks a minder for each that asks. Returns when nobody can ask any more, or in a program that is to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # minders are not waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who typed it meant the suite
    while True:
        said, files, _, _ = socket.recv_fds(door, 1, 4)
        if not said:
            return None
        if _fork() == 0:
            door.close()
            return _mind(files)
        for file in files:
            os.close(file)


def _fork() -> int:
    with warnings.catch_warnings():
        # From Python 3.12 on it is warned of threads, and a library for matrices keeps some. They take no locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _mind(files: list[int]) -> _Asked:
    """Tells the number of a program and how it ended. Returns in the program only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    suite = socket.socket(fileno=files.pop())
    with suite.makefile("rb") as letter:
        asked = _Asked(*json.loads(letter.readline()))
    number = _fork()
    if number == 0:
        suite.detach()
        _put_in_place(files, asked)
        return asked
    for file in files:
        os.close(file)
    suite.sendall(number.to_bytes(_WORD, "big"))
    _, ended = os.waitpid(number, 0)
    suite.sendall(ended.to_bytes(_WORD, "big"))
    os._exit(0)


def _put_in_place(files: list[int], asked: _Asked) -> None:
    """Gives this process the files, the environment and the folder that were asked for, and nothing of the launcher."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(asked.environment)
    time.tzset()
    os.chdir(asked.folder)
    sys.path[0] = asked.folder
    sys.argv = asked.words


def _become() -> NoReturn:
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            _end(end.code or 0)
        raise
    raise AssertionError("the program ends by itself")


def _end(status: int) -> None:
    """Ends as Python does, but takes nothing apart: that took longer than most programs. Returns where it cannot."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what was left open is complained of here
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # Python has words and a status of its own for it
    os._exit(status)


def _load() -> None:
    """Loads the program, and builds its application once: Litestar remembers what it found out about functions."""
    compute_alone()  # as `promosight serve` does, before it loads the rest
    for name in _LOADED:
        import_module(name)
    from promosight.api.app import application
    from promosight.api.door.door import Door
    from promosight.cli.console import of_this_process
    from promosight.cli.main import build
    from promosight.store.engine import open_store

    build(of_this_process({}, time.time_ns))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/promosight.db", now_us=0)
        application(Door(store, clock=time.time_ns, fresh=str))
        store.close()
    _hash_quickly()
    gc.collect()
    gc.freeze()  # what is loaded stays, and is not looked through in each program again


def _hash_quickly() -> None:
    """A password takes a tenth of a second on purpose; that it does is tested where one is hashed by itself."""
    from argon2 import PasswordHasher

    from promosight.api.door import passwords as of_the_door
    from promosight.flows.set_up import passwords

    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    vars(of_the_door)["NOBODYS_HASH"] = passwords._nobodys_hash()


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as suite:
        to_run = _serve(suite)
    if to_run is not None:
        _become()
