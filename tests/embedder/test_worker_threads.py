"""Workers: settings of torch stay as they were, calls take turns, errors and stops get out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import torch

from elmo_core.embedder import load_elmo
from elmo_core.embedding.workers import side_by_side

DENORMAL = 1e-40


def cores_of_a_new_thread():
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.get_num_threads).result()


@pytest.mark.parametrize("n_threads", [1, 2])
def test_torch_is_left_as_it_was(n_threads):
    torch.set_num_threads(2)
    assert cores_of_a_new_thread() == 2
    load_elmo("tiny", threads=n_threads).embed([["a", "bank"]] * 200)
    assert torch.get_num_threads() == cores_of_a_new_thread() == 2
    assert float(torch.tensor([DENORMAL]) * 1.0) != 0
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_a_worker_computes_on_one_core_and_flushes_denormals():
    seen = []

    def task():
        seen.append((torch.get_num_threads(), float(torch.tensor([DENORMAL]) * 1.0)))
        seen.append(torch.is_inference_mode_enabled())
        yield 1

    assert list(side_by_side([task()], 1)) == [1]
    assert seen == [(1, 0.0), True]


def test_all_costs_arrive_and_no_more_tasks_run_than_asked_for():
    running, most = set(), []

    def task(number):
        for _ in range(5):
            running.add(number)
            most.append(len(running))
            yield number
            running.discard(number)

    costs = list(side_by_side((task(number) for number in range(6)), 2))
    assert sorted(costs) == sorted(5 * list(range(6)))
    assert max(most) <= 3  # a task counts as running until its next piece begins


def test_a_short_call_does_not_wait_for_a_long_one():
    gate, pieces = threading.Event(), []

    def endless():
        while not gate.is_set():
            pieces.append("long")
            yield 1

    def use_up():
        for _ in side_by_side([endless()], 1):
            pass

    caller = threading.Thread(target=use_up)
    caller.start()
    try:
        assert list(side_by_side([iter([7])], 1)) == [7]
    finally:
        gate.set()
        caller.join()
    assert pieces


def test_an_error_reaches_the_caller():
    def broken():
        yield 1
        raise ZeroDivisionError("in a worker")

    with pytest.raises(ZeroDivisionError, match="in a worker"):
        list(side_by_side([broken()], 2))
    assert list(side_by_side([iter([3])], 2)) == [3]


def test_work_stops_with_its_caller():
    done = []

    def task():
        while True:
            done.append(1)
            yield 1

    with closing(side_by_side([task(), task()], 2)) as costs:
        next(costs)
    stopped_at = len(done)
    threading.Event().wait(0.05)
    assert len(done) == stopped_at
