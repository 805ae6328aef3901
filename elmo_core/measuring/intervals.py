"""A number with its 95% interval: over cases, resamples of cases, or repeated splits of the same data."""

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
        """The interval cut to the range that the number can have."""
        return Estimate(self.value, max(self.low, least), min(self.high, most))


def over_splits(scores: Sequence[float], test_share: float) -> Estimate:
    """Mean of the scores of repeated random splits, with the corrected interval of Nadeau and Bengio (2003).

    Splits of the same rows share most of what they learn from, so their scores vary less than those of
    fresh data would; the variance of the mean is therefore taken as (1/k + test/train) times that of the
    scores, where the plain one takes 1/k.

    Args:
        scores: scores of k splits, or differences of two scores on the same splits.
        test_share: share of the rows of a split that are tested on.
    """
    values = np.asarray(scores, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, -math.inf, math.inf)
    from scipy.stats import t

    spread = math.sqrt((1 / len(values) + test_share / (1 - test_share)) * float(values.var(ddof=1)))
    half = float(t.ppf(0.975, len(values) - 1)) * spread
    return Estimate(mean, mean - half, mean + half)


def wilson(share: float, n: int) -> Estimate:
    """A share of n cases with the interval of Wilson (1927)."""
    z2 = Z95**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n)) / (1 + z2)
    return Estimate(share, middle - half, middle + half).within(0.0, 1.0)


def over_cases(values: np.ndarray) -> Estimate:
    """Mean of independent cases with its normal interval."""
    mean = float(values.mean())
    half = Z95 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return Estimate(mean, mean - half, mean + half)


def over_samples(value: float, sampled: np.ndarray) -> Estimate:
    """A number with the interval of its bootstrap samples (S,), widened to hold the number itself."""
    low, high = np.quantile(sampled, (0.025, 0.975))
    return Estimate(value, min(float(low), value), max(float(high), value))
