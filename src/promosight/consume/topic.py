"""A topic read as a member of a consumer group, by librdkafka. What is committed was answered for; nothing else is.

Offsets say where to go on, and never what to leave out: events are told from repeated ones by their identity. All
calls are made by one thread; what the group does to us (`_assign`, `_revoke`) happens within them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

try:
    import confluent_kafka as kafka
except ImportError as error:
    raise ImportError(
        "reading Kafka needs a library more: pip install 'promosight[kafka]'"
    ) from error

from promosight.consume.messages import Message

OURS = frozenset(
    (
        *("bootstrap.servers", "group.id", "enable.auto.commit", "enable.auto.offset.store"),
        *("auto.offset.reset", "enable.partition.eof"),
    )
)
"""Settings that are not for others: what they say decides whether messages are lost."""

_AHEAD = {"queued.max.messages.kbytes": 16_384, "fetch.max.bytes": 8 << 20}
"""What the library reads ahead, of all partitions together: a quarter of its own bound."""

_TOGETHER = 500
"""Messages taken from the library at once, fewer where they are large."""

_BOM = b"\xef\xbb\xbf"
_LONG_SECONDS = 30.0
_SAID_EVERY_SECONDS = 30.0
_LINGER_SECONDS = 0.05
_LOOKS_SECONDS = 0.5
_FATAL = frozenset(
    getattr(kafka.KafkaError, name)
    for name in (
        *("UNKNOWN_TOPIC_OR_PART", "TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"),
        *("_UNKNOWN_TOPIC", "_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED"),
    )
)


class KafkaFailed(Exception):
    """Kafka cannot be read, and waiting would change nothing."""


class Wanted(NamedTuple):
    """What is to be read, and from where to where. `settings` are librdkafka's own, such as for SASL."""

    brokers: str
    topic: str
    group: str
    from_beginning: bool = False
    until_end: bool = False
    settings: Mapping[str, str] = {}


class Topic:
    """The topic, as far as it is this member's. Raises KafkaFailed."""

    def __init__(self, wanted: Wanted, note: Callable[[str], None]) -> None:
        self._wanted, self._note = wanted, note
        self._next: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._unsaved: dict[int, int] = {}
        self._mine: set[int] = set()
        self._begun: set[int] = set()
        self._joined = self._held = False
        self._early: list[Message] = []
        self._failure: str | None = None
        self._said_at: dict[int, float] = {}
        self._consumer = self._opened()

    def read(self, at_most: int, most_bytes: int, seconds: float) -> list[Message]:
        """The next messages: waits for the first so long, and hardly for more. Raises KafkaFailed."""
        found, self._early = self._early, []
        until = time.monotonic() + (_LINGER_SECONDS if found else seconds)
        size = sum(len(one.value) for one in found)
        while len(found) < at_most and size < most_bytes:
            room = _room(len(found), size, at_most, most_bytes)
            left = max(0.0, until - time.monotonic())
            with _told_plainly():
                came = self._consumer.consume(room, timeout=left)
            got = self._messages(came)
            if got and not found:
                until = time.monotonic() + _LINGER_SECONDS
            found += got
            size += sum(len(one.value) for one in got)
            if not got and time.monotonic() >= until:
                break
        return found

    def answered(self, messages: Iterable[Message]) -> None:
        """Everything of these, and of what was read before them, is answered for: the group goes on behind it."""
        for one in messages:
            self._unsaved[one.partition] = one.offset + 1
        self._save()

    def hold(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Waits, stays in the group, and reads nothing meanwhile. Raises KafkaFailed."""
        self._held = True
        self._consumer.pause(self._partitions(self._mine))
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0 and not is_over():
                with _told_plainly():
                    message = self._consumer.poll(min(left, _LOOKS_SECONDS))
                if message is not None:
                    self._early += self._messages([message])
        finally:
            self._held = False
            self._consumer.resume(self._partitions(self._mine))

    @property
    def is_through(self) -> bool:
        """Whether all that lay there when we took each partition over has been read."""
        return self._wanted.until_end and self._joined and not self._ends and not self._early

    def lag(self) -> int | None:
        """How many messages lie behind what was read, as far as brokers have told; None before they did."""
        behind = 0
        for partition in self._mine:
            _, end = self._consumer.get_watermark_offsets(self._at(partition), cached=True)
            if end < 0:
                return None
            behind += max(0, end - self._next.get(partition, end))
        return behind if self._joined else None

    def close(self) -> None:
        """Leaves the group; what was answered for is committed."""
        self._save()
        self._consumer.close()

    def _opened(self) -> kafka.Consumer:
        wanted = self._wanted
        ours = {
            "bootstrap.servers": wanted.brokers,
            "group.id": wanted.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "error_cb": self._trouble,
        }
        try:
            consumer = kafka.Consumer({"log_level": 2, **_AHEAD, **wanted.settings, **ours})
            found = consumer.list_topics(wanted.topic, timeout=_LONG_SECONDS).topics
        except kafka.KafkaException as error:
            why = self._failure or _said(error.args[0])
            raise KafkaFailed(
                f"{wanted.brokers} does not answer as Kafka: {why}. Is the address right, "
                "and does it ask for TLS or a password (--kafka-config FILE)?"
            ) from None
        if (problem := found[wanted.topic].error) is not None:
            consumer.close()
            raise KafkaFailed(f"the topic {wanted.topic} cannot be read: {_said(problem)}")
        consumer.subscribe(
            [wanted.topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose
        )
        return consumer

    def _messages(self, found: Iterable[kafka.Message]) -> list[Message]:
        messages = []
        for one in found:
            if (problem := one.error()) is not None:
                self._met(problem, one.partition())
                continue
            message = _message(one)
            self._reached(message.partition, message.offset + 1)
            messages.append(message)
        if self._failure is not None:
            raise KafkaFailed(self._failure)
        return messages

    def _met(self, problem: kafka.KafkaError, partition: int | None) -> None:
        if problem.code() == kafka.KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            self._ends.pop(-1 if partition is None else partition, None)
        else:
            self._trouble(problem)

    def _trouble(self, problem: kafka.KafkaError) -> None:
        """Heard by the way, too: what passes is said, what does not ends the reading."""
        if problem.fatal() or problem.code() in _FATAL:
            self._failure = f"Kafka says: {_said(problem)}"
        elif time.monotonic() >= self._said_at.get(problem.code(), 0.0) + _SAID_EVERY_SECONDS:
            self._said_at[problem.code()] = time.monotonic()
            self._note(f"Kafka: {_said(problem)}; it is tried again")

    def _reached(self, partition: int, offset: int) -> None:
        self._next[partition] = offset
        if offset >= self._ends.get(partition, offset + 1):
            del self._ends[partition]

    def _save(self) -> None:
        saved = {p: o for p, o in self._unsaved.items() if p in self._mine}
        if not saved:
            return
        offsets = [kafka.TopicPartition(self._wanted.topic, p, o) for p, o in saved.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except kafka.KafkaException as error:
            # It is committed with what comes next; if nothing does, messages come again, which changes nothing.
            self._note(f"Kafka did not take how far we are: {_said(error.args[0])}")
            return
        for partition in saved:
            del self._unsaved[partition]

    def _assign(self, consumer: kafka.Consumer, given: list[kafka.TopicPartition]) -> None:
        for one in given:
            if self._wanted.until_end:
                _, end = consumer.get_watermark_offsets(self._at(one.partition), _LONG_SECONDS)
                self._ends[one.partition] = end
            if self._wanted.from_beginning and one.partition not in self._begun:
                one.offset = kafka.OFFSET_BEGINNING
            self._begun.add(one.partition)
        self._mine |= {one.partition for one in given}
        consumer.assign(given)
        if self._held:
            consumer.pause(given)
        self._joined = True

    def _revoke(self, _: kafka.Consumer, taken: list[kafka.TopicPartition]) -> None:
        self._save()
        self._lose(_, taken)

    def _lose(self, _: kafka.Consumer, taken: list[kafka.TopicPartition]) -> None:
        """Others have these now, and read again what was not committed."""
        self._joined = False
        gone = {one.partition for one in taken}
        self._mine -= gone
        self._early = [one for one in self._early if one.partition not in gone]
        for known in (self._next, self._ends, self._unsaved):
            for partition in gone:
                known.pop(partition, None)

    def _at(self, partition: int) -> kafka.TopicPartition:
        return kafka.TopicPartition(self._wanted.topic, partition)

    def _partitions(self, numbers: Iterable[int]) -> list[kafka.TopicPartition]:
        return [self._at(one) for one in sorted(numbers)]


@contextmanager
def _told_plainly() -> Iterator[None]:
    """The library's exceptions as ours."""
    try:
        yield
    except kafka.KafkaException as error:
        raise KafkaFailed(f"Kafka says: {_said(error.args[0])}") from None


def settings_of(text: str) -> dict[str, str]:
    """The settings in a file such as Kafka's own tools read: `name=value` in each line. Raises KafkaFailed."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or name in OURS:
            why = "is decided by this command" if equals else "is not NAME=VALUE"
            raise KafkaFailed(f"line {number} of the Kafka settings: {name} {why}")
        found[name] = value
    return found


def _room(count: int, size: int, at_most: int, most_bytes: int) -> int:
    """How many to take next: the first alone, and then as many as there is room for, if they are like those before."""
    if count == 0:
        return 1
    alike = (most_bytes - size) // max(1, size // count)
    return max(1, min(_TOGETHER, at_most - count, alike))


def _message(one: kafka.Message) -> Message:
    said = one.headers() or ()
    pairs = said.items() if isinstance(said, dict) else said
    headers = {name.lower(): value for name, value in pairs if isinstance(value, bytes)}
    topic, partition, offset = one.topic(), one.partition(), one.offset()
    if topic is None or partition is None or offset is None:
        raise KafkaFailed("a message came that stands nowhere")
    value = (one.value() or b"").removeprefix(_BOM)
    return Message(topic, partition, offset, value, headers)


def _said(problem: Any) -> str:
    """What the library says of a problem, in one line."""
    text = problem.str() if isinstance(problem, kafka.KafkaError) else str(problem)
    return " ".join(str(text).split())
