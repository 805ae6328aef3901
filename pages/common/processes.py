"""Heavy work in processes beside the server's own, so that it holds up no page and can be ended at any time.

    result = run_apart(embed_text, (elmo, tokens), {"with_context": True}, report=job.report)

A process is started when it is needed, serves one piece of work at a time, and waits for the next one. What
it runs is found again by its name: a function of a module, with arguments and a result that can be pickled.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pages.common.work_process import (
    Held,
    origin_of,
    pack,
    read_packed,
    unpack,
    write_cancel,
    write_packed,
)

_PACKAGES = Path(__file__).parents[2]
_TICK_S = 0.2
_KILLED = -9
_CANCEL_S = 1.0  # for an answer to a cancel, before the process is ended

T = TypeVar("T")


class _EndedError(Exception):
    """A process has ended."""


class WorkProcess:
    """One process, which does one piece of work at a time."""

    def __init__(self) -> None:
        """Start it."""
        path = os.pathsep.join([str(_PACKAGES), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pages.common.work_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._is_busy = False
        self._answers = queue.SimpleQueue[bytes | None]()
        threading.Thread(target=self._receive, name="work process", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether it can take work."""
        return self._process.poll() is None

    def run(
        self,
        function: Callable[..., T],
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        report: Callable[[str, float], object],
        note: Callable[[Any], object],
    ) -> T:
        """Do a piece of work; arguments and errors as of `run_apart`.

        Raises:
            _EndedError: the process was gone before it had begun.
        """
        held: list[Held] = []
        work = pack((function, arguments, named), held, may_hold_more=True)
        try:
            write_packed(self._stdin, pack((dict(os.environ), [origin_of(one) for one in held], work), []))
        except OSError:
            raise _EndedError from None
        self._is_busy = True
        try:
            return self._result(held, report, note)  # type: ignore[no-any-return]
        finally:
            if self._is_busy:
                self._cancel(held)

    def end(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    def _receive(self) -> None:
        """Put answers into a queue; a thread of its own, so that a job can be cancelled between them."""
        stdout: Any = self._process.stdout
        with contextlib.suppress(OSError, ValueError):  # it was ended
            while (packed := read_packed(stdout)) is not None:
                self._answers.put(packed)
        self._process.wait()
        self._answers.put(None)

    def _result(
        self,
        held: list[Held],
        report: Callable[[str, float], object],
        note: Callable[[Any], object],
    ) -> Any:
        has_begun, so_far = False, ("", 0.0)
        while True:
            try:
                packed = self._answers.get(timeout=_TICK_S)
            except queue.Empty:
                report(*so_far)
                continue
            if packed is None:
                self._is_busy = False
                raise self._reason_of_end() if has_begun else _EndedError
            kind, *values = unpack(packed, held)
            if kind == "begun":
                has_begun = True
            elif kind == "report":
                so_far = values[0], values[1]
                report(*so_far)
            elif kind == "part":
                note(values[0])
            else:
                self._is_busy = False
                return _outcome(kind, values)

    def _reason_of_end(self) -> Exception:
        """Why it has ended during the work."""
        status = self._process.wait()
        if status == _KILLED:  # as the system does when memory runs out
            return MemoryError()
        return RuntimeError(f"The work process has ended with status {status}.")

    def _cancel(self, held: list[Held]) -> None:
        """Let it stop; one that does not answer in time is ended."""
        end = time.monotonic() + _CANCEL_S
        try:
            write_cancel(self._stdin)
            while (packed := self._answers.get(timeout=max(end - time.monotonic(), 0.01))) is not None:
                if unpack(packed, held)[0] not in ("begun", "report", "part"):
                    self._is_busy = False
                    return
        except (OSError, queue.Empty):
            pass
        self.end()


def _outcome(kind: str, values: list[Any]) -> Any:
    """The result of a piece of work that is over, or its error."""
    if kind == "done":
        return values[0]
    if kind == "refused":
        raise values[0]
    if kind == "no memory":
        raise MemoryError
    raise RuntimeError(f"In a work process: {values[0] if values else kind}")


_lock = threading.Lock()
_idle: list[WorkProcess] = []
_busy: set[WorkProcess] = set()


def run_apart(
    function: Callable[..., T],
    arguments: tuple[Any, ...],
    named: Mapping[str, Any] | None = None,
    *,
    report: Callable[[str, float], object],
    note: Callable[[Any], object],
) -> T:
    """Return what a function returns, computed in another process.

    Args:
        function: of a module; gets `report` and `note` if it has such parameters.
        arguments: can be pickled; a model or static vectors in them and in the result stay the same.
        named: more of them.
        report: called with the progress, and five times a second in any case; an error that it raises ends
            the work within about a second.
        note: called with results before the last one.

    Raises:
        ElmoError: of the function.
        MemoryError: there is not enough for it.
        RuntimeError: the function failed; the traceback is the message.
    """
    while True:
        process, is_new = _take()
        try:
            return process.run(function, arguments, named or {}, report, note)
        except _EndedError:  # it had waited for too long
            if is_new:
                raise RuntimeError("A work process could not be started.") from None
        finally:
            _give_back(process)


def prepare() -> None:
    """Start a process where there is none, so that the first piece of work need not wait for it."""
    with _lock:
        if not _idle and not _busy:
            _idle.append(WorkProcess())


def _take() -> tuple[WorkProcess, bool]:
    """A process to work with, and whether it was started for that."""
    with _lock:
        waiting = [process for process in _idle if process.is_alive]
        for process in set(_idle).difference(waiting):
            process.end()
        _idle[:] = waiting[:-1]
        process = waiting[-1] if waiting else WorkProcess()
        _busy.add(process)
        return process, not waiting


def _give_back(process: WorkProcess) -> None:
    with _lock:
        _busy.discard(process)
        if process.is_alive:
            _idle.append(process)
            return
    process.end()


@atexit.register
def _end_all() -> None:
    for process in [*_idle, *_busy]:
        process.end()
