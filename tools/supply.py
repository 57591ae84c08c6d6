"""What the product is made of, and whether anything of it is known to be bad: `./dev sbom`, `./dev audit`.

The lists are CycloneDX: of the Python packages that an installation runs with, and of the npm packages whose code is in
the page. Advisories are asked of the registries by pip-audit and npm. Where these cannot be asked nothing is known:
that is said loudly, and is no failure, because a check must also work on a train.

    python -m tools.supply audit | sbom
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools import page
from tools.system import CannotContinue, say

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
LOCK = ROOT / "requirements.lock"
SECONDS = 90.0
"""So long each registry has; whoever does not answer by then is not reached."""
_BIN = Path(sys.executable).parent


class NotReached(Exception):
    """Whoever knows the advisories did not answer; the message says how."""


def audit(seconds: float = SECONDS) -> int:
    """Ask for known faults of every locked package; 1 when there is one, 0 also when nobody could be asked."""
    found: list[str] = []
    for what, asking, faults in (
        (LOCK.name, _ask_pip_audit, faults_of_python),
        ("web/package-lock.json", _ask_npm, faults_of_npm),
    ):
        try:
            known = faults(asking(seconds))
        except NotReached as problem:
            say(f"WARNING: {what} was NOT audited: {problem}")
            continue
        found += known
        say(f"{what}: {len(known) or 'no'} known faults")
    for fault in found:
        say(f"  {fault}")
    return int(bool(found))


def faults_of_python(report: str) -> list[str]:
    """What a report of pip-audit names. Raises NotReached when it could ask about no package."""
    packages = _decoded(report)["dependencies"]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if len(skipped) == len(packages):
        raise NotReached("the registry knows nothing of any package")
    if skipped:
        say(f"WARNING: nothing is known of {', '.join(skipped)}")
    return [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {fault['fix_versions'] or '-'}"
        for one in packages
        for fault in one.get("vulns", ())
    ]


def faults_of_npm(report: str) -> list[str]:
    """What a report of `npm audit` names. Raises NotReached when it is none."""
    said = _decoded(report)
    if "vulnerabilities" not in said:
        raise NotReached(str(said.get("message", "npm gave no report")).split(" - ")[0])
    found = said["vulnerabilities"]
    return [f"{name} {one['range']}: {one['severity']}" for name, one in sorted(found.items())]


def sbom(folder: Path = DIST) -> list[Path]:
    """Write both lists; returns their files. Raises CannotContinue."""
    folder.mkdir(exist_ok=True)
    made = {
        "promosight-python.cdx.json": locked_only(_describe_environment(), LOCK.read_text()),
        "promosight-web.cdx.json": _describe_page(),
    }
    for name, document in made.items():
        text = json.dumps(_without_addresses(document), indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")
        say(f"wrote {name}: {len(document['components'])} components")
    return [folder / name for name in made]


def locked_only(document: dict[str, Any], lock: str) -> dict[str, Any]:
    """A list of this environment without what only development needs: the packages that a lock pins."""
    names = {_plain(line.split("==")[0]) for line in lock.splitlines() if "==" in line}
    kept = [one for one in document["components"] if _plain(one["name"]) in names]
    refs = {one["bom-ref"] for one in kept} | {document["metadata"]["component"]["bom-ref"]}
    graph = [
        {**one, "dependsOn": sorted(refs & set(one.get("dependsOn", ())))}
        for one in document["dependencies"]
        if one["ref"] in refs
    ]
    return {**document, "components": kept, "dependencies": graph}


def _plain(name: str) -> str:
    """A package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _describe_environment() -> dict[str, Any]:
    program = [str(_BIN / "cyclonedx-py"), "environment", sys.executable]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    return _described([*program, *options, "--short-PURLs"])


def _describe_page() -> dict[str, Any]:
    options = ["--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev"]
    return _described(page.npm_command(["sbom", *options]))


def _described(command: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+") as complaints:
        done = subprocess.run(
            command, cwd=page.WEB, stdout=subprocess.PIPE, stderr=complaints, check=False, text=True
        )
        complaints.seek(0)
        if done.returncode != 0:
            raise CannotContinue(f"{command[0]} failed:\n{complaints.read()}")
    described: dict[str, Any] = json.loads(done.stdout)
    return described


def _without_addresses(said: Any) -> Any:
    """The same without addresses: a package is named by its purl, and comes from whichever registry one trusts."""
    if isinstance(said, list):
        return [_without_addresses(one) for one in said]
    if isinstance(said, dict):
        return {k: _without_addresses(v) for k, v in said.items() if k != "externalReferences"}
    return said


def _ask_pip_audit(seconds: float) -> str:
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", "10"]
    return _asked([str(_BIN / "pip-audit"), *options, "-f", "json", "-r", str(LOCK)], seconds)


def _ask_npm(seconds: float) -> str:
    options = ["--json", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=10000"]
    return _asked(page.npm_command(["audit", *options]), seconds)


def _asked(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=page.WEB,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise NotReached(f"no answer within {seconds:g} seconds") from None
    return done.stdout


def _decoded(report: str) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(report)
    except json.JSONDecodeError:
        raise NotReached("the registry does not answer") from None
    return said


def main(arguments: list[str]) -> int:
    """Run the command named; a failure is one line."""
    try:
        if arguments == ["audit"]:
            return audit()
        sbom()
    except CannotContinue as problem:
        say(f"error: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
