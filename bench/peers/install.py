"""Peers, installed outside the repository and outside our locks: a throwaway environment and a folder of packages."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_OSCAR = ("django-oscar==4.2.1", "psycopg[binary]==3.3.9")
_MEDUSA = ("promotion", "framework", "modules-sdk", "link-modules", "test-utils")
_MEDUSA_VERSION = "2.21.2"
_WITHIN_S = 3_600


class CannotRun(Exception):
    """A peer could not be installed or did not run; what it said is the evidence."""


@dataclass(frozen=True)
class Peer:
    """A peer's name and how to run its storms: `command URL CALLERS ATTEMPTS` in `folder`."""

    name: str
    command: list[str]
    folder: Path

    def storms(self, url: str, callers: int, attempts: int) -> dict[str, Any]:
        """What its driver says. Raises CannotRun."""
        said = _run([*self.command, url, str(callers), str(attempts)], self.folder)
        found: dict[str, Any] = json.loads(said.splitlines()[-1].removeprefix("RESULT "))
        return found


def django_oscar(folder: Path) -> Peer:
    """django-oscar in an environment of its own. Raises CannotRun."""
    environment = folder / "django-oscar"
    python = environment / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(environment)], folder)
        _run([str(python), "-m", "pip", "install", "--quiet", *_OSCAR], folder)
    return Peer("django-oscar", [str(python), str(_HERE / "django_oscar.py")], environment)


def medusa(folder: Path) -> Peer:
    """Medusa's promotion module in a folder of its own. Raises CannotRun."""
    packages = folder / "medusa"
    if not (packages / "node_modules").exists():
        packages.mkdir(exist_ok=True)
        _run(["npm", "init", "--yes"], packages)
        wanted = [f"@medusajs/{name}@{_MEDUSA_VERSION}" for name in _MEDUSA]
        _run(["npm", "install", "--no-audit", "--no-fund", *wanted], packages)
    return Peer("medusa", ["node", str(_HERE / "medusa.mjs")], packages)


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_WITHIN_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRun(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise CannotRun(f"{' '.join(command[:4])}: {(done.stderr or done.stdout)[-1_500:]}")
    return done.stdout.strip()
