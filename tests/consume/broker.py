"""Brokers that speak Kafka on loopback: librdkafka's own cluster for tests, which lives in this process.

Topics come to be when something is written to them, with four partitions. Each has a group of its own, so that none
waits for what others left behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.consume.mock_cluster import MockCluster

PARTITIONS = 4
_SECONDS = 60.0
_SHORT_SESSIONS = "session.timeout.ms=6000\nheartbeat.interval.ms=500\n"


class Said(NamedTuple):
    """A message as a producer sends it."""

    value: bytes | None
    headers: Mapping[str, bytes] = {}
    key: str | None = None


class Broker:
    """A cluster of three brokers and a producer to it."""

    def __init__(self) -> None:
        self.cluster = MockCluster(3)
        place = {"bootstrap.servers": self.cluster.address, "log_level": 0}
        # What is sent within so many milliseconds lies in one partition else, and a member may get none of it.
        self._producer = Producer({**place, "sticky.partitioning.linger.ms": 0})

    def send(self, topic: str, messages: Iterable[Said | dict[str, Any]]) -> None:
        """Writes messages to a topic, and waits until they lie there."""
        for one in messages:
            said = Said(json.dumps(one).encode()) if isinstance(one, dict) else one
            self._producer.produce(topic, said.value, said.key, headers=dict(said.headers))
        assert self._producer.flush(_SECONDS) == 0

    def committed(self, topic: str) -> int:
        """How many messages of a topic its group has behind it."""
        place = {"bootstrap.servers": self.cluster.address, "group.id": _group(topic)}
        consumer = Consumer({**place, "log_level": 0})
        try:
            asked = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            found = consumer.committed(asked, timeout=_SECONDS)
        finally:
            consumer.close()
        return sum(max(0, one.offset) for one in found)

    def words(self, folder: Path, topic: str) -> tuple[str | Path, ...]:
        """What `promosight consume` is told of this cluster."""
        settings = folder / "kafka.properties"
        settings.write_text("# of a test\n" + _SHORT_SESSIONS)
        place = ("--brokers", self.cluster.address, "--topic", topic, "--group", _group(topic))
        return (*place, "--kafka-config", settings)


def _group(topic: str) -> str:
    return f"shop-{topic}"
