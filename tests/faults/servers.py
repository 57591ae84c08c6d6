"""The real server as processes that are killed, paused and started again on the same port, and what they store in."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.launcher import Program
from tests.cli.program import clean_environment
from tests.faults.sending import HOST
from tools.ports import kept_port

_READY_WITHIN_S = 120.0
_ROOT = Path(__file__).resolve().parents[2]


class Servers:
    """Server processes over one store, each with a port of its own that it comes back on."""

    def __init__(self, url: str, count: int, folder: Path) -> None:
        self._url, self._folder = url, folder
        kept = [kept_port() for _ in range(count)]
        self._keepers = [keeper for keeper, _ in kept]
        self.ports = [port for _, port in kept]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._clock = folder / "clock"
        self._clock.write_text("0")
        self.starts = 0

    def start(self, port: int) -> None:
        """Starts the server of a port, as a service manager would, and waits until it is ready.

        Raises AssertionError when it does not come up by itself.
        """
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            self._run(port)
            while time.monotonic() < deadline and self._processes[port].poll() is None:
                if says_yes(port, "/readyz"):
                    return
                time.sleep(0.02)
            time.sleep(0.1)  # its store was not there yet: a service manager starts it again
        said = (self._folder / f"server-{port}.log").read_text(errors="replace")
        raise AssertionError(f"the server does not come back: {said[-2_000:]}")

    def kill(self, port: int) -> None:
        """Ends it by SIGKILL: nothing of it can say goodbye."""
        self._processes[port].kill()
        self._processes[port].wait()

    def pause(self, port: int, seconds: float) -> None:
        """The process stands still, as under a debugger or on a machine that swaps."""
        self._processes[port].send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._processes[port].send_signal(signal.SIGCONT)

    def step_clock(self, seconds: int) -> None:
        """From now on all servers see a clock that is wrong by so much."""
        changed = self._clock.with_suffix(".new")
        changed.write_text(str(seconds))
        changed.replace(self._clock)

    def start_ended(self) -> None:
        """Starts every server that does not run."""
        for port in self.ports:
            running = self._processes.get(port)
            if running is None or running.poll() is not None:
                self.start(port)

    def await_ready(self) -> None:
        """Waits until every server says that it is ready. Raises AssertionError when one does not."""
        deadline = time.monotonic() + _READY_WITHIN_S
        for port in self.ports:
            while not says_yes(port, "/readyz"):
                assert time.monotonic() < deadline, f"port {port} does not become ready again"
                time.sleep(0.05)

    def most_held(self, port: int) -> int:
        """The most bytes of memory that the server of a port ever held."""
        status = Path(f"/proc/{self._processes[port].pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def said(self) -> str:
        """The end of what each server wrote to its log."""
        logs = sorted(self._folder.glob("server-*.log"))
        return "\n".join(log.read_text(errors="replace")[-4_000:] for log in logs)

    def stop(self) -> None:
        """Ends all, politely first."""
        for one in self._processes.values():
            one.send_signal(signal.SIGCONT)
            one.terminate()
        for one in self._processes.values():
            try:
                one.wait(60)
            except subprocess.TimeoutExpired:
                one.kill()
        for keeper in self._keepers:
            keeper.close()

    def _run(self, port: int) -> None:
        words = ["serve", "--database", self._url, "--port", str(port)]
        command = ["tests.faults.wrong_clock", str(self._clock), *words]
        with (self._folder / f"server-{port}.log").open("ab") as log:
            self._processes[port] = Program(
                command, env=clean_environment(), cwd=_ROOT, stdout=log, stderr=log
            )
        self.starts += 1


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A folder with a disk of its own, where we may make one; says whether it is one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and _works(mount)
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(folder: Path) -> Path:
    """Takes all the room that is left on a disk; removing the file gives it back."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        free = shutil.disk_usage(folder).free
        while free > 0:
            try:
                os.posix_fallocate(file.fileno(), file.tell(), free)
            except OSError:
                free //= 2
                continue
            file.seek(0, os.SEEK_END)
            free = min(free, shutil.disk_usage(folder).free)
    return filler


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def says_yes(port: int, path: str, within_s: float = 5) -> bool:
    """Whether a question without a key is answered with 200 in time."""
    connection = http.client.HTTPConnection(HOST, port, timeout=within_s)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
