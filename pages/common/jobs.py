"""Long work beside the pages: one queue for the server, with progress, time left, Cancel and taking up.

Any click interrupts a session's script, so work of more than a moment runs on a worker thread, which lets a
work process do what is heavy, and the page watches it. `run_or_offer` is the way to start, await and take up
what a page cannot do without:

    space = run_or_offer(
        "static_space", ("space", source.key), "Reading the text",
        lambda job: job.apart(embed_text, elmo, tokens),
        seconds=n_characters / 4000, results=results_about(is_sample=source.is_sample),
    )

Work that is expected to take less than `AT_ONCE_S` is done at once. Less than `OFFERED_S` starts as a job by
itself; more waits for a click on a button, beside which its cost stands. The page stops until the result is
there. Work that a page can do without is started with `offer`, and the page goes on.

A job about a visitor's own data belongs to the visitor (see `visitors`): a reload of the page takes it up,
running or finished, and nobody else sees it. A job about a sample belongs to all who wait for it: it runs
once, and ends early only when the last of them cancels. The queue serves the visitors in turn, so that one
with many jobs does not hold up the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from elmo_core.measuring.durations import duration
from pages.common.chosen_model import model_name, reading_with
from pages.common.job import Job
from pages.common.job_queue import FairQueue
from pages.common.markdown import escape_markdown
from pages.common.permissions import refusal_of_job
from pages.common.results import ResultStore
from pages.common.visitors import current_visitor, put_in_address

AT_ONCE_S = 2.0
"""Work that is expected to take less runs in the page's own script."""
OFFERED_S = 20.0
"""Work that is expected to take longer waits for a click."""

_TICK_S = 0.4

T = TypeVar("T")


@dataclass(frozen=True)
class StartButton:
    """The button that starts a job, where the user decides when."""

    label: str
    place: DeltaGenerator | None = None
    """Where it stands; None = where the page waits for the result."""
    icon: str = ":material/play_arrow:"
    can_repeat: bool = False
    """Whether it also starts the work anew, in place of what was started before."""
    starts_by_itself: bool = False
    """Whether the first job starts without a click."""
    is_enabled: bool = True
    help: str | None = None
    """What is said when the button is pointed at."""


_queue = FairQueue[Job]()
_shared: dict[Hashable, Job] = {}
_shared_lock = threading.Lock()


def run_or_offer(
    owner: str,
    key: Hashable,
    title: str,
    work: Callable[[Job], T],
    *,
    seconds: float,
    results: ResultStore,
    megabytes: float = 0.0,
    button: StartButton | None = None,
    meanwhile: Callable[[Job | None], None] | None = None,
    again: str = "Start again",
) -> T:
    """Return a result that a page cannot do without; the page stops here until there is one.

    Args:
        owner: prefix of widget keys. A visitor has one job of an owner; a new one replaces the last.
        key: what the result depends on.
        title: what the user reads beside the bar.
        work: called with its job, whose `report` it calls at least twice a second and to whose `parts` it may
            append. It must not use Streamlit.
        seconds: expected duration.
        results: where the result is kept.
        megabytes: expected memory; 0 = not worth saying.
        button: starts the work, however short; None = by itself, or where it is long by a usual button.
        meanwhile: draws what can be seen before the result is there, from the job, None before it is started.
        again: label of the button that starts a job once more after it failed or was cancelled.

    Raises:
        ElmoError: of work that is done at once; that of a job is shown on the page.
    """
    if button is None and key in results:
        return results.find(key)  # type: ignore[no-any-return]
    if button is None and seconds <= AT_ONCE_S:
        with _spinner(title):
            return results.get_or_compute(key, lambda: work(Job(key, title, model=model_name())))
    is_clicked = _draw_start(owner, key, results, button) if button else False
    is_started = _jobs_to_start_again().pop(owner, False) or is_clicked
    job = None if is_started else current(owner, key)
    if key in results and not is_started and (job is None or job.is_over):
        if job is not None and job.state != "done" and button and button.can_repeat:
            watch(owner, job, again)  # the result is the one before this job
        return results.find(key)  # type: ignore[no-any-return]
    if job is None and (is_started or _may_start(owner, title, seconds, megabytes, button)):
        job = start(owner, key, title, work, results)
    if job is not None and job.state == "done" and not is_started:
        return job.result  # type: ignore[no-any-return]
    if job is not None:
        watch(owner, job, again)
    if meanwhile:
        meanwhile(job)
    st.stop()


def offer(
    owner: str,
    key: Hashable,
    title: str,
    work: Callable[[Job], Any],
    results: ResultStore,
    button: StartButton,
    again: str = "Start again",
) -> None:
    """Draw a button that starts work which the page can do without, or how far that work is.

    When the work is done, the page runs once more, so that it shows what is there now.

    Args:
        owner: see `run_or_offer`.
        key: see `run_or_offer`.
        title: see `run_or_offer`.
        work: see `run_or_offer`.
        results: where the result is kept.
        button: starts the work.
        again: see `run_or_offer`.
    """
    job = current(owner, key)
    if job is not None and job.state == "done":
        forget(owner)
        st.rerun()
    if _jobs_to_start_again().pop(owner, False) or (
        job is None and st.button(button.label, key=f"{owner}_start", icon=button.icon, help=button.help)
    ):
        start(owner, key, title, work, results)
        st.rerun()
    if job is not None:
        watch(owner, job, again)


def start(owner: str, key: Hashable, title: str, work: Callable[[Job], Any], results: ResultStore) -> Job:
    """Queue work, or join the same work that others wait for already.

    Args:
        owner: see `run_or_offer`; its job before this one is cancelled.
        key: see `run_or_offer`.
        title: see `run_or_offer`.
        work: see `run_or_offer`.
        results: where the result is kept; work for a shared store is shared.

    Returns:
        The job; one that has failed already where the visitor has too many, or the server is short of memory.
    """
    cancel(owner)
    visitor = current_visitor()
    if refusal := refusal_of_job(sum(not job.is_over for job in _jobs().values())):
        job = Job(key, title, state="failed", error=refusal)
        _jobs()[owner] = job
        return job

    with _shared_lock:
        new = Job(key, title, model=model_name(), is_shared=results.is_shared)
        running = _shared.get(new.shared_key) if new.is_shared else None
        job = running or new
        job.visitors.add(visitor)
        if job.is_shared:
            _shared[job.shared_key] = job
    _jobs()[owner] = job
    if running is None:
        _queue.add(visitor.key, job, partial(_run, job, work, results))
    if not job.is_shared:
        put_in_address()
    return job


def _run(job: Job, work: Callable[[Job], Any], results: ResultStore) -> None:
    with reading_with(job.model):
        job.run(lambda job: results.keep(job.key, work(job)))
    with _shared_lock:
        if _shared.get(job.shared_key) is job:
            del _shared[job.shared_key]


def current(owner: str, key: Hashable) -> Job | None:
    """Return the visitor's job of an owner, if it is about this key and with the session's model."""
    job = _jobs().get(owner)
    return job if job is not None and job.shared_key == (model_name(), key) else None


def cancel(owner: str) -> None:
    """Cancel the visitor's job of an owner; one that others wait for as well goes on for them."""
    job = _jobs().get(owner)
    if job is None or job.is_over:
        return
    with _shared_lock:
        job.visitors.discard(current_visitor())
        if not job.visitors:
            job.cancel()
            _queue.discard(job)
            if _shared.get(job.shared_key) is job:
                del _shared[job.shared_key]
            return
    _jobs()[owner] = Job(job.key, job.title, model=job.model, state="cancelled", parts=list(job.parts))


def forget(owner: str) -> None:
    """Cancel and drop the visitor's job of an owner."""
    cancel(owner)
    _jobs().pop(owner, None)


def watch(owner: str, job: Job, again: str = "Start again") -> None:
    """Show how far a job is and let the user cancel it; where it failed or was cancelled, start it again."""
    if not job.is_over:
        st.fragment(_show_progress, run_every=_TICK_S)(owner, job)
        return
    if job.state == "failed":
        st.error(escape_markdown(job.error))
    elif job.state == "cancelled":
        title = escape_markdown(job.title)
        st.info(f"{title} was cancelled. Nothing is lost; you can start it again at any time.")
    if job.state != "done":
        st.button(
            again,
            key=f"{owner}_again",
            icon=":material/refresh:",
            on_click=_start_again,
            args=(owner,),
        )


def _jobs() -> dict[str, Job]:
    jobs: dict[str, Job] = current_visitor().state.setdefault("jobs", {})
    return jobs


def _spinner(title: str) -> AbstractContextManager[None]:
    """A spinner on the page; nothing where there is none, as in the warm-up."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return nullcontext()
    return st.spinner(escape_markdown(title), show_time=True)


def _draw_start(owner: str, key: Hashable, results: ResultStore, button: StartButton) -> bool:
    """Draw the button that starts a job, and return whether it was clicked."""
    job = current(owner, key)
    starts_now = job is None and button.starts_by_itself
    is_there = key in results or starts_now or (job is not None and job.state not in ("failed", "cancelled"))
    return (button.place or st).button(
        button.label,
        key=f"{owner}_start",
        icon=button.icon,
        type="secondary" if is_there and not button.can_repeat else "primary",
        disabled=not button.is_enabled or (is_there and not button.can_repeat),
    )


def _may_start(owner: str, title: str, seconds: float, megabytes: float, button: StartButton | None) -> bool:
    """Return whether work may start now: by itself, or because the usual button was clicked."""
    if button is not None:
        return button.starts_by_itself
    if seconds <= OFFERED_S:
        return True
    memory = f" and {megabytes:,.0f} MB of memory" if megabytes else ""
    st.caption(f"{escape_markdown(title)} takes about {duration(seconds)}{memory}. You can cancel it.")
    return st.button("Start", key=f"{owner}_start", type="primary", icon=":material/play_arrow:")


def _start_again(owner: str) -> None:
    """Callback: start the work of an owner anew in the next run."""
    forget(owner)
    _jobs_to_start_again()[owner] = True


def _jobs_to_start_again() -> dict[str, bool]:
    waiting: dict[str, bool] = st.session_state.setdefault("_jobs_to_start_again", {})
    return waiting


def _show_progress(owner: str, job: Job) -> None:
    if job.is_over:
        st.rerun()
    title = escape_markdown(job.title)
    if job.state == "waiting":
        ahead = _queue.n_before(job)
        share, text = 0.0, f"{title}: waiting for {ahead} other job{'s' * (ahead != 1)}"
    else:
        left = f", about {duration(job.left_s)} left" if job.left_s is not None else ""
        doing = f": {escape_markdown(job.doing)}" if job.doing else ""
        share, text = job.share, f"{title}{doing} ({job.share:.0%}{left})"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(share, text)
        st.button("Cancel", key=f"{owner}_cancel", icon=":material/close:", on_click=cancel, args=(owner,))
