"""The load program: sessions read and train at the same time, and what fails is counted."""

from __future__ import annotations

from bench.load import Measured, measure, report


def test_sessions_use_the_app_at_the_same_time(server: str):
    seen = measure(server, n_sessions=2, n_jobs=1, minutes=0.05, think_s=0.2)
    assert not seen.errors
    assert sum(map(len, seen.seconds.values())) >= 2


def test_errors_are_counted_by_kind():
    seen = Measured(errors=["a", "b", "a"])
    seen.seconds["maps"] += [1.0, 3.0]
    assert "| maps | 2 | 2.00 | 2.90 |" in report(seen)
    assert "2 x a\n1 x b" in report(seen)


def test_a_server_that_is_not_there_is_an_error_and_no_end():
    seen = measure("http://127.0.0.1:9", n_sessions=1, n_jobs=0, minutes=0.01, think_s=0.1)
    assert len(seen.errors) == 1
