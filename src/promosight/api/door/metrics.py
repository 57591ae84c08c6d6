"""`GET /metrics`: what an operator watches, in the form Prometheus reads.

No key is asked for, so nothing here names a brand, a customer or a promotion: sources bear their number in the store.
Counters are of this process; where several serve one port they share a folder and each answers for all of them
(prometheus_client's way, `PROMETHEUS_MULTIPROC_DIR`). What the store knows is asked when somebody looks.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from promosight.store.engine import Store

MEDIA_TYPE = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")
"""Without its charset, which the framework adds to every text."""
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_ANSWERED = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_US = 1_000_000
_THREADS = frozenset(
    f"promosight-{name}"
    for name in ("alerts", "imports", "improver", "keeper", "learner", "noticer", "writer")
)


class Metrics:
    """The counters of one process, and the questions that are asked of its store when somebody looks."""

    def __init__(self, store: Store) -> None:
        self._own = CollectorRegistry(auto_describe=True)
        self._requests = Counter(
            "promosight_http_requests",
            "Requests answered",
            ("method", "route", "status"),
            registry=self._own,
        )
        self._seconds = _Times(
            "promosight_http_request_seconds",
            "Time until a request was answered",
            ("method", "route"),
            buckets=_ANSWERED,
            registry=self._own,
        )
        self._items = Counter(
            "promosight_items",
            "Reported items by what became of them",
            ("kind", "outcome"),
            registry=self._own,
        )
        self._commits = Histogram(
            "promosight_commit_seconds",
            "Time of a transaction",
            buckets=_ANSWERED,
            registry=self._own,
        )
        self._changes = Counter(
            "promosight_changes_committed",
            "Changes that transactions made durable",
            registry=self._own,
        )
        # Finding the series of some labels takes longer than counting in it.
        self._answered_series = cache(self._series_of_answer)
        self._reported_series = cache(self._items.labels)
        self._store = store
        store.watch_commits(self._committed)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. `route` is its pattern, so that ids make no series of their own."""
        requests, times = self._answered_series(method, route, status)
        requests.inc()
        times.observe(seconds)

    def answered_together(
        self, method: str, route: str, status: int, seconds: Sequence[float]
    ) -> None:
        """Several requests were answered alike, each in so long."""
        requests, times = self._answered_series(method, route, status)
        requests.inc(len(seconds))
        times.observe_all(seconds)

    def turned_away(self, method: str, route: str, status: int) -> None:
        """A request was answered unread. What that takes says nothing of how long requests take."""
        self._answered_series(method, route, status)[0].inc()

    def _series_of_answer(self, method: str, route: str, status: int) -> tuple[Counter, _Times]:
        requests = self._requests.labels(method, route, str(status))
        return requests, self._seconds.labels(method, route)

    def reported(self, kind: str, outcomes: Mapping[str, int]) -> None:
        """Items were reported, and became so many of each outcome."""
        for outcome, items in outcomes.items():
            self._reported_series(kind, outcome).inc(items)

    def shown(self) -> bytes:
        """The whole answer. Raises StoreError when the store does not answer."""
        registry = CollectorRegistry()
        if os.environ.get(SHARED_FOLDER):
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(_Of(self._own.collect))
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
        registry.register(_Of(self._asked))
        return generate_latest(registry)

    def _committed(self, changes: int, seconds: float) -> None:
        self._commits.observe(seconds)
        self._changes.inc(changes)

    def _asked(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily(
            "promosight_changes_waiting", "Changes that wait for the store's writer"
        )
        waiting.add_metric((), self._store.waiting)
        yield waiting
        threads = GaugeMetricFamily(
            "promosight_thread_alive",
            "Threads of this process that do something beside answering; one that is not here has ended",
            labels=("thread",),
        )
        for thread in threading.enumerate():
            if thread.name in _THREADS:
                threads.add_metric((thread.name.removeprefix("promosight-"),), 1)
        yield threads
        heard = GaugeMetricFamily(
            "promosight_source_heard_timestamp_seconds",
            "When a source was last heard, by its number and the cadence expected of it",
            labels=("source_no", "cadence"),
        )
        files = GaugeMetricFamily(
            "promosight_imports_unfinished", "Files that wait or are being read"
        )
        sources, unfinished = self._store.read(
            lambda tx: (tx.all("sources_heard"), tx.all("unfinished_imports_counted"))
        )
        for source_no, cadence, heard_us in sources:
            heard.add_metric((str(source_no), cadence), heard_us / _US)
        files.add_metric((), unfinished[0][0])
        yield heard
        yield files


class _Times(Histogram):
    """A histogram that counts many at once: one after the other costs a microsecond each."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """As `observe` each."""
        self._sum.inc(sum(amounts))
        places = Tally([bisect_left(self._upper_bounds, one) for one in amounts])
        for place, number in places.items():
            self._buckets[place].inc(number)


class _Of(Collector):
    """A collector of what a function gives."""

    def __init__(self, asked: Callable[[], Iterable[Metric]]) -> None:
        self._asked = asked

    def collect(self) -> Iterable[Metric]:
        """What it gives now."""
        return self._asked()
