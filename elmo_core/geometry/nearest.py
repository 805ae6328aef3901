"""Exact nearest neighbours, by cosine of unit vectors or by Euclidean distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from elmo_core.progress import Report

_BLOCK_NUMBERS = 1 << 23


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest neighbours of n points, each point without itself."""

    rows: np.ndarray
    """int32 (n, k), the nearest first."""
    distances: np.ndarray
    """float32 (n, k), Euclidean."""

    @property
    def cosines(self) -> np.ndarray:
        """float32 (n, k): cosines with these neighbours, if all vectors have length 1."""
        return np.asarray(1 - np.square(self.distances) / 2)

    def first(self, k: int) -> Neighbours:
        """The k nearest of them."""
        return Neighbours(self.rows[:, :k].copy(), self.distances[:, :k].copy())

    def with_self(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Each point followed by its k nearest, and their distances: twice (n, k + 1)."""
        itself = np.arange(len(self.rows), dtype=np.int32)[:, None]
        rows = np.concatenate([itself, self.rows[:, :k]], axis=1)
        zeros = np.zeros((len(rows), 1), dtype=np.float32)
        return rows, np.concatenate([zeros, self.distances[:, :k]], axis=1)


def prepare(vectors: np.ndarray, *, centred: bool) -> np.ndarray:
    """Vectors (n, D) as a map compares them: centred on their mean if wanted, at length 1, float32."""
    values = vectors - vectors.mean(axis=0) if centred else vectors
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    scale = float(lengths.max(initial=0.0))
    units = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 1e-6 * scale)
    return np.ascontiguousarray(units, dtype=np.float32)


def nearest_neighbours(units: np.ndarray, k: int, report: Report | None = None) -> Neighbours:
    """Find the k nearest neighbours of each of n unit vectors by cosine, a block of rows at a time.

    Args:
        units: float32 (n, D).
        k: less than n.
        report: progress callback.
    """
    n = len(units)
    values = torch.from_numpy(units)
    rows, distances = np.empty((n, k), dtype=np.int32), np.empty((n, k), dtype=np.float32)
    step = max(16, _BLOCK_NUMBERS // n)
    with torch.inference_mode():
        for start in range(0, n, step):
            if report:
                report("finding neighbours", start / n)
            products = values[start : start + step] @ values.T  # (b, n)
            own = torch.arange(len(products))
            products[own, own + start] = -torch.inf
            best = products.topk(k, dim=1)
            rows[start : start + step] = best.indices.numpy()
            distances[start : start + step] = np.sqrt(np.maximum(2 - 2 * best.values.numpy(), 0))
    return Neighbours(rows, distances)


def euclidean_neighbours(points: np.ndarray, k: int) -> Neighbours:
    """Find the k nearest neighbours of each of n points (n, D), k less than n."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points)
    distances, rows = search.kneighbors()  # without the points themselves
    return Neighbours(rows.astype(np.int32), distances.astype(np.float32))
