"""How a process of ours behaves as a whole, whatever it does: set once, when it begins its long work."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

_TURN_SECONDS = 0.0005
_OBJECTS_BETWEEN_COLLECTIONS = 200_000
_MEMORY_KEPT = ((-1, 64 << 20), (-3, 32 << 20))
"""M_TRIM_THRESHOLD: so much may be free at the end; M_MMAP_THRESHOLD: what is smaller comes from there."""


def compute_alone() -> None:
    """Has linear algebra use one thread; said before it is loaded, because it looks only then.

    Matrices are small here and solved beside a busy server: threads of the library's own would be in its way.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def collect_rarely() -> None:
    """Has Python look for garbage in cycles rarely.

    A batch makes a hundred thousand tuples and no cycle; looking through them again and again took a third of
    its CPU. What is there by now stays for good and is not looked at any more.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 100)


def keep_memory() -> None:
    """Has memory that is let go kept for what is needed next, where the C library is one that can be told.

    Else columns of a batch would be given back to the system and asked for anew, page by page, with every block.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        tell = ctypes.CDLL(None).mallopt
        for parameter, size in _MEMORY_KEPT:
            tell(parameter, size)


def take_short_turns() -> None:
    """Lets a thread that computes keep the others waiting for half a millisecond at the most.

    An event loop asks for its turn at every read and write; at Python's 5 ms it took hundreds of milliseconds
    to answer while a large batch was decoded.
    """
    sys.setswitchinterval(_TURN_SECONDS)
