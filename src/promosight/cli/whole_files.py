"""Files that are whole or not there: each is written beside its name, and takes it once all of it is on the disk.

What is no file (a pipe, `/dev/stdout`) is written to as it is, and of a link the file it leads to is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promosight.errors import naming


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place at the end, and is gone when it is not finished.

    Raises OSError, which names `path` whatever could not be done.
    """
    if path.exists() and not path.is_file():
        with naming(path):
            yield path
        return
    target = path.resolve() if path.is_symlink() else path
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with naming(path):
            yield beside
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(target)
    except OSError as error:
        if error.filename is not None and Path(error.filename) == beside:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        beside.unlink(missing_ok=True)
