"""Taking connections in: several with each turn of the event loop.

The loop takes one connection a turn from a listening socket. Turns are long when there is much to do, so that those
who came while a server was overloaded stood for many seconds before their first byte was read, longer than anybody who
was connected already. A socket that the loop knows several times gives as many connections a turn.
"""

from __future__ import annotations

import socket

import uvicorn
from uvicorn.supervisors import Multiprocess

_A_TURN = 32
"""Each costs a microsecond when a connection comes to an idle server, and each may give one in a turn."""


def serve(settings: uvicorn.Config) -> bool:
    """Listens and serves until told to stop, in one process or several; whether it came to serving."""
    bound = settings.bind_socket()
    sockets: list[socket.socket] = [bound, *(bound.dup() for _ in range(_A_TURN - 1))]
    if settings.workers > 1:
        Multiprocess(settings, sockets=sockets).run()
        return True
    server = uvicorn.Server(settings)
    server.run(sockets)
    return server.started
