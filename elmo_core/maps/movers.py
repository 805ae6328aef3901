"""The points whose neighbours change most from one layer to another, found in the full space.

A map bends distances, so a long way on it may mean nothing. What counts here is how many of a point's
nearest neighbours stay; neighbours that are as near as the last of them count as kept, because a tie (all
uses of a word in layer 0) has no order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elmo_core.geometry.nearest import Neighbours, prepare
from elmo_core.maps.points import MapPoints
from elmo_core.maps.text_map import TextMap

_TIE = 1e-5
_POINTS_AT_ONCE = 2048


@dataclass(frozen=True, eq=False)
class Movers:
    """The share of each point's neighbours that it keeps from one view to another."""

    first: str
    second: str
    n_neighbours: int
    kept: np.ndarray
    """float32 (n,): share of neighbours that stay, from 0 to 1, both ways averaged."""
    chance: float
    """Share that random neighbours would give."""
    nearness: np.ndarray
    """float32 (n,): how near the neighbours found in the other view are, less the last neighbour in this
    one, as a cosine, both ways averaged. It orders points that keep equally many neighbours."""

    def biggest(self, n: int) -> np.ndarray:
        """Rows of the n points that keep the fewest neighbours, of equals those that move farthest, int64."""
        return np.lexsort((self.nearness, self.kept))[:n]


def find_movers(points: MapPoints, found: TextMap, first: str, second: str) -> Movers:
    """Compare the neighbours of all points in two views.

    Args:
        points: the points.
        found: their map, which knows their neighbours.
        first: a view of it.
        second: another one.
    """
    units = [prepare(points.view(name), centred=found.settings.centred) for name in (first, second)]
    near = [found.neighbours[found.at(name)] for name in (first, second)]
    ways = (_kept(units[0], near[0], near[1]), _kept(units[1], near[1], near[0]))
    kept, nearness = (ways[0] + ways[1]) / 2
    k = near[0].rows.shape[1]
    return Movers(first, second, k, kept, k / (len(points) - 1), nearness)


def _kept(units: np.ndarray, own: Neighbours, others: Neighbours) -> np.ndarray:
    """Neighbours found elsewhere against the last neighbour here: (2, n).

    Returns:
        The share that are as near as it, and how much nearer they are on average.
    """
    found = np.empty((2, len(units)), dtype=np.float32)
    for start in range(0, len(units), _POINTS_AT_ONCE):
        part = slice(start, start + _POINTS_AT_ONCE)
        cosines = np.einsum("nkd,nd->nk", units[others.rows[part]], units[part])
        nearer = cosines - own.cosines[part, -1:]
        found[:, part] = (nearer >= -_TIE).mean(axis=1), nearer.mean(axis=1)
    return found
