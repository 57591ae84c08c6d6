"""`./dev bench decide_http`: how many decisions a second, how long each takes, and what a batch of 10,000 costs.

It makes a workspace with 30 offers, lets customers build a history, then asks from 32 callers at once over HTTP, each
waiting for its answer, which is durable and logged by then. On SQLite, or on PostgreSQL with one process or several.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

import httpx
import uvloop

from bench.measure import tree_cpu
from tools.postgres import temporary_postgres

OFFERS = 30


def main() -> None:
    """Measures and prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--decisions", type=int, default=6_000)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=0, help="a second, of all callers together")
    parser.add_argument("--limits", action="store_true", help="give every offer a cap")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, a fresh one")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--port", type=int, default=8977)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        if chosen.postgres:
            place = ["--database", stack.enter_context(temporary_postgres())]
        else:
            place = ["--data", stack.enter_context(tempfile.TemporaryDirectory())]
        key = _init(place)
        served = ["--port", str(chosen.port), "--workers", str(chosen.workers)]
        server = subprocess.Popen([*_PROGRAM, "serve", *place, *served])
        try:
            print(json.dumps(uvloop.run(_measure(chosen, key, server.pid))))
        finally:
            server.terminate()
            server.wait()


_PROGRAM = [sys.executable, "-m", "promosight"]


def _init(place: list[str]) -> str:
    said = subprocess.run(
        [*_PROGRAM, "init", *place, "--sandbox", "--json"],
        capture_output=True,
        check=True,
        text=True,
    )
    return str(json.loads(said.stdout)["key"])


async def _measure(chosen: argparse.Namespace, key: str, pid: int) -> dict[str, float]:
    limits = httpx.Limits(max_connections=chosen.callers)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{chosen.port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
        limits=limits,
    ) as client:
        await _ready(client)
        await _set_up(client, chosen)
        warm = [_question(n, chosen.customers, "w") for n in range(1_000)]
        await _ask(chosen.port, key, warm, chosen.callers)
        await asyncio.sleep(1.0)
        cpu, began = tree_cpu(pid), time.perf_counter()
        asked = [_question(n, chosen.customers, "d") for n in range(chosen.decisions)]
        taken = await _ask(chosen.port, key, asked, chosen.callers, chosen.rate)
        wall = time.perf_counter() - began
        spent = tree_cpu(pid) - cpu
        cpu, began = tree_cpu(pid), time.perf_counter()
        body = {"decisions": [_question(n, 10_000, "b") for n in range(10_000)]}
        answer = await client.post("/v1/decisions/batch", json=body)
        assert answer.status_code == 200, answer.text
        batch, batch_cpu = time.perf_counter() - began, tree_cpu(pid) - cpu
    taken.sort()
    return {
        "decisions_per_second": round(len(taken) / wall),
        "p50_ms": round(taken[len(taken) // 2] * 1_000, 2),
        "p99_ms": round(taken[int(len(taken) * 0.99)] * 1_000, 2),
        "server_cpu_us_each": round(spent / len(taken) * 1e6),
        "own_cpu_seconds": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime, 1),
        "batch_10000_seconds": round(batch, 2),
        "batch_cpu_seconds": round(batch_cpu, 2),
    }


async def _ready(client: httpx.AsyncClient) -> None:
    for _ in range(500):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise SystemExit("the server did not come up")


async def _set_up(client: httpx.AsyncClient, chosen: argparse.Namespace) -> None:
    types = ("amount", "percentage", "unit")
    for n in range(OFFERS):
        body = {
            "name": f"Offer {n}",
            "status": "active",
            "reward": {"type": types[n % 3], "value": str(2 + n)},
            "limits": [{"measure": "assignments", "amount": "1000000"}] if chosen.limits else [],
        }
        assert (await client.put(f"/v1/promotions/o{n}", json=body)).is_success


def _question(n: int, customers: int, kind: str) -> dict[str, object]:
    return {
        "customer_id": f"c{n % customers}",
        "decision_id": f"{kind}{n}",
        "context": {"plan": ("gold", "tin", "new")[n % 3], "basket": 10 + n % 90},
    }


async def _ask(
    port: int, key: str, asked: list[dict[str, object]], callers: int, rate: float = 0.0
) -> list[float]:
    """Asks, so many at a time, over plain sockets: a client library would take more than the server.

    With a rate (a second, all callers together) each question has its moment, and is timed from then on, also where
    its caller still waited for the answer to another. Without one each caller asks as soon as it was answered.
    """
    bodies = [json.dumps(question).encode() for question in asked]
    start = time.perf_counter() + 0.01
    left = iter([(start + n / rate if rate else 0.0, body) for n, body in enumerate(bodies)])
    taken: list[float] = []
    head = (
        f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for due, body in left:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            began = due or time.perf_counter()
            writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = answer.lower().split(b"content-length:")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            taken.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(callers)))
    return taken


if __name__ == "__main__":
    main()
