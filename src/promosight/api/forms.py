"""In which form redemptions are told: ours, CloudEvents, or Segment's. What is done with them is the same in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from promosight.api.door.bodies import other_media
from promosight.api.door.call import JSON, Call
from promosight.connectors import cloudevents, segment
from promosight.connectors.foreign import placed
from promosight.connectors.reading import MEDIA_TYPES, Reading, is_single, kept_text, read_body
from promosight.errors import Unreadable, UnsupportedMedia
from promosight.flows.reporting.intake import Item


class Form(NamedTuple):
    """How a body is read, and how its sender is told about it.

    `single`: whether it is one element, answered by its own receipt. `before`: where in it the elements lie.
    `places` and `rest`: where in an element our fields stand, of one in our own form in their place. `kept`: what is
    kept of a body that cannot be read.
    """

    read: Callable[[str, Call, Reading], Sequence[segment.Read]]
    single: Callable[[Call], bool]
    before: str = ""
    places: Mapping[str, str] | None = None
    rest: str = ""
    kept: Callable[[bytes], str] = kept_text

    def pointer(self, ours: str) -> str:
        """Where a field of ours stands in an element."""
        return ours if self.places is None else placed(ours, self.places, self.rest)


def form_of(call: Call, kind: str) -> Form:
    """The form of what came as redemptions or assignments. Raises UnsupportedMedia."""
    if kind != "redemptions":
        return OURS
    media_type = call.media_type
    if media_type.startswith("application/cloudevents"):
        form = _STRUCTURED.get(media_type)
        if form is None:
            raise other_media(media_type, cloudevents.EVENT, cloudevents.BATCH)
        return form
    if call.attributes is not None:
        return _BINARY
    if media_type not in MEDIA_TYPES:
        raise other_media(media_type, *MEDIA_TYPES, *_STRUCTURED)
    return OURS


def _read_ours(kind: str, call: Call, reading: Reading) -> Sequence[Item]:
    return read_body(kind, call.media_type, call.body, reading)


def _read_binary(_kind: str, call: Call, reading: Reading) -> Sequence[Item]:
    if not cloudevents.is_json(call.media_type):
        raise UnsupportedMedia(f"the data of a CloudEvent is {JSON}")
    told = {name: _said(name, value) for name, value in (call.attributes or {}).items()}
    text = cloudevents.structured(told, call.body.removeprefix(_BOM))
    return [cloudevents.item_of(text, reading)]


def _said(name: str, value: bytes) -> str:
    """The text of a header: quoted, perhaps, and percent-encoded. Raises Unreadable."""
    try:
        text = value.decode()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = _unescaped(text[1:-1])
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Unreadable(f"the header ce-{name} is not percent-encoded UTF-8") from None


def _unescaped(quoted: str) -> str:
    parts = iter(quoted)
    return "".join(next(parts, "") if one == "\\" else one for one in parts)


def _read_event(_kind: str, call: Call, reading: Reading) -> Sequence[Item]:
    return [cloudevents.read_event(call.body.removeprefix(_BOM), reading)]


def _read_events(_kind: str, call: Call, reading: Reading) -> Sequence[Item]:
    return cloudevents.read_batch(call.body.removeprefix(_BOM), reading)


def _read_track(_kind: str, call: Call, reading: Reading) -> Sequence[segment.Read]:
    return segment.read_track(_json(call), reading)


def _read_batch(_kind: str, call: Call, reading: Reading) -> Sequence[segment.Read]:
    return segment.read_batch(_json(call), reading)


def _json(call: Call) -> bytes:
    if call.media_type != JSON:
        raise other_media(call.media_type, JSON)
    return call.body.removeprefix(_BOM)


def _without_key(text: bytes) -> str:
    return kept_text(segment.without_key(text))


def _always(_call: Call) -> bool:
    return True


def _never(_call: Call) -> bool:
    return False


_BOM = b"\xef\xbb\xbf"
OURS = Form(_read_ours, lambda call: is_single(call.media_type, call.body))
_BINARY = Form(_read_binary, _always, places=cloudevents.PLACES, rest=cloudevents.REST)
_STRUCTURED = {
    cloudevents.EVENT: _BINARY._replace(read=_read_event),
    cloudevents.BATCH: _BINARY._replace(read=_read_events, single=_never),
}
TRACK = Form(_read_track, _always, places=segment.PLACES, rest=segment.REST, kept=_without_key)
BATCH = TRACK._replace(read=_read_batch, single=_never, before="/batch")
