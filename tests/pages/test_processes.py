"""Work in other processes: real ones, killed, cancelled, short of memory, with a model that stays here."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from elmo_core.exceptions import ModelNotFoundError
from elmo_core.progress import Report
from elmo_core.serving.shared import SharedElmo, load_shared
from pages.common import processes
from pages.common.job import Job
from tests.pages.driver import wait_until_over
from tests.pages.gestures import PATIENCE_S

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")


@pytest.fixture(scope="module")
def model() -> SharedElmo:
    return load_shared("tiny")  # type: ignore[return-value]


def doubled(model: SharedElmo, text: str, report: Report, note: Callable[[Any], None]) -> tuple[Any, ...]:
    """Return the model, what it says about the text, and the process it was in."""
    for part in range(3):
        report("adding", part / 3)
        note(part)
    return model, model.embed([text])[0].layers, os.getpid()


def endless(report: Report) -> None:
    while True:
        report("turning", 0.5)
        time.sleep(0.01)


def deaf() -> None:
    """Report nothing, and so never see that it is cancelled."""
    time.sleep(PATIENCE_S * 10)


def refuse() -> None:
    raise ModelNotFoundError("There is no such model.")


def break_down() -> None:
    raise KeyError("inner")


def take_all_memory() -> int:
    return int(np.ones(1 << 42, dtype=np.uint8).sum())


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_job(function: Callable[..., Any], *arguments: Any) -> Job:
    """Return the job that does it, on a thread of its own."""
    job = Job("key", "Working")
    threading.Thread(target=job.run, args=(lambda job: job.apart(function, *arguments),)).start()
    return job


def wait_for_progress(job: Job) -> None:
    end = time.monotonic() + PATIENCE_S
    while not job.doing:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_result_is_that_of_this_process_and_the_model_stays_what_it_is(model):
    jobs = [wait_until_over(in_a_job(doubled, model, "a b c")) for _ in range(2)]
    here, layers, process = doubled(model, "a b c", lambda *_: None, lambda _: None)
    for job in jobs:
        assert (job.state, job.error, job.parts) == ("done", "", [0, 1, 2])
        found, found_layers, elsewhere = job.result
        assert found is here  # its name has travelled, not its weights
        assert elsewhere != process
        np.testing.assert_array_equal(found_layers, layers)
    assert jobs[0].result[2] == jobs[1].result[2]  # a process serves again


def test_work_that_the_page_itself_waits_for_stays_here(model):
    job = Job("key", "Working")
    assert job.apart(doubled, model, "a")[2] == os.getpid()
    assert job.parts == [0, 1, 2]


@pytest.mark.parametrize("work", [endless, deaf])
def test_a_cancel_ends_the_work_whether_it_reports_or_not(work):
    job = in_a_job(work)
    if work is endless:
        wait_for_progress(job)
    else:
        while job.state == "waiting" or not processes._busy:
            time.sleep(0.01)
    (process,) = processes._busy
    job.cancel()
    assert wait_until_over(job).state == "cancelled"
    assert process.is_alive == (work is endless)  # one that listens is kept for the next work
    assert wait_until_over(in_a_job(doubled, load_shared("tiny"), "a")).state == "done"


@linux
def test_errors_are_sentences_and_take_nothing_with_them(caplog):
    jobs = [wait_until_over(in_a_job(work)) for work in (refuse, break_down, take_all_memory, be_killed)]
    assert [job.state for job in jobs] == ["failed"] * 4
    assert jobs[0].error == "There is no such model."
    assert jobs[1].error.startswith("Something unexpected went wrong")
    assert "inner" in caplog.text
    assert jobs[2].error == jobs[3].error
    assert "not enough memory" in jobs[2].error
    assert wait_until_over(in_a_job(doubled, load_shared("tiny"), "a")).state == "done"


@linux
def test_work_takes_the_cores_that_pages_leave_and_ends_with_the_server():
    job = in_a_job(endless)
    wait_for_progress(job)
    (process,) = processes._busy
    worker = process._process
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    worker.stdin.close()  # as if the server were gone
    worker.wait(PATIENCE_S)
    assert wait_until_over(job).state == "failed"
