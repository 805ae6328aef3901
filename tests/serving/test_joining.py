"""Requests that arrive while the function runs are computed together, each with its own results."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from elmo_core.serving.joining import Joined


class Slow:
    """Doubles numbers; the first call waits until it is let go."""

    def __init__(self):
        self.calls, self.started, self.go = [], threading.Event(), threading.Event()

    def __call__(self, items):
        self.calls.append(list(items))
        self.started.set()
        assert self.go.wait(10)
        if -1 in items:
            raise ValueError("a negative number")
        return [2 * item for item in items]


def run_beside(slow, joined, requests):
    """The first request starts, the others arrive while it runs; their futures."""
    with ThreadPoolExecutor(len(requests) + 1) as pool:
        futures = [pool.submit(joined, requests[0])]
        assert slow.started.wait(10)
        for number, request in enumerate(requests[1:], start=1):
            futures.append(pool.submit(joined, request))
            while len(joined._waiting) < number:
                pass
        slow.go.set()
    return futures


def test_those_who_wait_share_one_call():
    slow = Slow()
    joined = Joined(slow, most_items=10)
    futures = run_beside(slow, joined, [[1], [2, 3], [4]])
    assert [future.result() for future in futures] == [[2], [4, 6], [8]]
    assert slow.calls == [[1], [2, 3, 4]] and joined.n_calls == 2


def test_a_call_has_a_bound_that_one_request_may_pass():
    slow = Slow()
    futures = run_beside(slow, Joined(slow, most_items=3), [[1], [2, 3], [4, 5], [6] * 5])
    assert [future.result() for future in futures] == [[2], [4, 6], [8, 10], [12] * 5]
    assert slow.calls == [[1], [2, 3], [4, 5], [6] * 5]


def test_an_error_reaches_those_who_were_in_the_call_and_nobody_else():
    slow = Slow()
    joined = Joined(slow, most_items=2)
    futures = run_beside(slow, joined, [[1], [-1], [2], [3, 4]])
    for future in futures[1:3]:
        with pytest.raises(ValueError, match="negative"):
            future.result()
    assert futures[0].result() == [2] and futures[3].result() == [6, 8]
    assert joined([5]) == [10]
