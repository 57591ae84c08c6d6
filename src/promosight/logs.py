"""What a server writes about itself: one line for each event, in JSON or for people, and never about a person.

Only fields named here come out, and none of them is free text: what happened is a fixed sentence of the program, a
place is a route's pattern, an error is its kind and where in the code it arose. The message of an error is left out,
because drivers and parsers quote what they were given. Lines of other people's code are held to the same: where
their sentence may hold values, only who spoke is told. docs/operating.md explains the fields.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import msgspec

FORMS = ("text", "json")
FIELDS = ("method", "route", "status", "ms", "request_id", "trace_id", "import_id", "version")
"""What may be told beside the event, given to the logger as `extra`."""
_OWN, _PLAIN_SPEAKERS = "promosight", ("uvicorn",)
_DEEPEST = 4
_encode = msgspec.json.Encoder().encode
_log = logging.getLogger(_OWN)


def write_logs(form: str, ids: Callable[[], dict[str, str]]) -> None:
    """Has everything this process logs written to stderr in a form; `ids` names the request of the moment."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(_json if form == "json" else _text, ids))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _log.setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _uncaught(
        given.exc_type, given.exc_value or given.exc_type(), given.exc_traceback
    )


def _uncaught(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    _log.critical("ended by an error", exc_info=(kind, error, at))


class _Lines(logging.Formatter):
    def __init__(
        self, form: Callable[[dict[str, Any]], str], ids: Callable[[], dict[str, str]]
    ) -> None:
        super().__init__()
        self._form = form
        self._ids = ids

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "at": _instant(record.created),
            "level": record.levelname.lower(),
            "event": _sentence(record),
            "process": record.process,
        }
        told = self._ids() | {k: v for k in FIELDS if (v := getattr(record, k, None)) is not None}
        line |= {name: told[name] for name in FIELDS if name in told}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["errors"] = [_described(one) for one in _chain(error)]
        return self._form(line)


def _sentence(record: logging.LogRecord) -> str:
    """What was said: a sentence of the program's own text, without the values that go into it."""
    speaker = record.name.split(".")[0]
    if speaker == _OWN or speaker in _PLAIN_SPEAKERS:
        return str(record.msg).strip()
    return f"{record.name} spoke, in {record.module}:{record.lineno}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from."""
    following: BaseException | None = error
    for _ in range(_DEEPEST):
        if following is None:
            return
        yield following
        following = following.__cause__ or following.__context__


def _described(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    described: dict[str, Any] = {"kind": f"{kind.__module__}.{kind.__qualname__}"}
    code = error.errno if isinstance(error, OSError) else getattr(error, "sqlstate", None)
    if code is not None:
        described["code"] = str(code)
    described["at"] = list(_places(error.__traceback__))
    return described


def _places(trace: TracebackType | None) -> Iterator[str]:
    """Where an error came by, the innermost last: module, line and function, and no values."""
    while trace is not None:
        frame = trace.tb_frame
        module = frame.f_globals.get("__name__", "?")
        yield f"{module}:{trace.tb_lineno} {frame.f_code.co_name}"
        trace = trace.tb_next


def _json(line: dict[str, Any]) -> str:
    return _encode(line).decode()


def _text(line: dict[str, Any]) -> str:
    told = [f"{name}={line[name]}" for name in FIELDS if name in line]
    came_by = [
        f"{error['kind']} {error.get('code', '')} at {' > '.join(error['at'])}"
        for error in line.get("errors", ())
    ]
    return " ".join([line["at"], line["level"].upper(), line["event"], *told, *came_by])


def _instant(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds * 1_000) % 1_000:03d}Z"
