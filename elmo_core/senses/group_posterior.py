"""The probability that a use belongs to each group: a softmax over cosines with the groups' centroids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.geometry.clustering import centroids_of, unit_rows

TEMPERATURES = tuple(float(value) for value in np.geomspace(0.02, 1.0, 18))


@dataclass(frozen=True, eq=False)
class GroupPosterior:
    """The centroids of groups, and how sharply cosines tell them apart."""

    centroids: np.ndarray
    """float32 (k, D), unit vectors."""
    temperature: float
    """Fitted on the grouped uses, each left out of its own centroid."""

    @classmethod
    def fit(cls, units: np.ndarray, labels: Sequence[int]) -> GroupPosterior:
        """Fit to n grouped uses.

        Args:
            units: float32 (n, D).
            labels: n groups, numbered from 0; uses of none (-1) are left out.
        """
        groups = np.asarray(labels)
        kept, codes = units[groups >= 0], groups[groups >= 0]
        cosines = _left_out_cosines(kept, codes)
        losses = [-_log_softmax(cosines / t)[range(len(codes)), codes].mean() for t in TEMPERATURES]
        return cls(centroids_of(kept, codes), TEMPERATURES[int(np.argmin(losses))])

    def of(self, units: np.ndarray) -> np.ndarray:
        """Probability of each group for m uses (m, D): float64 (m, k)."""
        return np.asarray(np.exp(_log_softmax(self.cosines(units) / self.temperature)))

    def cosines(self, units: np.ndarray) -> np.ndarray:
        """Cosine of m uses (m, D) with each centroid: float64 (m, k)."""
        return np.asarray(units @ self.centroids.T, dtype=np.float64)


def _left_out_cosines(units: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Cosine of each use with each centroid, itself left out of its own: (n, k)."""
    member = np.eye(codes.max() + 1)[codes]
    sums = member.T @ units  # (k, D)
    cosines = units @ unit_rows(sums).T
    own = unit_rows(sums[codes] - units)
    cosines[range(len(codes)), codes] = (units * own).sum(axis=1)
    return np.asarray(cosines, dtype=np.float64)


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
