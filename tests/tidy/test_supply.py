"""What is known of the supply chain: reports are understood, and whoever cannot be asked is said, never waited for."""

import json
import socket
import time

import pytest

from tools import supply


def test_a_known_fault_of_a_python_package_is_named() -> None:
    report = {
        "dependencies": [
            {"name": "left", "version": "1.0", "vulns": [{"id": "V-1", "fix_versions": ["1.1"]}]},
            {"name": "right", "version": "2.0", "vulns": []},
        ]
    }
    assert supply.faults_of_python(json.dumps(report)) == ["left 1.0: V-1, mended in ['1.1']"]


def test_a_known_fault_of_an_npm_package_is_named() -> None:
    report = {"vulnerabilities": {"left": {"range": "<1.1", "severity": "high"}}}
    assert supply.faults_of_npm(json.dumps(report)) == ["left <1.1: high"]
    assert supply.faults_of_npm('{"vulnerabilities": {}}') == []


@pytest.mark.parametrize(
    ("understood", "report"),
    [
        (supply.faults_of_npm, '{"message": "405 Method Not Allowed", "statusCode": 405}'),
        (supply.faults_of_npm, ""),
        (supply.faults_of_python, '{"dependencies": [{"name": "left", "skip_reason": "?"}]}'),
        (supply.faults_of_python, ""),
    ],
)
def test_a_registry_that_says_nothing_is_not_taken_for_a_clean_report(
    understood: object, report: str
) -> None:
    assert callable(understood)
    with pytest.raises(supply.NotReached):
        understood(report)


def test_an_audit_that_reaches_nobody_says_so_and_ends(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that takes connections and never answers, which is the worst of them."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name in ("HTTPS_PROXY", "https_proxy", "npm_config_registry"):
            monkeypatch.setenv(name, address)
        began = time.monotonic()
        assert supply.audit(seconds=1.5) == 0
        assert time.monotonic() - began < 60  # a silent service would be waited for without end
    said = capfd.readouterr().err
    assert "requirements.lock was NOT audited" in said
    assert "package-lock.json was NOT audited" in said


def test_a_list_of_parts_holds_what_the_lock_pins_and_no_more() -> None:
    document = {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [
            {"bom-ref": "a", "name": "Left_Pad"},
            {"bom-ref": "b", "name": "tool"},
        ],
        "dependencies": [{"ref": "root", "dependsOn": ["a", "b"]}, {"ref": "b"}],
    }
    made = supply.locked_only(document, "left-pad==1.0 \\\n    --hash=sha256:00\n")
    assert [one["name"] for one in made["components"]] == ["Left_Pad"]
    assert made["dependencies"] == [{"ref": "root", "dependsOn": ["a"]}]
