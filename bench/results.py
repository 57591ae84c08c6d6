"""What a run found: every measurement, what was stored, and what was wrong; medians over the rounds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from statistics import median

import msgspec
from tqdm import tqdm

from bench.measure import Usage
from bench.product import ProductFailed
from bench.senders import Failed, Sent
from bench.servers import DidNotStart

Key = tuple[str, str, str, int]
"""Store, way, kind, and how many rows were stored before, where that is what is varied."""


class Measurement(msgspec.Struct, kw_only=True):
    """One way of taking in one kind of event, once. Milliseconds are those of acknowledgements."""

    round: int
    store: str
    way: str
    kind: str
    events: int
    cpu_s: float
    wall_s: float
    requests: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    peak_bytes: int = 0
    complete: bool = True
    retried: int = 0
    """Answers 429 and 503, after which the body was sent again."""
    at: int = 0

    @property
    def key(self) -> Key:
        """What is measured several times."""
        return self.store, self.way, self.kind, self.at


class Stored(msgspec.Struct, kw_only=True):
    """What so many rows of a kind added to a store."""

    round: int
    store: str
    way: str
    kind: str
    rows: int
    bytes: int
    at: int = 0


class Row(msgspec.Struct, kw_only=True):
    """The medians of one way of taking in one kind."""

    store: str
    way: str
    kind: str
    at: int
    rounds: int
    events: int
    cpu_us: float
    per_second: float
    p50_ms: float | None
    p99_ms: float | None
    peak_bytes: int


class Results:
    """Collects as the run goes, and says each finding on stderr."""

    def __init__(self, steps: int) -> None:
        self.measurements: list[Measurement] = []
        self.stored: list[Stored] = []
        self.faults: list[str] = []
        self.checks = 0
        self._bar = tqdm(total=steps, unit=" ways", file=sys.stderr, disable=None)

    def begin(self, what: str) -> None:
        """Something is measured now."""
        self._bar.set_description_str(what)

    def close(self) -> None:
        """No more follows."""
        self._bar.close()

    def add(self, one: Measurement) -> None:
        """Keeps a measurement."""
        self.measurements.append(one)
        cpu_us = one.cpu_s / max(1, one.events) * 1e6
        at = f"at {one.at:,}  " if one.at else ""
        tqdm.write(
            f"round {one.round}  {at}{one.store:10}  {one.way:28}  {one.kind:11}  "
            f"{one.events:>10,} events  {cpu_us:9.2f} us CPU each",
            file=sys.stderr,
        )

    def add_sent(
        self,
        sent: Sent,
        usage: Usage,
        *,
        round_: int,
        store: str,
        way: str,
        kind: str,
        at: int = 0,
    ) -> None:
        """Keeps what senders measured; the wall time is theirs."""
        self.add(
            Measurement(
                round=round_,
                store=store,
                way=way,
                kind=kind,
                events=sent.events,
                requests=sent.requests,
                cpu_s=usage.cpu_s,
                wall_s=sent.wall_s,
                p50_ms=sent.p50_ms,
                p99_ms=sent.p99_ms,
                peak_bytes=usage.peak_bytes,
                complete=sent.complete,
                retried=sent.retried,
                at=at,
            )
        )

    def check(self, where: str, faults: Iterable[str]) -> None:
        """Keeps what is wrong."""
        self.checks += 1
        for fault in faults:
            self.faults.append(f"{where}: {fault}")
            tqdm.write(f"WRONG  {where}: {fault}", file=sys.stderr)

    @contextmanager
    def surviving(self, what: str) -> Iterator[None]:
        """What fails is kept as wrong, and the run goes on with the next way."""
        self.begin(what)
        try:
            yield
        except (ProductFailed, Failed, DidNotStart, subprocess.CalledProcessError) as error:
            self.check(what, [" ".join(str(error).split())])
        self._bar.update(1)

    def rows(self) -> list[Row]:
        """The medians, in the order in which the ways were first measured."""
        groups: dict[Key, list[Measurement]] = {}
        for one in self.measurements:
            groups.setdefault(one.key, []).append(one)
        return [_row(key, found) for key, found in groups.items()]


def _row(key: Key, found: list[Measurement]) -> Row:
    waits = [(one.p50_ms, one.p99_ms) for one in found if one.p50_ms is not None]
    return Row(
        store=key[0],
        way=key[1],
        kind=key[2],
        at=key[3],
        rounds=len(found),
        events=int(median(one.events for one in found)),
        cpu_us=median(one.cpu_s / max(1, one.events) for one in found) * 1e6,
        per_second=median(one.events / one.wall_s if one.wall_s else 0.0 for one in found),
        p50_ms=median(p50 for p50, _ in waits) if waits else None,
        p99_ms=median(p99 or 0.0 for _, p99 in waits) if waits else None,
        peak_bytes=max(one.peak_bytes for one in found),
    )
