"""Long work: a real queue, real threads, pages that watch them."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from elmo_core.exceptions import InputError
from pages.common import jobs
from pages.common.jobs import Job
from tests.pages.gestures import PATIENCE_S


def slow_work(job: Job) -> str:
    for step in range(40_000):  # longer than any test waits: only a cancel ends it
        job.report("counting", step / 40_000)
        time.sleep(0.02)
    return "counted"


def started(work: Callable[[Job], object]) -> Job:
    job = Job("text", "Counting", "")
    jobs._queue().add(job, work)
    return job


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_tells_how_far_it_is_and_gives_its_result():
    job = started(lambda job: [job.report("adding", share / 4) for share in range(4)] and "sum")
    wait_for(lambda: job.is_over)
    assert (job.state, job.result, job.share, job.doing) == ("done", "sum", 1.0, "adding")


def test_a_cancel_ends_a_job_at_its_next_report():
    job = started(slow_work)
    wait_for(lambda: job.share > 0)
    assert job.left_s is None or job.left_s > 0
    job.cancel()
    wait_for(lambda: job.is_over)
    assert (job.state, job.result) == ("cancelled", None)


def test_a_cancel_passes_through_code_that_catches_errors():
    def stubborn(job: Job) -> None:
        while True:
            try:
                job.report("", 0.5)
            except Exception:
                time.sleep(0.01)

    job = started(stubborn)
    wait_for(lambda: job.state == "running")
    job.cancel()
    wait_for(lambda: job.is_over)
    assert job.state == "cancelled"


def test_a_job_beyond_the_workers_waits_its_turn_and_can_be_cancelled_there():
    running = [started(slow_work) for _ in range(jobs.N_WORKERS)]
    waiting = started(lambda job: "never")
    wait_for(lambda: all(job.state == "running" for job in running))
    assert waiting.state == "waiting"
    assert jobs._queue().before(waiting) == jobs.N_WORKERS
    waiting.cancel()
    assert waiting.state == "cancelled"
    for job in running:
        job.cancel()
    wait_for(lambda: all(job.is_over for job in running))
    assert waiting.result is None


def test_errors_become_sentences(caplog):
    def refuse(_: Job) -> None:
        raise InputError("Line 3 of a.csv is empty.")

    def break_down(_: Job) -> None:
        raise KeyError("inner")

    refused, broken = started(refuse), started(break_down)
    wait_for(lambda: refused.is_over and broken.is_over)
    assert (refused.state, refused.error) == ("failed", "Line 3 of a.csv is empty.")
    assert broken.error.startswith("Something unexpected went wrong")
    assert "inner" not in broken.error
    assert "inner" in caplog.text


def page() -> None:
    import streamlit as st

    from pages.common import jobs
    from tests.pages.test_jobs import slow_work

    subject = st.text_input("Subject", "a")
    if st.button("Start"):
        jobs.start("test", subject, "Counting *stars*", slow_work)
    job = jobs.current("test", subject)
    if job is None:
        st.info("Nothing under way")
        st.stop()
    jobs.watch(job)
    st.success(jobs.result_of(job))


def test_a_page_watches_its_job_and_another_subject_has_none():
    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    assert app.info[0].value == "Nothing under way"
    app.button[0].click().run()
    (bar,) = app.get("progress")
    assert bar.proto.text.startswith(r"Counting \*stars\*")
    job = app.session_state["test_job"]
    app.text_input[0].set_value("b").run()
    assert app.info[0].value == "Nothing under way"
    assert not job.is_over
    app.text_input[0].set_value("a").run()
    next(button for button in app.button if button.label == "Cancel").click().run()
    wait_for(lambda: job.is_over)
    app.run()
    assert "was cancelled" in app.info[0].value


def test_starting_anew_takes_the_place_of_what_ran():
    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    app.button[0].click().run()
    first = app.session_state["test_job"]
    app.button[0].click().run()
    second = app.session_state["test_job"]
    assert first is not second
    wait_for(lambda: first.is_over)
    assert first.state == "cancelled"
    second.cancel()
    wait_for(lambda: second.is_over)
