"""The bounds of the rule for sense groups: how clear a cut must be to count as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

GAIN_BY_CLOSENESS = 0.1
"""How much the least gain rises as two groups get closer, and falls as they get farther apart."""
LEAST_GAIN, MIN_SDS = 0.02, 2
"""Lower bound of the least gain, and the standard deviations of the null that a gain must exceed."""
MIN_STABILITY = 0.75
"""Least share of resamples of the uses in which the same groups are found."""
MAX_CLOSENESS = 0.1
"""Largest cosine of the two centroids that lie closest."""
MIN_SHARE = 0.03
"""Least share of the uses in a group; three uses are also asked for."""


@dataclass(frozen=True)
class Bounds:
    """The least gain of a cut over its null, by the number of uses.

    The more uses there are, the more surely any difference between them shows, of topic as well as of sense.
    So no bound is known for more uses than the calibration had, and a sample of at most so many is judged.
    """

    by_uses: tuple[tuple[int, float], ...]
    """Numbers of uses, rising, and the least gain at each for groups as close as two random places."""
    is_calibrated: bool = True
    """Whether they were set for the model that is judged. Only then are groups claimed without a null."""

    @classmethod
    def of(cls, sizes: Sequence[int], gains: Sequence[float]) -> Bounds:
        """Bounds that were set at some numbers of uses."""
        return cls(tuple(sorted(zip(sizes, gains, strict=True))))

    @property
    def most_uses(self) -> int | None:
        """Most uses that can be judged; None = any number, without a known rate of false claims."""
        return self.by_uses[-1][0] if self.is_calibrated else None

    def least_gain(self, n: int, closeness: float) -> float:
        """Return the least gain of groups among n uses.

        Between two numbers of uses it is interpolated over their logarithm; outside of them it is that of
        the nearest one.

        Args:
            n: uses.
            closeness: cosine of the two centroids that lie closest.
        """
        sizes, gains = zip(*self.by_uses, strict=True)
        return float(np.interp(np.log(n), np.log(sizes), gains)) + GAIN_BY_CLOSENESS * closeness


UNCALIBRATED = Bounds(((1, 0.07),), is_calibrated=False)
"""Bounds for a model without a calibration, set by hand on early weights of english-small."""
