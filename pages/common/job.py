"""A piece of long work: its state, its progress, its result, and its cancel."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from elmo_core.exceptions import ElmoError
from pages.common.guard import sentence_of
from pages.common.processes import run_apart
from pages.common.visitors import Visitor
from pages.common.work_process import call

_UNEXPECTED = (
    "Something unexpected went wrong; the server's log has the details. Try again, or with other data."
)

T = TypeVar("T")
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]

log = logging.getLogger(__name__)


class Cancelled(BaseException):
    """Cancels the work. A BaseException, so that `except Exception` cannot swallow it."""


@dataclass(eq=False)
class Job:
    """One piece of work, written by its worker and read by the pages that wait for it."""

    key: Hashable
    """What the result depends on."""
    title: str
    visitors: set[Visitor] = field(default_factory=set)
    """Those who wait for it."""
    model: str = ""
    """Name of the model that it reads with."""
    is_shared: bool = False
    """Whether all who ask for the same get this job."""
    state: JobState = "waiting"
    doing: str = ""
    share: float = 0.0
    parts: list[Any] = field(default_factory=list)
    """Results so far, for work that yields several."""
    result: Any = None
    error: str = ""
    started: float | None = None
    _is_cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def shared_key(self) -> tuple[str, Hashable]:
        """What two jobs have in common that do the same."""
        return self.model, self.key

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def left_s(self) -> float | None:
        """Seconds left, from the share done so far; None while that is too little to tell."""
        if self.started is None or self.share < 0.03:
            return None
        return (time.monotonic() - self.started) * (1 - self.share) / self.share

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next report."""
        self._is_cancelled.set()
        if self.state == "waiting":
            self.state = "cancelled"

    def report(self, doing: str, share: float) -> None:
        """Note what is being done and the share done, from 0 to 1.

        Raises:
            Cancelled: the work was cancelled, or all who waited for it have been away for too long.
        """
        is_wanted = not self.visitors or any(visitor.is_here for visitor in tuple(self.visitors))
        if self._is_cancelled.is_set() or not is_wanted:
            raise Cancelled
        self.doing, self.share = doing, min(max(share, 0.0), 1.0)

    def apart(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Return what a function returns, computed in another process unless the page itself waits for it.

        Heavy work takes this way, so that the pages of others stay quick and a cancel ends it within a
        second.

        Args:
            function: of a module, without Streamlit. It gets `report` and `note` if it has such parameters;
                what it hands to `note` becomes a part of the job.
            *arguments: can be pickled; a model or static vectors in them and in the result stay the same.
            **named: more of them.

        Raises:
            ElmoError: of the function; other errors as of `run_apart`.
        """
        if self.started is None:
            return call(function, arguments, named, self.report, self.parts.append)
        return run_apart(function, arguments, named, report=self.report, note=self.parts.append)

    def run(self, work: Callable[[Job], Any]) -> None:
        """Do the work and note its result or its error."""
        if self.is_over:
            return
        import torch

        torch.set_num_threads(1)
        self.state, self.started = "running", time.monotonic()
        try:
            self.report("", 0.0)
            self.result = work(self)
            self.state, self.share = "done", 1.0
        except Cancelled:
            self.state = "cancelled"
        except Exception as error:
            if not isinstance(error, ElmoError):
                log.exception("%s failed", self.title)
            self.error, self.state = sentence_of(error) or _UNEXPECTED, "failed"
