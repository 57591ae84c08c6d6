"""Studying apart: the same sums in a process of its own, asked over pipes.

Two threads of one interpreter take turns, and one that computes makes each statement of the other wait for its turn: a
server that decided a thousand times a second beside its own learning took twice as long for it. The process reads the
store itself, and sends back what is to be written and the solved model; it writes nothing. It is started where there is
much to learn, and ends with the server however that ends: then there is nothing more to read.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from promosight.errors import PromosightError
from promosight.flows.decisioning.learning import Lesson
from promosight.process import collect_rarely, compute_alone
from promosight.worker.study import Solved, Study

_NICE = 10
"""It gives way to those who answer."""

Between = Callable[[], contextlib.AbstractContextManager[Any]]


class StudyFailed(PromosightError):
    """What was asked for apart has failed there."""


class _Failed(NamedTuple):
    why: str


class Apart:
    """The process, begun at once; `is_ready` once it can be asked, `is_gone` once it cannot be asked any more.

    Its answers are taken apart within `between` (`Store.between`).
    """

    def __init__(self, url: str, between: Between = contextlib.nullcontext) -> None:
        self._between = between
        self._process = subprocess.Popen(
            [sys.executable, "-m", "promosight.worker.apart"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # what a terminal tells the server is not for it
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._questions, self._answers = self._process.stdin, self._process.stdout
        self._ready = False
        self.is_gone = False
        self._tell(url)  # not for everybody to see among the processes

    def is_ready(self) -> bool:
        """Whether it can be asked by now."""
        if not self._ready and select.select([self._answers], [], [], 0)[0]:
            self._ready = bool(self._heard())
        return self._ready

    def lesson(self, workspace_no: int, taken: str, *, kept: bool) -> Lesson:
        """As `Study.lesson`."""
        found: Lesson = self._asked("lesson", workspace_no, taken=taken, kept=kept)
        return found

    def solved(self, workspace_no: int, *, kept: bool) -> Solved:
        """As `Study.solved`."""
        found: Solved = self._asked("solved", workspace_no, kept=kept)
        return found

    def kill(self) -> None:
        """Ends it, whatever it is at."""
        self._process.kill()

    def end(self) -> None:
        """Ends it, and lets go of it. Nobody may be asking any more."""
        self.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # what it was not told any more
            self._questions.close()
        self._answers.close()

    def _asked(self, what: str, workspace_no: int, **said: Any) -> Any:
        self._tell((what, workspace_no, said))
        answer = self._heard()
        if isinstance(answer, _Failed):
            raise StudyFailed(answer.why)
        return answer

    def _tell(self, what: Any) -> None:
        try:
            _send(self._questions, what)
        except OSError:
            self.is_gone = True
            raise

    def _heard(self) -> Any:
        try:
            told = pickle.load(self._answers)
            with self._between():
                return pickle.loads(told)
        except Exception:
            self.is_gone = True
            raise


def _send(to: BinaryIO | Any, what: Any) -> None:
    pickle.dump(what, to, pickle.HIGHEST_PROTOCOL)
    to.flush()


def _answer(to: BinaryIO | Any, what: Any) -> None:
    """Sends bytes that are a message themselves: having received them all costs nothing, taking them apart does."""
    _send(to, pickle.dumps(what, pickle.HIGHEST_PROTOCOL))


def _answer_all(questions: BinaryIO, answers: BinaryIO) -> None:
    from promosight.store.database import database
    from promosight.store.readers import SteadyReader

    reader = SteadyReader(database(pickle.load(questions)))
    study = Study(reader.read)
    collect_rarely()
    _answer(answers, True)
    while True:
        try:
            what, workspace_no, said = pickle.load(questions)
        except EOFError:
            return
        _answer(answers, _answered(study, what, workspace_no, said))


def _answered(study: Study, what: str, workspace_no: int, said: dict[str, Any]) -> Any:
    try:
        if what == "lesson":
            return study.lesson(workspace_no, **said)
        return study.solved(workspace_no, **said)
    except Exception as error:  # noqa: BLE001 - told to who asked, who begins anew
        study.forget()
        return _Failed(repr(error))


def _give_way() -> None:
    """Lets those who answer go first.

    To Linux's scheduler a session may be a group of its own (`sched_autogroup_enabled`), and groups share the cores
    evenly however nice those in them are: then it is the group that has to be nice.
    """
    os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICE))


def main() -> None:
    """The process: answers until nobody is there to ask."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _give_way()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever is printed is no answer
        _answer_all(sys.stdin.buffer, answers)


if __name__ == "__main__":
    compute_alone()
    main()
