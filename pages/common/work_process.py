"""The program of a work process: it does one piece of work after the other that a server sends to it.

What goes in and out are messages, each a pickle after its length in 8 bytes. Both ends are this program, on
one machine and of one user; nothing else can write into the pipes between them.

    in    (function, arguments, named arguments)   or an empty one: cancel
    out   ("begun",)   ("report", doing, share)   ("part", value)   and at the end one of ("done", value),
          ("refused", an ElmoError), ("no memory",), ("failed", a traceback), ("cancelled",)

A model does not travel: its name and fingerprint do, and the process loads its files once. The process yields
the cores to the pages of the server, takes at most three quarters of the memory that is free when a piece of
work begins, and ends when the server does, or after ten minutes without work.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import pickle  # noqa: TID251 - through pipes between two processes of this program, never from a file
import queue
import signal
import struct
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

from elmo_core.exceptions import ElmoError, ModelError
from elmo_core.memory import available_bytes, kernel_says
from elmo_core.serving.shared import SharedElmo, SharedTransformer, load_shared

T = TypeVar("T")
Message: TypeAlias = tuple[Any, ...]
Model: TypeAlias = SharedElmo | SharedTransformer
ModelMark: TypeAlias = tuple[str, str]
"""The name or path of a model, and its fingerprint."""

_IDLE_S = 600.0
_MODELS = 2  # kept loaded
_KEPT_BYTES = 64 << 20  # of layers, for each model
_REPORT_S = 0.1  # least time between two reports
_SHARE = 0.75  # of the free memory
_NICE = 10
_LENGTH = struct.Struct("<Q")


class _Cancelled(BaseException):
    """Stops the work at a report; a BaseException, so that `except Exception` cannot swallow it."""


class _Pickler(pickle.Pickler):
    def __init__(self, into: BinaryIO, names: Callable[[Model], ModelMark | None]) -> None:
        super().__init__(into, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = names

    def persistent_id(self, value: Any) -> ModelMark | None:
        return self._names(value) if isinstance(value, SharedElmo | SharedTransformer) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: BinaryIO, find: Callable[[ModelMark], Model]) -> None:
        super().__init__(source)
        self._find = find

    def persistent_load(self, mark: ModelMark) -> Model:
        return self._find(mark)


def mark_of(model: Model) -> ModelMark | None:
    """Return what a model travels as; None for one that cannot be loaded by a name."""
    return (model.reference, model.fingerprint) if model.reference is not None else None


def write_message(
    pipe: BinaryIO, message: Message, names: Callable[[Model], ModelMark | None] = mark_of
) -> None:
    """Send a message.

    Args:
        pipe: to the other side.
        message: what is sent.
        names: what a model in it travels as.
    """
    packed = io.BytesIO()
    _Pickler(packed, names).dump(message)
    pipe.write(_LENGTH.pack(packed.tell()))
    pipe.write(packed.getbuffer())
    pipe.flush()


def write_cancel(pipe: BinaryIO) -> None:
    """Ask a work process to stop at its next report."""
    pipe.write(_LENGTH.pack(0))
    pipe.flush()


def read_packed(pipe: BinaryIO) -> bytes | None:
    """Return the next message as it was packed; None after the last one."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    packed = pipe.read(length)
    return packed if len(packed) == length else None


def unpack(packed: bytes, find: Callable[[ModelMark], Model]) -> Message:
    """Return a message.

    Args:
        packed: of `read_packed`.
        find: gives the models in it.
    """
    message: Message = _Unpickler(io.BytesIO(packed), find).load()
    return message


class _Models:
    """The models that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[ModelMark, Model] = OrderedDict()

    def find(self, mark: ModelMark) -> Model:
        """Return a model, loaded where it is not yet.

        Raises:
            ModelError: its files have changed since the server loaded them; others as of `load_shared`.
        """
        if mark not in self._kept:
            while len(self._kept) >= _MODELS:
                self._kept.popitem(last=False)
            name, fingerprint = mark
            model = load_shared(name, budget=_KEPT_BYTES)
            if model.fingerprint != fingerprint:
                raise ModelError(
                    f"The files of the model {Path(name).name} have changed since the server loaded them; "
                    "restart the server."
                )
            self._kept[mark] = model
        self._kept.move_to_end(mark)
        return self._kept[mark]


class _Worker:
    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests, self._answers = requests, answers
        self._inbox = queue.SimpleQueue[bytes | None]()
        self._is_cancelled, self._is_busy = threading.Event(), False
        self._models, self._reported = _Models(), 0.0

    def run(self) -> None:
        """Work until the server is gone, or there has been nothing to do for long."""
        threading.Thread(target=self._receive, daemon=True).start()
        while True:
            try:
                packed = self._inbox.get(timeout=_IDLE_S)
            except queue.Empty:
                return
            if packed is None:
                return
            self._is_cancelled.clear()
            self._is_busy = True
            self._answer("begun")
            self._answer(*self._outcome(packed))
            self._is_busy = False

    def _receive(self) -> None:
        """Put work into the inbox; a thread of its own, so that a cancel is seen during the work."""
        while (packed := read_packed(self._requests)) is not None:
            if not packed:
                self._is_cancelled.set()
            else:
                self._inbox.put(packed)
        self._inbox.put(None)
        if self._is_busy:  # nobody waits for the result
            os._exit(0)

    def _answer(self, *message: Any) -> None:
        write_message(self._answers, message)

    def _report(self, doing: str, share: float) -> None:
        if self._is_cancelled.is_set():
            raise _Cancelled
        now = time.monotonic()
        if now - self._reported >= _REPORT_S:
            self._reported = now
            self._answer("report", doing, share)

    def _note(self, part: Any) -> None:
        self._answer("part", part)

    def _outcome(self, packed: bytes) -> Message:
        """Do a piece of work; return what became of it."""
        try:
            with _limited_memory():
                function, arguments, named = unpack(packed, self._models.find)
                return "done", call(function, arguments, named, self._report, self._note)
        except _Cancelled:
            return ("cancelled",)
        except ElmoError as error:
            return "refused", error
        except MemoryError:
            return ("no memory",)
        except Exception as error:
            if "can't allocate memory" in str(error):  # as torch says it
                return ("no memory",)
            return "failed", traceback.format_exc()


def call(
    function: Callable[..., T],
    arguments: tuple[Any, ...],
    named: Mapping[str, Any],
    report: Callable[[str, float], None],
    note: Callable[[Any], None],
) -> T:
    """Call a function with `report` and `note`, each if it has such a parameter."""
    offered = {"report": report, "note": note}
    taken = inspect.signature(function).parameters
    return function(*arguments, **named, **{name: one for name, one in offered.items() if name in taken})


@contextlib.contextmanager
def _limited_memory() -> Iterator[None]:
    """Let what is taken beyond a share of the free memory be a MemoryError (Linux and its kin)."""
    free, taken = available_bytes(), kernel_says(Path("/proc/self/status"), "VmData").split()
    if free is None or not taken:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = int(taken[0]) * 1024 + int(_SHARE * free)
    limits = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([most, *limits]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _yield_to_others() -> None:
    """Let the server's pages come first, and be the first to go when memory runs out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes the pipe
    if hasattr(os, "nice"):
        os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def main() -> None:
    """Work for the process at the other end of standard input and output."""
    import torch

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed goes to the log
    _yield_to_others()
    torch.set_num_threads(1)
    _Worker(sys.stdin.buffer, answers).run()


if __name__ == "__main__":
    main()
