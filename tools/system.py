"""What the development tools ask of the machine: running programs, and Debian packages.

`./dev` promises to work on a bare Debian or Ubuntu with Python and apt. Where a
package is missing it is installed when we may (root, or sudo without a
password); where we may not, the message says what to type.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence


class CannotContinue(Exception):
    """A step failed and a person must mend it. The message says how."""


def say(message: str) -> None:
    """Tell the developer what happens now, on stderr so that stdout stays the program's."""
    print(f"dev: {message}", file=sys.stderr, flush=True)


def run(command: Sequence[str], *, mend: str, env: Mapping[str, str] | None = None) -> None:
    """Run `command` with its output shown.

    Raises `CannotContinue`, with `mend` as the advice, when it is missing or fails.
    """
    try:
        status = subprocess.run(command, env=env, check=False).returncode
    except OSError as error:
        raise CannotContinue(f"cannot run {command[0]}: {error}\n{mend}") from error
    if status != 0:
        raise CannotContinue(f"`{' '.join(command)}` failed (exit status {status})\n{mend}")


def run_to_end(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run `command` and return its exit status; on Ctrl-C give it time to end by itself.

    The terminal sends Ctrl-C to the child too, so we only wait; on any other way
    out (SIGTERM raises SystemExit, see `./dev`) the child is told.
    """
    with subprocess.Popen(command, env=env) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            _await_or_kill(child)
            raise
        except BaseException:
            child.terminate()
            _await_or_kill(child)
            raise


def _await_or_kill(child: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    try:
        child.wait(seconds)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()


def install_debian_packages(*packages: str, instead: str) -> None:
    """Install `packages` with apt-get.

    `instead` is what the developer can do by hand. Raises `CannotContinue` when
    there is no apt-get, when we are neither root nor allowed sudo, or when it fails.
    """
    mend = f"Install {' '.join(packages)} yourself. {instead}"
    if shutil.which("apt-get") is None:
        raise CannotContinue(
            f"{' '.join(packages)} is missing and there is no apt-get here.\n{mend}"
        )
    prefix = _root_prefix(mend)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    say(f"installing {' '.join(packages)} with apt-get")
    run([*prefix, *quiet, "update"], mend=mend)
    run([*prefix, *quiet, "install", "-y", "--no-install-recommends", *packages], mend=mend)


def _root_prefix(mend: str) -> list[str]:
    """What turns a command into root's: nothing, or sudo that asks no password."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return [sudo, "-n"]
    raise CannotContinue(f"Only root may install packages, and sudo is not available.\n{mend}")
