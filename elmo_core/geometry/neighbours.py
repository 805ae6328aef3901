"""The nearest uses of one use, layer by layer, with cosines that can be compared between layers.

Vectors of every layer lie in a narrow cone (Ethayarajh 2019), so a cosine of 0.9 may mean nothing. Beside
each stands the share of random pairs of uses that are less alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.geometry.clustering import unit_rows

N_PAIRS = 20_000


@dataclass(frozen=True)
class Neighbour:
    """A use that is near."""

    row: int
    cosine: float
    percentile: float
    """Share of random pairs of different uses whose cosine is lower; ties count half."""


@dataclass(frozen=True)
class NearestUses:
    """The nearest uses in one view."""

    view: str
    neighbours: tuple[Neighbour, ...]


def nearest_uses(
    views: np.ndarray, names: Sequence[str], row: int, *, n: int = 5, seed: int = 42
) -> tuple[NearestUses, ...]:
    """Find the nearest uses of one use in every view.

    Args:
        views: float32 (V, n_uses, D).
        names: names of the V views.
        row: the use.
        n: neighbours to name.
        seed: seed of the random pairs; all pairs are taken where there are at most `N_PAIRS`.
    """
    first, second = random_pairs(views.shape[1], seed)
    found = []
    for name, vectors in zip(names, views, strict=True):
        units = unit_rows(vectors)
        random_cosines = np.sort((units[first] * units[second]).sum(axis=1))
        cosines = units @ units[row]
        cosines[row] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[: min(n, len(units) - 1)]
        shares = percentiles(cosines[nearest], random_cosines)
        near = zip(nearest.tolist(), cosines[nearest].tolist(), shares.tolist(), strict=True)
        found.append(NearestUses(name, tuple(Neighbour(*values) for values in near)))
    return tuple(found)


def percentiles(cosines: np.ndarray, random_cosines: np.ndarray) -> np.ndarray:
    """Share of random pairs that are less alike, ties counted half.

    Args:
        cosines: (n,).
        random_cosines: (m,) of random pairs, ascending.

    Returns:
        float64 (n,); 0 where there are no pairs.
    """
    ranks = [np.searchsorted(random_cosines, cosines, side) for side in ("left", "right")]
    return np.asarray((ranks[0] + ranks[1]) / 2 / max(len(random_cosines), 1))


def random_pairs(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of different uses, all or a sample: twice int64 (m,)."""
    if n * (n - 1) // 2 <= N_PAIRS:
        return np.triu_indices(n, 1)
    generator = np.random.default_rng(seed)
    first = generator.integers(n, size=N_PAIRS)
    return first, (first + generator.integers(1, n, size=N_PAIRS)) % n
