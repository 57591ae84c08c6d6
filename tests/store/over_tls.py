"""PostgreSQL behind something that speaks TLS for it, and puts as much in a record as fits.

Proxies of clouds do so, and so does PostgreSQL from version 17 on; older ones send eight kilobytes at a time.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict

_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")
_GATHERS_S = 0.02
"""So long an answer is awaited, to fill the records with it."""
_MOST = 1 << 20


class Terminating:
    """Its URL is one of the same store, until the block ends."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        self._said: dict[str, Any] = conninfo_to_dict(url)
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> str:
        kept = {name: value for name, value in self._said.items() if name not in ("host", "port")}
        port = self._listening.getsockname()[1]
        return f"postgresql://127.0.0.1:{port}/?{urlencode(kept | {'sslmode': 'require'})}"

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:  # closed
                return
            Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        assert client.recv(len(_ASKS_FOR_TLS)) == _ASKS_FOR_TLS
        client.sendall(b"S")
        tls = self._context.wrap_socket(client, server_side=True)
        with tls, self._server() as server:
            while True:
                coming, _, _ = select.select([tls, server], [], [])
                if server in coming:
                    time.sleep(_GATHERS_S)
                    if not (data := server.recv(_MOST)):
                        return
                    tls.sendall(data)
                if tls in coming:
                    data = tls.recv(_MOST)
                    while tls.pending():
                        data += tls.recv(_MOST)
                    if not data:
                        return
                    server.sendall(data)

    def _server(self) -> socket.socket:
        host, port = self._said.get("host", "127.0.0.1"), self._said.get("port", "5432")
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server
