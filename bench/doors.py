"""Servers as many threads ask them: each thread keeps a connection to each server, and asks them in turn."""

from __future__ import annotations

import http.client
import json
from threading import local

from bench.servers import Server
from tools.ports import HOST


class Doors:
    """The servers of one product; threads share it."""

    def __init__(self, servers: list[Server]) -> None:
        self._servers = servers
        self._kept = local()

    def __len__(self) -> int:
        return len(self._servers)

    def ask(self, number: int, method: str, path: str, body: object) -> int:
        """One request below `/v1/`, of whichever server has this turn; the status of its answer."""
        if not hasattr(self._kept, "connections"):
            self._kept.connections = [
                http.client.HTTPConnection(HOST, server.port, timeout=120)
                for server in self._servers
            ]
        place = number % len(self._servers)
        connection, key = self._kept.connections[place], self._servers[place].key
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request(method, f"/v1/{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        return int(answer.status)
