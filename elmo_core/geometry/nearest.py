"""Exact nearest neighbours by cosine, a block of rows at a time, so that it can report and be stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

_BLOCK_NUMBERS = 1 << 23


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest of n points, each without itself."""

    rows: np.ndarray
    """int32 (n, k), the nearest first."""
    cosines: np.ndarray
    """float32 (n, k)."""


def prepare(vectors: np.ndarray, *, centred: bool) -> np.ndarray:
    """Vectors (n, D) as a map compares them: from their mean, if wanted, and at length 1; float32."""
    values = vectors - vectors.mean(axis=0) if centred else vectors
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    scale = float(lengths.max(initial=0.0))
    units = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 1e-6 * scale)
    return np.ascontiguousarray(units, dtype=np.float32)


def nearest_neighbours(
    units: np.ndarray, k: int, report: Callable[[float], object] | None = None
) -> Neighbours:
    """Find the k nearest neighbours of each of n unit vectors among all of them.

    Args:
        units: float32 (n, D).
        k: fewer than n.
        report: told the share done.
    """
    n = len(units)
    values = torch.from_numpy(units)
    rows, cosines = np.empty((n, k), dtype=np.int32), np.empty((n, k), dtype=np.float32)
    step = max(16, _BLOCK_NUMBERS // n)
    with torch.inference_mode():
        for start in range(0, n, step):
            if report:
                report(start / n)
            products = values[start : start + step] @ values.T  # (b, n)
            own = torch.arange(len(products))
            products[own, own + start] = -torch.inf
            best = products.topk(k, dim=1)
            rows[start : start + step] = best.indices.numpy()
            cosines[start : start + step] = best.values.numpy()
    return Neighbours(rows, cosines)
