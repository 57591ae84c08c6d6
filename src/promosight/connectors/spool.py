"""The spool folder: files that came over HTTP lie here, whole and synced, from their acceptance to their end.

A file is written under a name that ends in `.part` and renamed when it is whole. Whoever writes or runs one
holds a lock on it, which the system gives back when its process dies, however it dies: so processes that share
a folder never run the same file, and what a killed process left is taken up at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from promosight.errors import NoRoom, Overloaded, StoreError, Unreadable

KEPT_FREE = 256 * 1024 * 1024
"""Bytes of the disk that files leave free."""

MAX_AT_ONCE = 32
"""Files being received at once in one process."""

_PART = ".part"


class Spool:
    """One spool folder, made when missing. Raises StoreError when it cannot be used."""

    def __init__(self, folder: Path, *, kept_free: int = KEPT_FREE) -> None:
        self.folder = folder
        self.name = f"{socket.gethostname()}:{folder}"
        self.arrived = threading.Event()
        """Set when a file may have come; cleared by whoever goes to look."""
        self._kept_free = kept_free
        self._receiving = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise StoreError(f"cannot use the spool folder {folder}: {error.strerror}") from None

    @contextlib.contextmanager
    def receiving(self, import_id: str) -> Iterator[Incoming]:
        """A file to be written, gone at the end of the block unless it was kept. Raises Overloaded, NoRoom."""
        if self._receiving >= MAX_AT_ONCE:
            raise Overloaded("too many files are being received")
        self._receiving += 1
        try:
            self.check_room(0)
            incoming = Incoming(self, import_id)
            try:
                yield incoming
            finally:
                incoming.close()
                self.arrived.set()
        finally:
            self._receiving -= 1

    def check_room(self, size: int) -> None:
        """Raises NoRoom when so many more bytes would fill the disk."""
        if shutil.disk_usage(self.folder).free - size < self._kept_free:
            raise NoRoom("the disk that receives files has no room for it")

    def ids(self) -> list[str]:
        """The files that lie here whole."""
        return sorted(path.name for path in self.folder.iterdir() if path.suffix != _PART)

    def path(self, import_id: str) -> Path:
        """Where a file lies when it is whole."""
        return self.folder / import_id

    @contextlib.contextmanager
    def held(self, import_id: str) -> Iterator[bool]:
        """Whether the file is there and nobody else has it; it is ours until the end of the block."""
        with _locked(self.path(import_id)) as ours:
            yield ours

    def remove(self, import_id: str) -> None:
        """Removes a file that has ended."""
        self.path(import_id).unlink(missing_ok=True)

    def remove_broken(self) -> None:
        """Removes what was never whole and whose writer is dead."""
        for path in self.folder.glob(f"*{_PART}"):
            with _locked(path) as ours:
                if ours:
                    path.unlink(missing_ok=True)


class Incoming:
    """A file on its way in. `keep` makes it whole; until `close` it is locked."""

    def __init__(self, spool: Spool, import_id: str) -> None:
        self.import_id = import_id
        self.size = 0
        self._spool = spool
        self._digest = hashlib.sha256()
        self._path = spool.folder / (import_id + _PART)
        self._kept = self._closed = False
        self._lock = threading.Lock()
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise StoreError(f"cannot write to the spool folder: {error.strerror}") from None
        fcntl.flock(self._file, fcntl.LOCK_EX)

    @property
    def digest(self) -> bytes:
        """The digest of what has come so far."""
        return self._digest.digest()

    def write(self, data: bytes) -> None:
        """Adds to the file. Raises NoRoom."""
        self._spool.check_room(len(data))
        rest = memoryview(data)
        with self._open():
            while rest:
                rest = rest[os.write(self._file, rest) :]
        self._digest.update(data)
        self.size += len(data)

    def keep(self) -> None:
        """Makes the file whole and durable. Raises NoRoom."""
        with self._open():
            os.fsync(self._file)
            os.rename(self._path, self._spool.path(self.import_id))
            self._kept = True
            _sync(self._spool.folder)

    def drop(self) -> None:
        """Removes a file that was made whole after all."""
        self._spool.remove(self.import_id)

    def close(self) -> None:
        """Ends the writing; what was not kept is removed."""
        with self._lock:
            self._closed = True
            if not self._kept:
                self._path.unlink(missing_ok=True)
            os.close(self._file)

    @contextlib.contextmanager
    def _open(self) -> Iterator[None]:
        """Keeps the file from being closed meanwhile: a sender may hang up while a thread writes."""
        with self._lock:
            if self._closed:
                raise Unreadable("the connection ended within the body")
            try:
                yield
            except OSError as error:
                raise NoRoom(f"the file cannot be kept: {error.strerror}") from None


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield path.exists()  # it may have ended since it was opened
    finally:
        os.close(opened)
