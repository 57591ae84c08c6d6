"""Servers as real processes on loopback, started for a measurement and stopped after it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tools.ports import HOST, kept_port

_STARTS_WITHIN_S = 60.0
_STOPS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Server:
    """A server that answers: its process and port, and the key it wants, if any."""

    pid: int
    port: int
    key: str = ""


class DidNotStart(Exception):
    """A server ended, or did not answer, before it was ready."""


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of the product that a developer may have."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PROMOSIGHT_")}


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a Python module with this interpreter."""
    return [sys.executable, "-m", name, *arguments]


@contextmanager
def serving(command: Sequence[str], *, ready: str = "/", key: str = "") -> Iterator[Server]:
    """Runs `command`, in which `PORT` stands for a free port, until the block ends.

    It is ready when `ready` answers, whatever it answers below 500. Raises DidNotStart.
    """
    keeper, port = kept_port()
    words = [str(port) if word == "PORT" else word for word in command]
    process = subprocess.Popen(words, env=clean_environment(), stdout=subprocess.DEVNULL)
    try:
        _await(process, port, ready)
        yield Server(process.pid, port, key)
    finally:
        keeper.close()
        process.terminate()
        try:
            process.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def get(server: Server, path: str) -> tuple[int, bytes]:
    """One GET; status and body."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {server.key}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _await(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if get(Server(process.pid, port), path)[0] < 500:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise DidNotStart(f"no answer on port {port}: {process.args!r}")
