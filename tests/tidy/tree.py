"""The project's own files, as the tidy tests see them.

What git tracks or would track counts: a file that is new and not ignored is
checked before it is committed. Where git cannot answer (an unpacked archive),
the folders are walked instead.
"""

import ast
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "promosight"
Function = ast.FunctionDef | ast.AsyncFunctionDef
NOT_OURS = {".git", ".venv", "node_modules", "dist", "build", "site"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project that exists, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else list(_walk())
    return tuple(sorted(ROOT / name for name in names if name and (ROOT / name).is_file()))


def _walk() -> Iterator[str]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and "cache" not in name]
        yield from (str((Path(folder) / name).relative_to(ROOT)) for name in names)


def python_files(*under: str) -> list[Path]:
    """The Python files in the folders `under` (all without any), `./dev` among them."""
    inside = [path for path in files() if path.suffix == ".py" or path == ROOT / "dev"]
    return [path for path in inside if not under or name(path).startswith(under)]


def name(path: Path) -> str:
    """How a path is shown: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))


def wrong_in(paths: Iterable[Path], look: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """What `look` finds wrong in each of these files, for those where it finds anything.

    One test for all files and not one for each: running thousands of them took longer than looking.
    """
    found = {name(path): list(look(path)) for path in paths}
    return {where: wrong for where, wrong in found.items() if wrong}


def functions(path: Path) -> Iterator[Function]:
    """Every function and method in a file, nested ones too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, Function):
            yield node
