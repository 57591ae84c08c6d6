"""HTTP that is none: torn chunks, contradicting lengths, heads without end, pipelines, halves of connections.

What comes back to such bytes is an answer that blames the caller, or the end of the connection; and the next one who
asks properly is answered at once.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

from tests.fuzz.asking import Credentials, asked
from tests.fuzz.values import spoiled

_ONE = (
    b'{"event_id":"w","promotion_id":"p","customer_id":"ann","redeemed_at":"2026-11-20T10:00:00Z"}'
)


class Torn(NamedTuple):
    """What is sent, in pieces with a moment between, and how the connection is left."""

    said: str
    pieces: list[bytes]
    leaves: str
    """`waits`: reads on; `half`: closes its sending half; `resets`; `goes`: closes at once."""


def torn(drawn: random.Random, names: Mapping[str, str], let_in: Credentials) -> Torn:
    """One connection's worth of broken HTTP."""
    name = drawn.choice(tuple(_WAYS))
    data = _WAYS[name](drawn, _Told(names, let_in))
    if drawn.random() < 0.1:
        data = spoiled(data, drawn)
    leaves = drawn.choices(("waits", "half", "resets", "goes"), (6, 3, 1, 1))[0]
    return Torn(f"{name}, {leaves}", _pieces(data, drawn), leaves)


class _Told(NamedTuple):
    names: Mapping[str, str]
    let_in: Credentials

    def head(
        self, *more: bytes, target: bytes = b"/v1/redemptions", method: bytes = b"POST"
    ) -> bytes:
        first = method + b" " + target + b" HTTP/1.1"
        key = b"Authorization: Bearer " + self.let_in.key.encode()
        return b"\r\n".join([first, b"Host: x", key, *more, b"", b""])


def _pieces(data: bytes, drawn: random.Random) -> list[bytes]:
    if drawn.random() < 0.7 or len(data) < 2:
        return [data]
    cuts = sorted(drawn.randrange(len(data)) for _ in range(drawn.choice((1, 2, 5))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


def _spoiled_request(drawn: random.Random, told: _Told) -> bytes:
    data = asked(drawn, told.names, told.let_in).data
    head, _, body = data.partition(b"\r\n\r\n")
    for _ in range(drawn.choice((1, 2, 4))):
        head = spoiled(head, drawn)
    return head + drawn.choice((b"\r\n\r\n", b"\n\n", b"\r\r", b"\r\n \r\n", b"")) + body


def _chunks(drawn: random.Random, told: _Told) -> bytes:
    sizes = (
        b"%x" % len(_ONE),
        b"0",
        b"-1",
        b"",
        b"g",
        b"ffffffffffffffff",
        b"fffffffffffffffff",
        b"0x5c",
        b" 5c",
        b"5c ",
    )
    body = b""
    for _ in range(drawn.choice((1, 2, 3, 300))):
        size = sizes[0] if drawn.random() < 0.7 else drawn.choice(sizes)
        extension = drawn.choice((b"", b"", b";x=y", b';x="', b";" + b"x" * 3_000, b"\x00"))
        body += (
            size
            + extension
            + drawn.choice((b"\r\n", b"\r\n", b"\n", b"\r"))
            + _ONE
            + drawn.choice((b"\r\n", b"\r\n", b"", b"xx"))
        )
    end = drawn.choice(
        (
            b"0\r\n\r\n",
            b"0\r\n",
            b"",
            b"0\r\nX: y\r\n\r\n",
            b"0\r\n" + b"X: y\r\n" * 2_000 + b"\r\n",
            b"00000\r\n\r\n",
        )
    )
    media = drawn.choice((b"application/json", b"application/x-ndjson"))
    return told.head(b"Transfer-Encoding: chunked", b"Content-Type: " + media) + body + end


def _lengths(drawn: random.Random, told: _Told) -> bytes:
    words = (
        b"0",
        b"5",
        b"%d" % len(_ONE),
        b"-1",
        b"+5",
        b"",
        b" ",
        b"1e3",
        b"0x10",
        b"5, 5",
        b"5,6",
        b"9" * 30,
        b"1_0",
        b"\xff",
        b"99999999",
    )
    lines = [b"Content-Length: " + drawn.choice(words) for _ in range(drawn.choice((1, 1, 2)))]
    if drawn.random() < 0.4:
        codings = (
            b"chunked",
            b"identity",
            b"gzip, chunked",
            b"chunked, gzip",
            b"xchunked",
            b" chunked",
            b"",
        )
        lines.append(b"Transfer-Encoding: " + drawn.choice(codings))
    drawn.shuffle(lines)
    return told.head(*lines) + _ONE + drawn.choice((b"", _ONE, b"GET / HTTP/1.1\r\n\r\n"))


def _floods(drawn: random.Random, told: _Told) -> bytes:
    kind = drawn.randrange(5)
    many = drawn.choice((300, 3_000, 60_000))
    if kind == 0:
        return told.head(*[b"X-%d: y" % n for n in range(many)], method=b"GET")
    if kind == 1:
        return told.head(b"X: " + b"y" * (many * 10), method=b"GET")
    if kind == 2:
        return told.head(target=b"/v1/promotions?q=" + b"y" * (many * 10), method=b"GET")
    if kind == 3:
        return told.head(b"X" * (many * 10) + b": y", method=b"GET")[: many * 10]  # and no end
    return b"G" * many + told.head()


_LINES = (
    *(b"X: a\x00b", b"X\x00: b", b"X : b", b": b", b"X", b"X: a\r\n folded", b"X: a\rb"),
    *(b"X: a\nY: b", b"\xff: \xff", b"Host: y", b"Host:", b"X:\t\t", b"X: " + b"\x80" * 50),
    *(b"Authorization: Bearer\x00", b"Cookie: \x01", b"Content-Length\t: 5"),
    *(b"Connection: upgrade\r\nUpgrade: websocket", b"Expect: 100-continue\r\nContent-Length: 50"),
)
_TARGETS = (
    *(
        b"/v1/promotions",
        b"*",
        b"http://x/v1/promotions",
        b"//",
        b"",
        b"x",
        b"/\x00",
        b"/\xff",
        b"?",
    ),
    *(
        b"/\xc3\xa9",
        b"/ HTTP/1.1 x",
        b"/%",
        b"/#x",
        b"x:80",
        b"/v1/../v1/promotions",
        b"http://[::1",
    ),
    *(b"/v1/promotions\t", b"/v1/decisions/\xe2\x82\xac", b"/v1/promotions?\xff=\x80"),
)
_METHODS = (
    *(b"GET", b"POST", b"CONNECT", b"OPTIONS", b"get", b"G\x00T", b"", b"PRI", b"QUERY"),
    *(b"X" * 300, b"SUBSCRIBE"),
)


def _odd_bytes(drawn: random.Random, told: _Told) -> bytes:
    line, target = drawn.choice(_LINES), drawn.choice(_TARGETS)
    return told.head(line, target=target, method=drawn.choice(_METHODS))


def _versions(drawn: random.Random, told: _Told) -> bytes:
    versions = (
        b"HTTP/1.0",
        b"HTTP/0.9",
        b"HTTP/2.0",
        b"HTTP/1.2",
        b"HTTP/9",
        b"http/1.1",
        b"HTTP/1.1.1",
        b"",
        b"HTTP/11111111111",
        b"ICE/1.0",
        b"RTSP/1.0",
    )
    data = told.head(method=b"GET", target=b"/v1/promotions").replace(
        b"HTTP/1.1", drawn.choice(versions)
    )
    others = (
        *(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(40),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        ),
        *(
            b"GET /\r\n",
            b"\r\n" * 500,
            b"\n",
            b"\x00" * 400,
            drawn.randbytes(300),
            b"EHLO x\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
        ),
    )
    return drawn.choice((data, data, *others))


def _pipelines(drawn: random.Random, told: _Told) -> bytes:
    get = told.head(
        method=b"GET", target=drawn.choice((b"/healthz", b"/v1/promotions", b"/v1/nowhere"))
    )
    post = told.head(b"Content-Length: %d" % len(_ONE)) + _ONE
    many = drawn.choice((2, 10, 200))
    end = drawn.choice(
        (b"", b"garbage\r\n\r\n", get[:-3], b"\x00", told.head(b"Content-Length: 10") + b"x")
    )
    return b"".join(drawn.choice((get, post)) for _ in range(many)) + end


def _halves(drawn: random.Random, told: _Told) -> bytes:
    data = told.head(b"Content-Length: %d" % (len(_ONE) + drawn.choice((0, 1, 10_000)))) + _ONE
    return data[: drawn.randrange(1, len(data) + 1)]


_WAYS = {
    "a request spoiled": _spoiled_request,
    "chunks": _chunks,
    "lengths": _lengths,
    "a flood": _floods,
    "odd bytes": _odd_bytes,
    "versions": _versions,
    "a pipeline": _pipelines,
    "half a request": _halves,
}
