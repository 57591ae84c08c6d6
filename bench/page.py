"""`./dev bench page`: what the Promotions page costs those who look at it, in a real browser.

On the demo's brand, in headless Chromium: time to the first row, cold (nothing cached) and warm; bytes over the
wire before any chart; from an event's acknowledgement to the moved figure; and how busy the tab is while fifty
promotions a second move. Times are of this machine: compare columns of one run, do not quote them alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from bench import machine
from bench.servers import module, serving
from tools.chromium import FLAGS, find_or_install_chromium
from tools.page import node_program

_ROW = "table tbody a[href^='/promotions/']"
_FIRST_ROW = f"""
const look = () => {{
  if (document.querySelector("{_ROW}")) window.firstRowMs ??= performance.now();
  else requestAnimationFrame(look);
}};
requestAnimationFrame(look);
"""
_MOVED = """([name, before]) => new Promise((done) => {
  const link = document.querySelector(`a[aria-label^="${name}:"]`);
  const look = () => link.textContent !== before && done(Date.now());
  new MutationObserver(look).observe(link, {subtree: true, childList: true, characterData: true});
  look();
})"""
USER = {"email": "viewer@demo.example", "password": "promosight-demo"}


def main() -> int:
    """Measures, and prints one line for each figure."""
    parser = argparse.ArgumentParser(prog="./dev bench page", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="page loads of each kind (6)")
    parser.add_argument("--seconds", type=float, default=10, help="of moving figures (10)")
    arguments = parser.parse_args()
    for name, value in machine.described(["sqlite"]).items():
        print(f"{name}: {value}")
    with tempfile.TemporaryDirectory(prefix="bench-page-") as folder, _shop(Path(folder)) as shop:
        api, key = shop
        with _browser() as browser:
            _loads(browser, api, arguments.rounds)
            _movement(browser, api, key, arguments.seconds)
    return 0


@contextmanager
def _shop(folder: Path) -> Iterator[tuple[str, str]]:
    """The demo's brand, served: the address and an admin key."""
    command = module("promosight", "demo", "--data", str(folder), "--port", "PORT")
    with serving(command, ready="/readyz") as server:
        key = msgspec.json.decode((folder / "demo-keys.json").read_bytes())["admin"]
        yield f"http://127.0.0.1:{server.port}", key


@contextmanager
def _browser() -> Iterator[Browser]:
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node_program())
    with sync_playwright() as playwright:
        program = find_or_install_chromium(whole=True)
        yield playwright.chromium.launch(executable_path=program, args=FLAGS)


def _signed_in(browser: Browser, api: str) -> BrowserContext:
    view = ViewportSize(width=1440, height=900)
    context = browser.new_context(base_url=api, viewport=view, bypass_csp=True)  # we evaluate
    answer = context.request.post("/v1/session", data=USER)
    assert answer.ok, answer.text()
    return context


def _loads(browser: Browser, api: str, rounds: int) -> None:
    cold, warm, sizes = [], [], []
    for _ in range(rounds):
        with _signed_in(browser, api) as context:
            page = context.new_page()
            page.add_init_script(_FIRST_ROW)
            received = _count_bytes(page)
            cold.append(_first_row_ms(page))
            sizes.append(sum(received))
            warm.append(_first_row_ms(page))
    print(f"first row, cold: median {statistics.median(cold):.0f} ms, worst {max(cold):.0f} ms")
    print(f"first row, warm: median {statistics.median(warm):.0f} ms, worst {max(warm):.0f} ms")
    print(f"over the wire, cold: {statistics.median(sizes) / 1000:.0f} kB")


def _first_row_ms(page: Page) -> float:
    page.goto("/promotions")
    page.wait_for_function("window.firstRowMs")
    page.wait_for_timeout(500)  # what comes after the first row belongs to the page as well
    return float(page.evaluate("window.firstRowMs"))


def _count_bytes(page: Page) -> list[int]:
    received: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda e: received.append(int(e["encodedDataLength"])))
    return received


def _movement(browser: Browser, api: str, key: str, seconds: float) -> None:
    """How soon a figure moves after the acknowledgement, and how busy the tab is at fifty a second."""
    with (
        _signed_in(browser, api) as context,
        httpx.Client(base_url=api, headers={"Authorization": f"Bearer {key}"}) as client,
    ):
        names = _movable(client)
        page = context.new_page()
        page.goto("/promotions")
        page.get_by_role("status", name="Live:").wait_for()
        waits = sorted(_wait_ms(page, client, name) for name in names[:20])
        print(
            f"acknowledged to moved: median {statistics.median(waits):.0f} ms, "
            f"p95 {waits[int(len(waits) * 0.95) - 1]:.0f} ms of {len(waits)}"
        )
        page.goto("/promotions?size=50")
        page.get_by_role("status", name="Live:").wait_for()
        page.wait_for_timeout(1_000)
        print(f"tab, at rest: {_busy(page, 3):.0%} busy")
        with _posting(client, names, a_second=50) as posted:
            print(f"tab, while figures move: {_busy(page, seconds):.0%} busy", end="")
        print(f" ({posted() / seconds:.0f} events a second)")


def _movable(client: httpx.Client) -> list[str]:
    """Fifty promotions, each with a thousand customers."""
    names = [f"MOVES-{n:02}" for n in range(50)]
    for name in names:
        terms = {"name": name, "status": "active"}
        reward = {"type": "amount", "currency": "EUR", "value": "5.00"}
        client.put(f"/v1/promotions/{name}", json=terms | {"reward": reward}).raise_for_status()
        given = [
            {"promotion_id": name, "customer_id": f"m-{n}", "assigned_at": _now()}
            for n in range(1_000)
        ]
        client.post("/v1/assignments", json=given).raise_for_status()
    return names


_used = iter(range(10**9))


def _redeem(client: httpx.Client, name: str) -> None:
    number = next(_used)
    event = {"event_id": f"e-{number}", "promotion_id": name, "redeemed_at": _now()}
    customer = {"customer_id": f"m-{number % 1_000}"}
    client.post("/v1/redemptions", json=event | customer).raise_for_status()


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _wait_ms(page: Page, client: httpx.Client, name: str) -> float:
    page.goto(f"/promotions?q={name}")
    page.get_by_role("status", name="Live:").wait_for()
    link = page.locator(f'a[aria-label^="{name}:"]')
    before = link.inner_text()
    watch = "a => { window.moved = 0; (" + _MOVED + ")(a).then((at) => { window.moved = at; }); }"
    page.evaluate(watch, [name, before])
    _redeem(client, name)
    acknowledged = time.time() * 1_000
    page.wait_for_function("window.moved")
    return max(0.0, float(page.evaluate("window.moved")) - acknowledged)


@contextmanager
def _posting(
    client: httpx.Client, names: list[str], *, a_second: int
) -> Iterator[Callable[[], int]]:
    stopped = threading.Event()
    posted = 0

    def work() -> None:
        nonlocal posted
        while not stopped.wait(1 / a_second - 0.003):
            _redeem(client, names[posted % len(names)])
            posted += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: posted
    finally:
        stopped.set()
        thread.join()


def _busy(page: Page, seconds: float) -> float:
    """The share of time in which the tab's main thread works."""
    wire = page.context.new_cdp_session(page)
    wire.send("Performance.enable")
    before = _task_seconds(wire)
    page.wait_for_timeout(seconds * 1_000)
    return (_task_seconds(wire) - before) / seconds


def _task_seconds(wire: Any) -> float:
    metrics = {one["name"]: one["value"] for one in wire.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


if __name__ == "__main__":
    raise SystemExit(main())
