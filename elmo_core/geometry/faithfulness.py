"""How far a map can be trusted, point by point: are neighbours on the map neighbours in the full space?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.progress import Report

N_NEIGHBOURS = 10
MOST_CHECKED = 1000
"""Points of a large map that are compared with all others."""
_BLOCK_NUMBERS = 1 << 21


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How well a map keeps the neighbours of m points among all n."""

    n_neighbours: int
    rows: np.ndarray
    """int64 (m,): the points compared."""
    shares: np.ndarray
    """float64 (m,): share of each point's neighbours on the map that are its neighbours in the full space."""
    true_neighbours: np.ndarray
    """int64 (m, n_neighbours): each point's neighbours in the full space, the nearest first."""
    trustworthiness: float
    """1 if no neighbour on the map is false; false ones count by how far away they truly are."""
    continuity: float
    """1 if no true neighbour is missing on the map; those missing count by how far away they were drawn."""


def faithfulness(
    vectors: np.ndarray,
    coordinates: np.ndarray,
    n_neighbours: int = N_NEIGHBOURS,
    *,
    most: int | None = None,
    seed: int = 42,
    report: Report | None = None,
) -> Faithfulness:
    """Compare the neighbours of points on a map with those in the full space (Venna and Kaski 2001).

    Args:
        vectors: (n, D), in which Euclidean distance means what the map shows (unit vectors: cosine).
        coordinates: (n, 2) or (n, 3).
        n_neighbours: fewer than half the points; less is taken where there are not enough of them.
        most: points that are compared with all others, a seeded sample where there are more; None = all.
        seed: seed of the sample.
        report: progress callback.

    Raises:
        InputError: there are fewer than 3 points.
    """
    n = len(vectors)
    if n < 3:
        raise InputError(f"Neighbours need at least 3 points; there are {n}.")
    k = min(n_neighbours, (n - 1) // 2)
    rows = np.arange(n)
    if most is not None and n > most:
        rows = np.sort(np.random.default_rng(seed).permutation(n)[:most])
    true, shown, excess, excess_shown = [], [], 0, 0
    spaces = _Space(vectors), _Space(coordinates)
    step = max(1, _BLOCK_NUMBERS // n)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        distances, distances_shown = (space.distances(part) for space in spaces)
        true.append(_nearest(distances, k))
        shown.append(_nearest(distances_shown, k))
        excess += _excess(distances, shown[-1], k)
        excess_shown += _excess(distances_shown, true[-1], k)
        if report:
            report("checking the map", sum(map(len, true)) / len(rows))
    nearest, near = np.concatenate(true), np.concatenate(shown)
    kept = np.array([np.isin(own, other).mean() for own, other in zip(near, nearest, strict=True)])
    scale = 2 / (len(rows) * k * (2 * n - 3 * k - 1))
    return Faithfulness(k, rows, kept, nearest, 1 - scale * excess, 1 - scale * excess_shown)


class _Space:
    """Points of one block, whose distances are computed together."""

    def __init__(self, points: np.ndarray) -> None:
        self._values = points.astype(np.float64)
        self._squares = np.square(self._values).sum(axis=1)

    def distances(self, rows: np.ndarray) -> np.ndarray:
        """Squared distances (m, n) from some points to all, each to itself infinite."""
        products = self._values[rows] @ self._values.T
        distances = self._squares[rows, None] + self._squares - 2 * products
        distances[np.arange(len(rows)), rows] = np.inf
        return np.asarray(distances)


def _nearest(distances: np.ndarray, k: int) -> np.ndarray:
    """The k nearest points of each, ties in the order of their numbers: int64 (m, k)."""
    near = np.argpartition(distances, k - 1, axis=1)[:, :k]
    near.sort(axis=1)
    order = np.take_along_axis(distances, near, axis=1).argsort(axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1)


def _excess(distances: np.ndarray, neighbours: np.ndarray, k: int) -> int:
    """Sum over all named neighbours of how far beyond rank k they are, by distances (m, n)."""
    total = 0
    for named in neighbours.T:
        ranks = (distances < np.take_along_axis(distances, named[:, None], axis=1)).sum(axis=1) + 1
        total += int(np.maximum(ranks - k, 0).sum())
    return total
