"""Ports for the servers of tests and benchmarks, kept for them from before they start until they have ended.

A port that was only found free may be given to somebody else before the server listens on it: to a server of another
test, say, which would then be taken for ours. One that is bound is given to nobody; and as long as it is only bound, a
server may listen on it all the same.
"""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def kept_port() -> tuple[socket.socket, int]:
    """A port, and what keeps it until it is closed."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((HOST, 0))
    return keeper, int(keeper.getsockname()[1])
