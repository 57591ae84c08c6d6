"""librdkafka's own cluster for tests, by its C interface: Python's has no way to say how long groups wait.

A group waits for its first members only as long as the cluster is told. Afterwards it does not hear that one leaves,
and waits until that one's session is over.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int, c_int32, c_size_t, c_void_p
from functools import cache

from confluent_kafka import cimpl

_PRODUCER = 0
_SOON_MS = 100
_TOGETHER_MS = 3_000


class MockCluster:
    """Brokers on loopback that live in this process, to its end."""

    def __init__(self, brokers: int) -> None:
        said = ctypes.create_string_buffer(512)
        quiet = _library().rd_kafka_conf_new()
        _library().rd_kafka_conf_set(quiet, b"log_level", b"0", said, len(said))
        handle = _library().rd_kafka_new(_PRODUCER, quiet, said, len(said))
        assert handle, said.value
        self._cluster = _library().rd_kafka_mock_cluster_new(handle, brokers)
        self.address: str = _library().rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.wait_for_first_members(together=False)

    def wait_for_first_members(self, *, together: bool) -> None:
        """How long a new group waits: hardly, or long enough for two who come together."""
        for_ms = _TOGETHER_MS if together else _SOON_MS
        _library().rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, for_ms)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(cimpl.__file__)  # names are looked for in what it is linked with, too
    library.rd_kafka_conf_new.restype = c_void_p
    library.rd_kafka_conf_set.argtypes = (c_void_p, c_char_p, c_char_p, c_char_p, c_size_t)
    library.rd_kafka_new.argtypes = (c_int, c_void_p, c_char_p, c_size_t)
    library.rd_kafka_new.restype = c_void_p
    library.rd_kafka_mock_cluster_new.argtypes = (c_void_p, c_int)
    library.rd_kafka_mock_cluster_new.restype = c_void_p
    library.rd_kafka_mock_cluster_bootstraps.argtypes = (c_void_p,)
    library.rd_kafka_mock_cluster_bootstraps.restype = c_char_p
    library.rd_kafka_mock_group_initial_rebalance_delay_ms.argtypes = (c_void_p, c_int32)
    library.rd_kafka_mock_group_initial_rebalance_delay_ms.restype = None
    return library
