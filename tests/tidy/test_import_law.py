"""The import law: which room may know which.

`errors <- rules <- store <- flows <- connectors <- {api, worker} <- serve <- cli`; `config`
and `logs` are read by `serve` and `cli` only, `process` also by `worker`, which has one of its own; `simulate` knows
the rules. `client` and `certify` know HTTP and nothing of ours, `consume` and
`mcp` the client; `cli` uses all four.
The arrow is what lets a newcomer read one room at a time: nothing to the left
knows what stands to its right. A room new to the project fails here until its
place in the law is written down. `flows` and `api` have rooms within them, with a law of the same kind. No two modules
know each other, also not by way of others, and also not inside a function or for the checker alone.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Container, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.tidy.tree import PACKAGE, parsed, python_files, wrong_in

APART = {"certify", "client", "consume", "mcp"}
INNER = {"errors", "rules", "store", "flows"}
DOORS = {"api", "worker", "connectors"}
# What each room may import of the others; its own modules always.
LAW: dict[str, set[str]] = {
    "errors": set(),
    "config": {"errors"},
    "process": set(),
    "logs": set(),
    "rules": {"errors"},
    "store": {"errors", "rules"},
    "flows": {"errors", "rules", "store"},
    "simulate": {"errors", "rules"},
    "connectors": INNER,
    "api": INNER | {"connectors"},
    "worker": INNER | {"connectors", "process"},
    "serve": INNER | DOORS | {"config", "logs", "process"},
    "cli": INNER | DOORS | {"config", "logs", "process", "serve", "simulate", *APART},
    "client": set(),
    "consume": {"client"},
    "certify": set(),
    "mcp": {"client"},
    "__main__": {"cli"},
}
# The rooms within a room, each of which knows only those before it; "" is what lies in none of them.
WITHIN: dict[str, tuple[str, ...]] = {
    "flows": (
        *("ledger", "set_up", "reporting", "promotions", "imports", "figures", "noticing"),
        *("reserving", "decisioning", "auditing", "webhooks", "checking", "people"),
    ),
    "api": ("connections", "door", ""),
}
DRIVERS = {"apsw", "sqlite3", "psycopg"}
# Facts in, answers out: whatever reads a clock, a coin, a file or a wire stays out of the rules.
NOT_IN_RULES = DRIVERS | {
    *("time", "random", "secrets", "uuid", "os", "sys", "io", "pathlib", "logging", "subprocess"),
    *("socket", "asyncio", "threading", "duckdb", "litestar", "httpx", "uvicorn"),
}
MODULES = python_files("src/promosight/")
OUTBOX = PACKAGE / "client" / "outbox.py"
OF_THE_SERVER = {"apsw", "duckdb", "litestar", "msgspec", "numpy", "psycopg", "uvicorn", "xxhash"}


def room(path: Path) -> str:
    """The room a file stands in: the first name below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports anywhere in it, with the line, in full dotted form."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, path)
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    """The module that `from X import` names, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    package = ("promosight", *path.relative_to(PACKAGE).parts[: -node.level])
    return ".".join([*package, *([node.module] if node.module else [])])


def rooms_imported(path: Path) -> Iterator[tuple[int, str]]:
    """The rooms that a file imports, with the line; `import promosight` itself names none."""
    for line, module in imports(path):
        parts = module.split(".")
        if parts[0] == "promosight" and len(parts) > 1 and parts[1] != "__version__":
            yield line, parts[1]


def test_every_room_has_a_place_in_the_law() -> None:
    rooms = {room(path) for path in MODULES} - {"__init__"}
    assert rooms <= LAW.keys(), "write the new room's place into LAW"


def _rooms_not_allowed(path: Path) -> Iterator[str]:
    allowed = LAW.get(room(path), set()) | {room(path)}
    for line, to in rooms_imported(path):
        if to not in allowed:
            yield f"line {line}: {to}; it may import only {sorted(allowed)}"


def test_a_room_knows_only_the_rooms_before_it() -> None:
    assert not wrong_in(MODULES, _rooms_not_allowed)


def _room_within(parts: tuple[str, ...]) -> str:
    """Of a module's names below the package, the room within its room."""
    return parts[1] if len(parts) > 2 else ""


def _within_not_allowed(path: Path) -> Iterator[str]:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    order = WITHIN[parts[0]]
    own = _room_within(parts)
    before = order[: order.index(own) + 1] if own in order else ()
    for line, module in imports(path):
        to = module.split(".")[1:]
        if to[:1] == [parts[0]] and _place_of(to, order) not in before:
            yield f"line {line}: {module}; it may import only {before}"


def _place_of(to: list[str], order: tuple[str, ...]) -> str:
    return to[1] if to[1] in order else ""


def test_within_a_room_too_each_knows_only_those_before_it() -> None:
    inner = [path for path in MODULES if room(path) in WITHIN and path.name != "__init__.py"]
    assert not wrong_in(inner, _within_not_allowed), "a new room's place belongs into WITHIN"


def _module_of(path: Path) -> str:
    return ".".join(["promosight", *path.relative_to(PACKAGE).with_suffix("").parts])


def test_no_modules_know_each_other_in_a_circle() -> None:
    known = {_module_of(path): path for path in MODULES}
    graph = {
        name: {
            found
            for _, imported in imports(path)
            for found in (imported, imported.rpartition(".")[0])
            if found in known
        }
        for name, path in known.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def _among(forbidden: Container[str]) -> Callable[[Path], Iterator[str]]:
    """What a file imports of these."""

    def found(path: Path) -> Iterator[str]:
        for line, module in imports(path):
            if _top(module) in forbidden:
                yield f"line {line}: {module}"

    return found


def test_the_rules_read_no_clock_and_touch_nothing() -> None:
    rules = [path for path in MODULES if room(path) == "rules"]
    wrong = wrong_in(rules, _among(NOT_IN_RULES))
    assert not wrong, "give the rule what it needs as an argument"


def test_only_the_store_opens_a_database() -> None:
    """The client's outbox beside it, which is another machine's file and knows nothing of ours."""
    others = [path for path in MODULES if room(path) != "store" and path != OUTBOX]
    assert not wrong_in(others, _among(DRIVERS)), "ask promosight.store"
    assert not wrong_in([OUTBOX], _among(DRIVERS - {"sqlite3"})), "the library's own is enough"


def _not_of_the_client(path: Path) -> Iterator[str]:
    for line, module in imports(path):
        if _top(module) not in sys.stdlib_module_names | {"promosight", "httpx"}:
            yield f"line {line}: {module}"


def test_the_client_needs_only_httpx() -> None:
    wrong = wrong_in([path for path in MODULES if room(path) == "client"], _not_of_the_client)
    assert not wrong, "whoever installs it wants nothing of the server"


def test_the_certifier_counts_by_itself() -> None:
    """Of Promosight it knows nothing, so that its agreement proves something; only signing needs a library."""
    own = sys.stdlib_module_names | {"promosight", "nacl"}
    certifier = [path for path in MODULES if room(path) == "certify"]
    wrong = wrong_in(certifier, lambda path: [m for _, m in imports(path) if _top(m) not in own])
    assert not wrong


def test_what_assistants_ask_knows_http_alone() -> None:
    """It runs beside any server, so it reads what everybody may read; the rest is the SDK's."""
    own = sys.stdlib_module_names | {"promosight", "httpx"}
    sdk = {"mcp", "mcp_types", "pydantic", "anyio", "starlette", "uvicorn"}
    wrong = wrong_in(
        [path for path in MODULES if room(path) == "mcp"],
        lambda path: [m for _, m in imports(path) if _top(m) not in own | sdk],
    )
    assert not wrong


def test_importing_the_client_loads_nothing_of_the_server() -> None:
    said = (
        "import sys; import promosight.client.promosight;"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in "
        f"{sorted(OF_THE_SERVER)} or name.startswith('promosight.')))"
    )
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    loaded = told.stdout.split()
    assert "promosight.client.promosight" in loaded
    assert [one for one in loaded if not one.startswith("promosight.client")] == []


def test_a_client_without_httpx_says_what_to_install() -> None:
    said = "import sys; sys.modules['httpx'] = None; import promosight.client.promosight"
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "pip install 'promosight[client]'" in told.stderr.splitlines()[-1]


def _installed(path: Path) -> Iterator[str]:
    allowed = sys.stdlib_module_names | {"tools"}
    for line, module in imports(path):
        if _top(module) not in allowed:
            yield f"line {line}: {module}"


def test_the_development_tools_need_nothing_installed() -> None:
    wrong = wrong_in(python_files("dev", "tools/"), _installed)
    assert not wrong, "they run before anything is installed"


def test_nothing_is_re_exported() -> None:
    """A thing is imported from where it lives, so that its definition is one search away."""
    packages = [path for path in MODULES if path.name == "__init__.py"]
    wrong = wrong_in(packages, lambda path: [f"line {n}: {module}" for n, module in imports(path)])
    assert not wrong, "these hold a docstring and no imports"


def _top(module: str) -> str:
    return module.split(".")[0]


def test_the_program_loads_no_linear_algebra_of_itself() -> None:
    """A server first says that it computes alone; loaded before, a thread would spin on a second core beside it."""
    said = (
        "import sys; from promosight.cli.console import of_this_process as console;"
        "from promosight.cli.main import build; build(console({}, int));"  # all commands, none named
        "print('promosight.cli.serve_command' in sys.modules, 'numpy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "False"]
