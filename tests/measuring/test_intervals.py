"""Intervals against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from elmo_core.measuring.intervals import Estimate, over_cases, over_splits, wilson


def test_splits_that_share_rows_get_a_wider_interval_than_fresh_data():
    scores = [0.7, 0.8, 0.75, 0.82, 0.71]
    found = over_splits(scores, 0.3)
    plain = stats.sem(scores) * stats.t.ppf(0.975, 4)
    widening = np.sqrt((1 / 5 + 0.3 / 0.7) / (1 / 5))
    assert found.value == pytest.approx(np.mean(scores))
    assert found.high - found.value == pytest.approx(plain * widening)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_one_split_says_nothing_of_its_spread():
    found = over_splits([0.7], 0.3)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert found.within(0, 1) == Estimate(0.7, 0, 1)


def test_cases_have_the_normal_interval():
    values = np.random.default_rng(0).random(200)
    low, high = stats.norm.interval(0.95, values.mean(), stats.sem(values))
    found = over_cases(values)
    assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [(0.5, 10, 0.2366, 0.7634), (0.9, 50, 0.7864, 0.9565), (1.0, 20, 0.8389, 1.0), (0.0, 20, 0.0, 0.1611)],
)
def test_wilson_intervals(share: float, n: int, low: float, high: float):
    found = wilson(share, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
