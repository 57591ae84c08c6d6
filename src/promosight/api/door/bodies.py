"""Request bodies: bounded, decompressed, and decoded into wire structs with the field named."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Collection
from typing import Any, TypeVar

import msgspec
import zstandard

from promosight.connectors.elements import MAX_DEPTH, depth
from promosight.connectors.frames import Frames
from promosight.errors import Invalid, TooLarge, Unreadable, UnsupportedMedia
from promosight.rules.facts import Rejection, identifier
from promosight.rules.instants import parse_instant
from promosight.rules.known_fields import check_slips, own_kept
from promosight.rules.misfits import misfit_of

MAX_BYTES = 10 * 1024 * 1024
"""A body may have this many bytes, before and after decompression."""

T = TypeVar("T")


def decompressed(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding. Raises Unreadable, UnsupportedMedia, TooLarge."""
    if encoding in ("", "identity"):
        return body
    if encoding in ("gzip", "x-gzip"):
        return _gunzip(body)
    if encoding == "zstd":
        return _unzstd(body)
    raise UnsupportedMedia(f"Content-Encoding {encoding} is not taken; send gzip or zstd")


def other_media(came: str, *wanted: str) -> UnsupportedMedia:
    """Of a media type that is not taken: what came, and what is."""
    return UnsupportedMedia(f"Content-Type {came} is not taken; send {', '.join(wanted)}")


def _gunzip(body: bytes) -> bytes:
    """All members of an archive: several may stand one behind the other."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            plain = file.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, zlib.error):
        raise Unreadable("the body is not gzip") from None
    except EOFError:
        raise _broken_off() from None
    _check_size(len(plain))
    if not body:
        raise _broken_off()
    return plain


def _unzstd(body: bytes) -> bytes:
    """All frames of an archive."""
    frames, parts, size = Frames(), [], 0
    try:
        for part in frames.unpacked(body):
            parts.append(part)
            size += len(part)
            _check_size(size)
    except zstandard.ZstdError:
        raise Unreadable("the body is not zstd") from None
    if not frames.whole or not body:
        raise _broken_off()
    return b"".join(parts)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise TooLarge(f"the body is larger than {MAX_BYTES} bytes when decompressed")


def _broken_off() -> Unreadable:
    return Unreadable("the compressed body breaks off")


def decoded(body: bytes, kind: type[T], *, besides: Collection[str] = ()) -> T:
    """The JSON body as a wire struct. Raises Unreadable, or Invalid with the pointer of what is unfit or misspelled.

    `besides`: what is like a field and no slip of it, since it is told beside.
    """
    if depth(body) > MAX_DEPTH:
        raise Invalid(f"is nested deeper than {MAX_DEPTH} levels", pointer="")
    try:
        check_slips(msgspec.json.decode(body or b"{}"), kind, besides=besides)
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise unfit(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"the body is not JSON: {error}") from None


def fields_of(
    body: bytes, kind: type[msgspec.Struct], *, own: str, besides: Collection[str] = ()
) -> dict[str, Any]:
    """What a body says of a struct's fields, or of those of a merge patch for it. Raises as `decoded`.

    `own`: the field that takes what is like none of them. `besides`: what may come along, since it is told with them.
    """
    return own_kept(decoded(body, dict[str, Any]), kind, own, besides=besides)


def converted(said: dict[str, Any], kind: type[T]) -> T:
    """What was said of a struct's fields, as that struct. Raises Invalid with the field's pointer."""
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise unfit(error) from None


def identified(text: str, pointer: str) -> str:
    """A caller's id or name, trimmed. Raises Invalid where it cannot be one."""
    named = identifier(text, "")
    if isinstance(named, Rejection):
        raise Invalid(named.detail, pointer=pointer)
    return named


def check_named(said: dict[str, Any], field: str, named: str) -> None:
    """What a body says of what the path names may say its id, too. Raises Invalid where that is another one."""
    own = said.get(field)
    if own is not None and (not isinstance(own, str) or own.strip() != named):
        raise Invalid(f"names another one than the path, which says {named}", pointer=f"/{field}")


def instant(text: str, pointer: str) -> int:
    """Microseconds of an instant a caller wrote. Raises Invalid."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Invalid(str(error), pointer=pointer) from None


def unfit(error: msgspec.ValidationError) -> Invalid:
    """A type error of the decoder, as the error of a whole request."""
    why = misfit_of(error)
    return Invalid(why.detail, pointer=why.pointer)
