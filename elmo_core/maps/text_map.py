"""All layers of a text in one frame: each starts where the one before lies and is turned onto it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.faithfulness import MOST_CHECKED, Faithfulness, faithfulness
from elmo_core.geometry.map_methods import (
    MIN_NEIGHBOURS_POINTS,
    MOST_TSNE,
    MapSettings,
    main_axes,
    project_neighbours,
)
from elmo_core.geometry.nearest import Neighbours, nearest_neighbours, prepare
from elmo_core.maps.points import MapPoints
from elmo_core.progress import Report

N_NEIGHBOURS = 15
"""Of each point that are kept, in the full space: what movers are found by."""


@dataclass(frozen=True, eq=False)
class TextMap:
    """Where n points lie in V views."""

    settings: MapSettings
    """As drawn: PCA where there are too few points for the method asked for."""
    views: tuple[str, ...]
    coordinates: np.ndarray
    """float32 (V, n, 2 or 3)."""
    neighbours: tuple[Neighbours, ...]
    """Of each view, in the full space."""
    faithful: tuple[Faithfulness, ...]
    """What the map of each view keeps of its neighbours."""
    residuals: tuple[float | None, ...]
    """What a turn onto the view before leaves over (Procrustes), 0 to 1; None for the first, and for PCA."""
    mean_cosines: tuple[float, ...]
    """Mean cosine of all pairs of plain vectors, not centred: far from 0, plain cosines say little."""

    def at(self, view: str) -> int:
        """Position of a view."""
        return self.views.index(view)


def map_points(
    points: MapPoints,
    settings: MapSettings | None = None,
    *,
    views: Sequence[str] | None = None,
    report: Report | None = None,
) -> TextMap:
    """Project the views of some points into one frame.

    PCA has the same axes for all views. UMAP and t-SNE lay out the first view from its PCA, and every
    other one from the positions of the one before, onto which it is then turned (Procrustes).

    Args:
        points: n points.
        settings: method and parameters; None = UMAP with its own.
        views: those to project, in this order; None = all.
        report: told what is being done and the share done.

    Raises:
        InputError: there are fewer than three points, or more than `MOST_TSNE` for t-SNE.
    """
    chosen, n = tuple(views or points.views), len(points)
    asked = settings or MapSettings()
    if n < 3:
        raise InputError(f"A map needs at least 3 points; there are {n}.")
    if asked.method == "tsne" and n > MOST_TSNE:
        raise InputError(
            f"t-SNE takes minutes for more than {MOST_TSNE:,} points; there are {n:,}. Take UMAP, or fewer."
        )
    drawn = replace(asked, method="pca") if n < MIN_NEIGHBOURS_POINTS else asked
    work = _Work(chosen, report)
    units = [prepare(points.view(name), centred=drawn.centred) for name in chosen]
    axes = main_axes(np.concatenate(units), drawn.n_dims)
    coordinates: list[np.ndarray] = []
    neighbours, faithful, residuals = [], [], list[float | None]()
    for at, own in enumerate(units):
        k = min(max(N_NEIGHBOURS, drawn.n_wanted), n - 1)
        found = nearest_neighbours(own, k, work.stage(at, "finding neighbours", 0.0, 0.35))
        placed, residual = (own - own.mean(axis=0)) @ axes, None
        if drawn.method != "pca":
            start = coordinates[-1] if coordinates else placed
            told = work.stage(at, "laying out", 0.35, 0.85)
            placed = project_neighbours(own, found, start, drawn, told)
            if coordinates:
                placed, residual = turned_onto(placed, coordinates[-1])
        coordinates.append(np.asarray(placed, dtype=np.float32))
        residuals.append(residual)
        checked = work.stage(at, "checking the map", 0.85, 1.0)
        faithful.append(
            faithfulness(own, coordinates[-1], most=MOST_CHECKED, seed=drawn.seed, report=checked)
        )
        few = min(N_NEIGHBOURS, n - 1)
        neighbours.append(Neighbours(found.rows[:, :few].copy(), found.cosines[:, :few].copy()))
    return TextMap(
        drawn, chosen, np.stack(coordinates), tuple(neighbours), tuple(faithful), tuple(residuals),
        tuple(_mean_cosine(points.view(name)) for name in chosen),
    )  # fmt: skip


def turned_onto(placed: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, float]:
    """Move, turn, mirror and scale positions (n, d) so that they lie as near as they can to others.

    Returns:
        The positions, and the share of their sum of squares that stays away (orthogonal Procrustes analysis).
    """
    middle = frame.mean(axis=0)
    target, values = (frame - middle).astype(np.float64), (placed - placed.mean(axis=0)).astype(np.float64)
    left, singular, right = np.linalg.svd(values.T @ target)
    size, wanted = float(np.square(values).sum()), float(np.square(target).sum())
    if size == 0 or wanted == 0:
        return np.asarray(placed), 0.0
    scale = np.sqrt(wanted / size)  # keeps the size of the map, whatever the fit
    residual = 1 - float(singular.sum()) ** 2 / (size * wanted)
    return np.asarray(scale * values @ (left @ right) + middle), max(residual, 0.0)


class _Work:
    """Shares of the whole, view by view."""

    def __init__(self, views: Sequence[str], report: Report | None) -> None:
        self._views, self._report = views, report

    def stage(self, at: int, doing: str, first: float, last: float) -> _Stage:
        """One stage of a view."""
        n = len(self._views)
        text = f"{self._views[at]}, {doing}"
        return _Stage(self._report, text, (at + first) / n, (at + last) / n)


@dataclass(frozen=True)
class _Stage:
    """A part of the work that tells its own share."""

    report: Report | None
    doing: str
    first: float
    last: float

    def __call__(self, share: float) -> None:
        if self.report:
            self.report(self.doing, self.first + share * (self.last - self.first))


def _mean_cosine(vectors: np.ndarray) -> float:
    units = prepare(vectors, centred=False).astype(np.float64)
    n = len(units)
    return float((np.square(units.sum(axis=0)).sum() - np.square(units).sum()) / (n * (n - 1)))
