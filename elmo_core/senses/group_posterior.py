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
    """float32 (k, D), unit vectors; zeros for a group without uses."""
    temperature: float
    """Fitted on the grouped uses, each left out of its own centroid."""

    @classmethod
    def fit(cls, units: np.ndarray, labels: Sequence[int], n_groups: int | None = None) -> GroupPosterior:
        """Fit to n grouped uses.

        Args:
            units: float32 (n, D).
            labels: n groups, numbered from 0; uses of none (-1) are left out.
            n_groups: k; None = up to the last one with a use.
        """
        groups = np.asarray(labels)
        kept, (present, codes) = units[groups >= 0], np.unique(groups[groups >= 0], return_inverse=True)
        cosines = _left_out_cosines(kept, codes)
        losses = [-_log_softmax(cosines / t)[range(len(codes)), codes].mean() for t in TEMPERATURES]
        centroids = np.zeros((n_groups or int(present[-1]) + 1, units.shape[1]), dtype=units.dtype)
        centroids[present] = centroids_of(kept, codes)
        return cls(centroids, TEMPERATURES[int(np.argmin(losses))])

    def of(self, units: np.ndarray) -> np.ndarray:
        """Probability of each group for m uses (m, D), 0 for one without uses: float64 (m, k)."""
        scores = np.where(self.centroids.any(axis=1), self.cosines(units) / self.temperature, -np.inf)
        return np.asarray(np.exp(_log_softmax(scores)))

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
