"""A number with its 95% interval, and the interval that repeated splits of the same data allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

N_SAMPLES = 2000
"""Samples of a bootstrap."""
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval."""

    value: float
    low: float
    high: float

    def within(self, least: float, most: float) -> Estimate:
        """The interval cut to what the number can be."""
        return Estimate(self.value, max(self.low, least), min(self.high, most))


def over_splits(scores: Sequence[float], test_share: float) -> Estimate:
    """Mean of the scores of repeated random splits, with the corrected interval of Nadeau and Bengio (2003).

    Splits of the same rows share most of what they learn from, so their scores vary less than those of
    fresh data would; the variance of the mean is therefore taken as (1/k + test/train) times that of the
    scores, where the plain one takes 1/k.

    Args:
        scores: of k splits, or differences of two scores on the same splits.
        test_share: rows tested on, of all rows of a split.
    """
    values = np.asarray(scores, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, -math.inf, math.inf)
    from scipy.stats import t

    spread = math.sqrt((1 / len(values) + test_share / (1 - test_share)) * float(values.var(ddof=1)))
    half = float(t.ppf(0.975, len(values) - 1)) * spread
    return Estimate(mean, mean - half, mean + half)


def over_cases(values: np.ndarray) -> Estimate:
    """Mean of independent cases with its normal interval."""
    mean = float(values.mean())
    half = Z95 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return Estimate(mean, mean - half, mean + half)


def over_samples(value: float, sampled: np.ndarray) -> Estimate:
    """A number with the interval of its bootstrap samples (S,), widened to hold the number itself."""
    low, high = np.quantile(sampled, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value))
