"""Long work beside the pages: one queue for the whole server, with progress, time left and a real cancel.

Any click interrupts a session's script, so work of more than a few seconds runs on a worker thread and
the page only watches it. A job stops when its user cancels it, when another one takes its place, or
when its session has been away for a while; its result stays with the session from page to page.

    job = jobs.current(PAGE, subject)
    if st.button("Train"):
        job = jobs.start(PAGE, subject, "Training", lambda report: train(texts, report=report))
    if job is None:
        st.stop()
    jobs.watch(job)          # bar, time left, Cancel; reruns the page when the job is over
    result = jobs.result_of(job)  # stops the page, with a sentence, where there is none
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from elmo_core.exceptions import ElmoError
from elmo_core.measuring.durations import duration
from pages.common.guard import sentence_of
from pages.common.markdown import escape_markdown

N_WORKERS = 2
"""Jobs at a time; each computes on one thread, so that the others' pages stay alive."""
GRACE_S = 120.0
"""How long the work goes on after its session has gone away, for one that comes back."""

_UNEXPECTED = (
    "Something unexpected went wrong; the server's log has the details. Try again, or with other data."
)
_TICK_S = 0.4

Report = Callable[[str, float], None]
"""Told what is being done and the share done; raises `Cancelled` where the work is not wanted any more."""
State = Literal["waiting", "running", "done", "failed", "cancelled"]

log = logging.getLogger(__name__)


class Cancelled(BaseException):
    """Raised inside the work, through all that catches errors, when nobody wants its result any more."""


@dataclass(eq=False)
class Job:
    """One piece of work; everything but `cancel` is written by its worker."""

    subject: str
    """What it is about; with another subject its result means nothing."""
    title: str
    session: str
    state: State = "waiting"
    doing: str = ""
    share: float = 0.0
    parts: list[Any] = field(default_factory=list)
    """Results so far, for work that yields several."""
    result: Any = None
    error: str = ""
    started: float | None = None
    _unwanted: threading.Event = field(default_factory=threading.Event)
    _last_active: float = field(default_factory=time.monotonic)

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
        self._unwanted.set()
        if self.state == "waiting":
            self.state = "cancelled"

    def report(self, doing: str, share: float) -> None:
        """Note how far the work is.

        Raises:
            Cancelled: the user cancelled it, or has been away for longer than `GRACE_S`.
        """
        if self._unwanted.is_set() or not self._is_wanted():
            raise Cancelled
        self.doing, self.share = doing, min(max(share, 0.0), 1.0)

    def _is_wanted(self) -> bool:
        now = time.monotonic()
        if not runtime.exists() or runtime.get_instance().is_active_session(self.session):
            self._last_active = now
        return now - self._last_active < GRACE_S

    def run(self, work: Callable[[Job], Any]) -> None:
        """Do the work, on a worker's thread."""
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


class _Queue:
    """The workers and what waits for them."""

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(N_WORKERS, thread_name_prefix="job")
        self._lock, self._jobs = threading.Lock(), list[Job]()

    def add(self, job: Job, work: Callable[[Job], Any]) -> None:
        with self._lock:
            self._jobs = [*(one for one in self._jobs if not one.is_over), job]
        self._workers.submit(job.run, work)

    def before(self, job: Job) -> int:
        """Jobs that a waiting one waits for."""
        with self._lock:
            ahead = self._jobs[: self._jobs.index(job)] if job in self._jobs else []
        return sum(not one.is_over for one in ahead)


@cache
def _queue() -> _Queue:
    return _Queue()


def start(page: str, subject: str, title: str, work: Callable[[Job], Any]) -> Job:
    """Queue work; what the page had under way before is cancelled.

    Args:
        page: whose job it is: one at a time.
        subject: what the result is about; see `current`.
        title: what the user reads beside the bar.
        work: called with its job, whose `report` it calls at least twice a second and to whose `parts` it
            may append; returns the result. It must not touch Streamlit.
    """
    if before := st.session_state.get(_key(page)):
        before.cancel()
    context = get_script_run_ctx()
    job = Job(subject, title, context.session_id if context else "")
    st.session_state[_key(page)] = job
    _queue().add(job, work)
    return job


def current(page: str, subject: str | None = None) -> Job | None:
    """The page's job, if there is one and it is about this subject (None = about any)."""
    job: Job | None = st.session_state.get(_key(page))
    return job if job and subject in (None, job.subject) else None


def forget(page: str) -> None:
    """Cancel and drop the page's job."""
    if job := st.session_state.pop(_key(page), None):
        job.cancel()


def watch(job: Job) -> None:
    """Show how far a job is, with a button that cancels it; the page is run anew when it is over."""
    if not job.is_over:
        st.fragment(_show_progress, run_every=_TICK_S)(job)


def result_of(job: Job) -> Any:
    """The result; where there is none (yet), the page says so and stops."""
    if job.state == "done":
        return job.result
    if job.state == "failed":
        st.error(escape_markdown(job.error))
    elif job.state == "cancelled":
        st.info(
            f"{escape_markdown(job.title)} was cancelled; nothing is lost, start it again whenever you like."
        )
    st.stop()


def awaited(page: str, subject: str, title: str, work: Callable[[Job], Any]) -> Any:
    """The result of work that a page cannot do without: started by itself, the page stops until it is there.

    Args:
        page: see `start`.
        subject: see `start`.
        title: see `start`.
        work: see `start`.
    """
    job = current(page, subject) or start(page, subject, title, work)
    watch(job)
    if job.state in ("cancelled", "failed"):
        st.button(
            "Start again", key=f"{page}_again", icon=":material/refresh:", on_click=forget, args=(page,)
        )
    return result_of(job)


def _key(page: str) -> str:
    return f"{page}_job"


def _show_progress(job: Job) -> None:
    if job.is_over:
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    if job.state == "waiting":
        ahead = _queue().before(job)
        bar.progress(0.0, f"{escape_markdown(job.title)}: waiting for {ahead} other job{'s' * (ahead != 1)}")
    else:
        left = f", about {duration(job.left_s)} left" if job.left_s is not None else ""
        doing = f": {escape_markdown(job.doing)}" if job.doing else ""
        bar.progress(job.share, f"{escape_markdown(job.title)}{doing} ({job.share:.0%}{left})")
    button.button("Cancel", key=f"cancel_{id(job)}", icon=":material/close:", on_click=job.cancel)
