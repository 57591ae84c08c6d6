"""A message of a topic as an element of a report: our own JSON, or a CloudEvent in one of its two Kafka forms.

Nothing is judged here; the server has the last word on every message. What it could not even be told about (no JSON,
no value at all) goes to it as a line that it refuses and keeps, with the place of the message in front.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

KINDS = ("redemptions", "assignments", "outcomes")

_ID = {"redemptions": "event_id", "outcomes": "outcome_id"}
"""The id that a message of a kind must have. An assignment without one has an identity by what it says."""

_LONGEST_TOPIC = 200
"""Kafka takes 249 characters, and ours is an id of at most 255 with partition and offset in it."""

_KEPT = 60_000
_STRUCTURED = "application/cloudevents"
_BINARY = "ce_"
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_any = msgspec.json.Decoder(msgspec.Raw).decode


class Message(NamedTuple):
    """A message and where it stands. Names of headers are in lower case."""

    topic: str
    partition: int
    offset: int
    value: bytes
    headers: Mapping[str, bytes]

    @property
    def place(self) -> str:
        """Topic, partition and offset: the same however often it is delivered."""
        topic = self.topic
        if len(topic) > _LONGEST_TOPIC:
            digest = hashlib.sha256(topic.encode()).hexdigest()[:32]
            topic = f"{topic[: _LONGEST_TOPIC - 33]}~{digest}"
        return f"{topic}/{self.partition}/{self.offset}"


class Told(NamedTuple):
    """A message as it is reported: one element, in a line of its own or as an envelope among envelopes."""

    message: Message
    body: bytes
    is_envelope: bool = False


def told(message: Message, kind: str, *, envelopes: bool = False) -> Told:
    """A message as it is reported. A CloudEvent is seen by its headers; with `envelopes` all are."""
    if kind == "redemptions":
        media_type = _media_type(message)
        if f"{_BINARY}specversion" in message.headers:
            return Told(message, _wrapped(message, media_type), is_envelope=True)
        if envelopes or media_type.startswith(_STRUCTURED):
            return _envelope(message)
    return Told(message, _own(message, _ID.get(kind)))


def stand_in(message: Message) -> bytes:
    """A line that is no event, to be refused and kept: where the message stands and what it says, as far as it goes."""
    text = message.value[:_KEPT].decode(errors="replace").strip() or "(no value)"
    return _one_line(f"{message.place}: {text}".encode())


def _own(message: Message, id_field: str | None) -> bytes:
    try:
        fields = _object(message.value)
    except msgspec.ValidationError:
        return _one_line(message.value)  # JSON, and no object: the server says so best
    except _UNREAD:
        return stand_in(message)
    if id_field is None or fields.get(id_field, _NULL) != _NULL:
        return _one_line(message.value)
    fields[id_field] = msgspec.Raw(msgspec.json.encode(message.place))
    return _one_line(msgspec.json.encode(fields))


def _envelope(message: Message) -> Told:
    try:
        _object(message.value)
    except _UNREAD:
        return Told(message, stand_in(message))
    return Told(message, message.value, is_envelope=True)


def _wrapped(message: Message, media_type: str) -> bytes:
    """A CloudEvent whose attributes came as headers, as the JSON that it has in other places."""
    said: dict[str, str | msgspec.Raw] = {
        name.removeprefix(_BINARY): value.decode(errors="replace")
        for name, value in message.headers.items()
        if name.startswith(_BINARY)
    }
    if media_type:
        said["datacontenttype"] = media_type
    try:
        said["data"] = _any(message.value)
    except _UNREAD:
        if message.value:
            said["data_base64"] = base64.b64encode(message.value).decode()
    return msgspec.json.encode(said)


def _media_type(message: Message) -> str:
    said = message.headers.get("content-type", b"").decode(errors="replace")
    return said.partition(";")[0].strip().lower()


def _one_line(text: bytes) -> bytes:
    """JSON in one line: in JSON that is well formed, ends of lines stand between words only."""
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


_NULL = msgspec.Raw(b"null")
_UNREAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
