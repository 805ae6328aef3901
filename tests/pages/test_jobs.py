"""Long work: a real queue and real threads, pages that watch them, visitors who come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import ClassVar

import pytest
from streamlit.testing.v1 import AppTest

from elmo_core.exceptions import InputError
from pages.common import jobs, visitors
from pages.common.job import Cancelled, Job
from pages.common.job_queue import N_WORKERS, FairQueue
from pages.common.visitors import IN_ADDRESS, Visitor
from tests.pages.driver import job_of, wait_until_over
from tests.pages.gestures import PATIENCE_S

may_end = threading.Event()


def slow_work(job: Job) -> str:
    """Work that ends by a cancel, or once `may_end` is set."""
    while not may_end.is_set():
        job.report("counting", 0.5)
        time.sleep(0.01)
    return f"counted {job.key}"


@pytest.fixture(autouse=True)
def unhurried():
    may_end.clear()
    yield
    may_end.set()


def started(work: Callable[[Job], object], owner: str = "ann") -> Job:
    job = Job("text", "Counting")
    jobs._queue.add(owner, job, lambda: job.run(work))
    return job


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_tells_how_far_it_is_and_gives_its_result():
    job = started(lambda job: [job.report("adding", share / 4) for share in range(4)] and "sum")
    wait_until_over(job)
    assert (job.state, job.result, job.share, job.doing) == ("done", "sum", 1.0, "adding")


def test_a_cancel_ends_a_job_at_its_next_report_even_in_code_that_catches_errors():
    def stubborn(job: Job) -> None:
        while True:
            try:
                job.report("", 0.5)
            except Exception:
                time.sleep(0.01)

    running = [started(slow_work), started(stubborn)]
    wait_for(lambda: all(job.share > 0 for job in running))
    assert all(job.left_s is None or job.left_s >= 0 for job in running)
    for job in running:
        job.cancel()
        assert (wait_until_over(job).state, job.result) == ("cancelled", None)


def test_errors_become_sentences(caplog):
    def refuse(_: Job) -> None:
        raise InputError("Line 3 of a.csv is empty.")

    def break_down(_: Job) -> None:
        raise KeyError("inner")

    refused, broken = wait_until_over(started(refuse)), wait_until_over(started(break_down))
    assert (refused.state, refused.error) == ("failed", "Line 3 of a.csv is empty.")
    assert broken.error.startswith("Something unexpected went wrong")
    assert "inner" not in broken.error
    assert "inner" in caplog.text


def test_one_who_queues_five_jobs_does_not_hold_up_one_who_queues_a_single_job():
    queue, may_go, order = FairQueue[str](2), threading.Semaphore(0), []

    def work(name: str) -> Callable[[], None]:
        def run() -> None:
            order.append(name)
            may_go.acquire(timeout=PATIENCE_S)

        return run

    for number in range(5):
        queue.add("ann", f"ann {number}", work(f"ann {number}"))
    wait_for(lambda: len(order) == 2)
    queue.add("bob", "bob", work("bob"))
    assert [queue.n_before(job) for job in ("bob", "ann 2", "ann 4")] == [2, 3, 5]
    may_go.release()
    wait_for(lambda: len(order) == 3)
    assert order[2] == "bob"  # before the three of Ann that were there first
    may_go.release(2)  # one of Ann's and Bob's, in either order
    wait_for(lambda: len(order) == 5)
    queue.discard("ann 4")
    may_go.release(5)
    time.sleep(0.05)
    assert sorted(order) == ["ann 0", "ann 1", "ann 2", "ann 3", "bob"]


def page() -> None:
    import streamlit as st

    from pages.common import jobs
    from pages.common.results import results_about
    from tests.pages.test_jobs import slow_work

    key = st.text_input("Key", "a", key="key")
    shared = st.toggle("Shared", key="shared")
    seconds = st.number_input("Seconds", value=5.0, key="seconds")
    can_repeat = st.toggle("Again", key="can_repeat")
    by_button = st.toggle("By a button", key="by_button")
    button = jobs.StartButton("Count", can_repeat=can_repeat) if by_button else None
    result = jobs.run_or_offer(
        "test",
        key,
        "Counting *stars*",
        slow_work,
        seconds=seconds,
        results=results_about(is_sample=shared),
        button=button,
        meanwhile=lambda job: st.caption(f"meanwhile {job and job.state}"),
    )
    st.success(result)


def opened(**state: object) -> AppTest:
    app = AppTest.from_function(page, default_timeout=PATIENCE_S)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def done(app: AppTest) -> AppTest:
    may_end.set()
    wait_until_over(job_of(app, "test"))
    return app.run()


def test_work_of_a_moment_is_done_at_once():
    may_end.set()
    assert opened(seconds=1.0).success[0].value == "counted a"


def test_longer_work_starts_by_itself_and_the_page_watches_it():
    app = opened(key="watched")
    (bar,) = app.get("progress")
    assert bar.proto.text.startswith(r"Counting \*stars\*")
    assert labels(app) == ["Cancel"]
    assert "meanwhile" in app.caption[0].value
    assert done(app).success[0].value == "counted watched"
    assert app.run().success[0].value == "counted watched"


def test_long_work_waits_for_a_click_beside_its_cost():
    app = opened(key="long", seconds=600.0)
    assert labels(app) == ["Start"]
    assert "about 10 min" in app.caption[0].value
    app = app.button[0].click().run()
    assert job_of(app, "test").state in ("waiting", "running")
    assert done(app).success[0].value == "counted long"


def test_a_cancel_says_so_and_the_work_can_start_again():
    app = opened(key="cancelled")
    job = job_of(app, "test")
    app = app.button(key="test_cancel").click().run()
    assert wait_until_over(job).state == "cancelled"
    app = app.run()
    assert "was cancelled" in app.info[0].value
    assert labels(app) == ["Start again"]
    app = app.button(key="test_again").click().run()
    assert job_of(app, "test") is not job
    assert done(app).success[0].value == "counted cancelled"


def test_other_work_takes_the_place_of_what_ran():
    app = opened(key="first")
    first = job_of(app, "test")
    app = app.text_input(key="key").set_value("second").run()
    assert wait_until_over(first).state == "cancelled"
    assert done(app).success[0].value == "counted second"


def test_a_button_starts_the_work_and_rests_while_it_is_done():
    app = opened(key="button", by_button=True, seconds=0.1)
    assert labels(app) == ["Count"]
    app = app.button(key="test_start").click().run()
    assert app.run().button(key="test_start").disabled
    assert done(app).success[0].value == "counted button"


def test_a_cancel_of_a_second_run_keeps_the_result_of_the_first():
    app = opened(key="again", by_button=True, can_repeat=True)
    app = done(app.button(key="test_start").click().run())
    assert app.success[0].value == "counted again"
    may_end.clear()
    app = app.button(key="test_start").click().run()
    assert not app.success
    job = job_of(app, "test")
    app = app.button(key="test_cancel").click().run()
    wait_until_over(job)
    app = app.run()
    assert "was cancelled" in app.info[0].value
    assert app.success[0].value == "counted again"


def test_a_reload_finds_the_running_job_and_its_result_and_a_stranger_does_not():
    app = opened(key="mine")
    address = app.query_params[IN_ADDRESS]
    reloaded = AppTest.from_function(page, default_timeout=PATIENCE_S)
    reloaded.query_params[IN_ADDRESS] = address
    reloaded.session_state["key"] = "mine"
    reloaded.run()
    assert job_of(reloaded, "test") is job_of(app, "test")
    stranger = opened(key="mine")
    assert job_of(stranger, "test") is not job_of(app, "test")
    assert done(reloaded).success[0].value == "counted mine"
    again = AppTest.from_function(page, default_timeout=PATIENCE_S)
    again.query_params[IN_ADDRESS] = address
    again.session_state["key"] = "mine"
    assert again.run().success[0].value == "counted mine"


def test_an_unknown_key_in_the_address_names_nobody():
    app = AppTest.from_function(page, default_timeout=PATIENCE_S)
    app.query_params[IN_ADDRESS] = "guessed"
    app.run()
    assert app.query_params[IN_ADDRESS] not in ("guessed", ["guessed"])
    job_of(app, "test").cancel()


def test_work_about_a_sample_runs_once_and_goes_on_until_the_last_one_cancels():
    ann, bob = opened(key="sample", shared=True), opened(key="sample", shared=True)
    job = job_of(ann, "test")
    assert job_of(bob, "test") is job
    ann = ann.button(key="test_cancel").click().run()
    assert "was cancelled" in ann.run().info[0].value
    assert not job.is_over
    assert done(bob).success[0].value == "counted sample"
    assert ann.run().success[0].value == "counted sample"


def test_a_visitor_who_stays_away_is_forgotten(monkeypatch: pytest.MonkeyPatch):
    class Server:
        active: ClassVar[set[str]] = set()

        def is_active_session(self, session: str) -> bool:
            return session in self.active

    monkeypatch.setattr(visitors.runtime, "exists", lambda: True)
    monkeypatch.setattr(visitors.runtime, "get_instance", Server)
    visitor = Visitor()
    visitor.enter("session")
    job = Job("text", "Counting", {visitor})
    Server.active = {"session"}
    job.report("", 0.1)
    Server.active = set()
    job.report("", 0.2)  # a reload takes a moment
    monkeypatch.setattr(visitors, "GRACE_S", 0.0)
    assert not visitor.is_here
    with pytest.raises(Cancelled):
        job.report("", 0.3)


def test_there_are_as_many_workers_as_the_queue_says():
    running = [started(slow_work, f"owner {number}") for number in range(N_WORKERS)]
    waiting = started(lambda job: "never", "late")
    wait_for(lambda: all(job.state == "running" for job in running))
    assert (waiting.state, jobs._queue.n_before(waiting)) == ("waiting", N_WORKERS)
    waiting.cancel()
    may_end.set()
    assert [wait_until_over(job).state for job in (*running, waiting)] == ["done", "done", "cancelled"]
    assert waiting.result is None
