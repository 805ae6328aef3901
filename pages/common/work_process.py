"""The program of a work process: it does one piece of work after the other that a server sends to it.

What goes in and out are messages, each a pickle after its length in 8 bytes. Both ends are this program, on
one machine and of one user; nothing else can write into the pipes between them.

    in    (environment, origins, (function, arguments, named arguments) as a pickle), or an empty one: cancel
    out   ("begun",)   ("report", doing, share)   ("part", value)   and at the end one of ("done", value),
          ("refused", an ElmoError), ("no memory",), ("failed", a traceback), ("cancelled",)

Models and static vectors that have a name do not travel, for the process loads their files once; and none
travels back: what comes with the work and returns in its result is the same object again. The process yields
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

import numpy as np

from elmo_core.exceptions import ElmoError, ModelError
from elmo_core.memory import available_bytes, kernel_says
from elmo_core.serving.shared import SharedElmo, SharedTransformer, load_shared
from elmo_core.static.registry import known_static, load_static
from elmo_core.static.vectors import StaticVectors

T = TypeVar("T")
Message: TypeAlias = tuple[Any, ...]
Held: TypeAlias = SharedElmo | SharedTransformer | StaticVectors
"""What both sides hold of a piece of work, so that it travels as a number."""
Origin: TypeAlias = tuple[str, ...] | Held
"""Where the work process finds one of them: ("model", name or path, fingerprint), ("static", name), or it."""

_IDLE_S = 600.0
_KEPT = 3  # models and vectors
_KEPT_BYTES = 64 << 20  # of layers, for each model
_REPORT_S = 0.1  # least time between two reports
_SHARE = 0.75  # of the free memory
_NICE = 10
_LENGTH = struct.Struct("<Q")


class _Cancelled(BaseException):
    """Stops the work at a report; a BaseException, so that `except Exception` cannot swallow it."""


class _Pickler(pickle.Pickler):
    def __init__(self, into: BinaryIO, number: Callable[[Held], int | None]) -> None:
        super().__init__(into, protocol=pickle.HIGHEST_PROTOCOL)
        self._number = number

    def persistent_id(self, value: Any) -> int | None:
        return self._number(value) if isinstance(value, Held) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, source: BinaryIO, held: Sequence[Held]) -> None:
        super().__init__(source)
        self._held = held

    def persistent_load(self, number: int) -> Held:
        return self._held[number]


def pack(message: Message, held: list[Held], *, may_hold_more: bool = False) -> bytes:
    """Pack a message.

    Args:
        message: what is sent.
        held: what travels as its number in this list.
        may_hold_more: whether the list takes up what is of its kind and not in it yet.
    """

    def number(value: Held) -> int | None:
        for at, other in enumerate(held):
            if other is value:
                return at
        if not may_hold_more:
            return None
        held.append(value)
        return len(held) - 1

    packed = io.BytesIO()
    _Pickler(packed, number).dump(message)
    return packed.getvalue()


def unpack(packed: bytes, held: Sequence[Held]) -> Message:
    """Return the message that was packed with the same things held."""
    message: Message = _Unpickler(io.BytesIO(packed), held).load()
    return message


def origin_of(held: Held) -> Origin:
    """Return where a work process finds what is held here."""
    if isinstance(held, StaticVectors):
        is_mapped = isinstance(held.matrix, np.memmap) and held.name in known_static()
        return ("static", held.name) if is_mapped else held
    return held if held.reference is None else ("model", held.reference, held.fingerprint)


def write_packed(pipe: BinaryIO, packed: bytes) -> None:
    """Send a packed message."""
    pipe.write(_LENGTH.pack(len(packed)))
    pipe.write(packed)
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


class _Found:
    """What work needed last of the models and vectors that have a name, loaded once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Origin, Held] = OrderedDict()

    def find(self, origin: Origin) -> Held:
        """Return what is held at an origin.

        Raises:
            ModelError: its files have changed since the server loaded them; others as of `load_shared`.
        """
        if not isinstance(origin, tuple):
            return origin
        if origin not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.popitem(last=False)
            self._kept[origin] = _loaded(*origin)
        self._kept.move_to_end(origin)
        return self._kept[origin]


def _loaded(kind: str, name: str, fingerprint: str = "") -> Held:
    if kind == "static":
        return load_static(name)
    model = load_shared(name, budget=_KEPT_BYTES)
    if model.fingerprint != fingerprint:
        raise ModelError(
            f"The files of the model {Path(name).name} have changed since the server loaded them; restart "
            "the server."
        )
    return model


class _Worker:
    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests, self._answers = requests, answers
        self._inbox = queue.SimpleQueue[bytes | None]()
        self._is_cancelled, self._is_busy = threading.Event(), False
        self._found, self._held, self._reported = _Found(), list[Held](), 0.0

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
            self._is_busy, self._held = False, []

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
        write_packed(self._answers, pack(message, self._held))

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
                environment, origins, work = unpack(packed, ())
                os.environ.update(environment)  # where models are looked for, for one
                self._held = [self._found.find(origin) for origin in origins]
                function, arguments, named = unpack(work, self._held)
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
    import sklearn.linear_model  # noqa: F401 - takes seconds, which would count as the time of the first work
    import torch

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed goes to the log
    _yield_to_others()
    torch.set_num_threads(1)
    _Worker(sys.stdin.buffer, answers).run()


if __name__ == "__main__":
    main()
