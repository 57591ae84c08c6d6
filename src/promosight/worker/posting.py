"""Sending one message to one address: HTTP/1.1 by hand, because what matters here is what is not done.

The name is resolved by us and the connection is made to what it led to, so that what was looked at is what is connected
to. No redirect is followed, no proxy is asked, nothing of the answer is read but its head, and all of it has one end in
time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult

from promosight import __version__
from promosight.errors import Invalid
from promosight.rules.instants import DAY_US, SECOND_US, from_datetime
from promosight.rules.webhooks import Attempt, check_url, may_be_told

WAITED_S = 15
"""For an answer, from the look-up of the name on."""
_HEAD_BYTES = 32 * 1024
_LEAST_STATUS, _MOST_INTERIM = 200, 5
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n")
_RETRY_AFTER = re.compile(rb"^retry-after:[ \t]*([^\r\n]*?)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_MOST_ADDRESSES = 3


class Post(NamedTuple):
    """What is sent where. `private`: the address may lie inside one's own network."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    private: bool


async def post(message: Post, *, now_us: int) -> Attempt:
    """Sends it once, and says what came of it; whatever happens is an answer."""
    try:
        async with asyncio.timeout(WAITED_S):
            return await _exchanged(message, now_us)
    except TimeoutError:
        return Attempt(None, f"no answer within {WAITED_S} seconds")
    except Invalid as error:
        return Attempt(None, f"the URL {error.detail}")
    except socket.gaierror:
        return Attempt(None, "its name leads to no address")
    except ssl.SSLCertVerificationError as error:
        return Attempt(None, f"its certificate is not good: {error.verify_message}")
    except ssl.SSLError as error:
        return Attempt(None, f"TLS failed: {error.reason}")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        return Attempt(None, "what it answered is no HTTP")
    except OSError as error:
        return Attempt(None, f"no connection: {error.strerror or type(error).__name__}")


async def _exchanged(message: Post, now_us: int) -> Attempt:
    parts = check_url(message.url, private=message.private)
    reader, writer = await _connected(parts, private=message.private)
    try:
        writer.write(_request(parts, message))
        await writer.drain()
        status, head = await _head(reader)
    finally:
        writer.transport.abort()  # nothing more of it is wanted
    if 200 <= status < 300:
        return Attempt(status, None)
    error = "a redirect is not followed" if 300 <= status < 400 else None
    return Attempt(status, error, _wait_us(head, now_us))


async def _connected(
    parts: SplitResult, *, private: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    failed: OSError | None = None
    for address in await _addresses(parts.hostname or "", port, private=private):
        try:
            return await asyncio.open_connection(
                address,
                port,
                limit=_HEAD_BYTES,
                ssl=_tls() if secure else None,
                server_hostname=parts.hostname if secure else None,
            )
        except ssl.SSLError:
            raise
        except OSError as error:
            failed = error
    raise failed or OSError("no address")


async def _addresses(host: str, port: int, *, private: bool) -> list[str]:
    """Where a name leads. Raises Invalid when any of it may not be told: who answers so has something in mind."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]).split("%")[0] for one in found))
    for one in addresses:
        if not may_be_told(ip_address(one), private=private):
            raise Invalid("leads into a private network")
    return addresses[:_MOST_ADDRESSES]


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(parts: SplitResult, message: Post) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Host": parts.netloc,
        "User-Agent": f"Promosight/{__version__}",
        "Content-Type": "application/json",
        "Content-Length": str(len(message.body)),
        "Connection": "close",
        **message.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + message.body


async def _head(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    for _ in range(_MOST_INTERIM):
        head = await reader.readuntil(b"\r\n\r\n")
        found = _STATUS.match(head)
        if found is None:
            raise ValueError("no HTTP")
        if (status := int(found[1])) >= _LEAST_STATUS:
            return status, head
    raise ValueError("nothing but interim answers")


def _wait_us(head: bytes, now_us: int) -> int | None:
    """How long the receiver wants to be left alone, at most a day."""
    found = _RETRY_AFTER.search(head)
    if found is None:
        return None
    text = found[1].decode("latin-1")
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(int(text) * SECOND_US, DAY_US)
    with contextlib.suppress(ValueError, OverflowError):
        moment: datetime = parsedate_to_datetime(text)
        until_us = from_datetime(moment.replace(tzinfo=moment.tzinfo or UTC))
        return min(max(until_us - now_us, 0), DAY_US)
    return None
