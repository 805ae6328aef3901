"""The map of a text: all its layers in one frame, with what each map keeps of its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.faithfulness import MOST_CHECKED, Faithfulness, faithfulness
from elmo_core.geometry.nearest import Neighbours, nearest_neighbours, prepare
from elmo_core.geometry.projection import (
    MIN_POINTS,
    MIN_UMAP_POINTS,
    MOST_TSNE,
    MapSettings,
    lay_out,
    main_axes,
)
from elmo_core.maps.points import MapPoints
from elmo_core.progress import Report, part_of

N_NEIGHBOURS = 15
"""Neighbours of each point in the full space that are kept; movers are found by them."""


@dataclass(frozen=True, eq=False)
class TextMap:
    """Positions of n points in V views."""

    settings: MapSettings
    """Settings as drawn: PCA if there are too few points for the method asked for."""
    views: tuple[str, ...]
    coordinates: np.ndarray
    """float32 (V, n, 2 or 3)."""
    neighbours: tuple[Neighbours, ...]
    """Neighbours in each view, in the full space."""
    faithful: tuple[Faithfulness, ...]
    """Share of neighbours that the map of each view keeps."""
    residuals: tuple[float | None, ...]
    """Procrustes residual of each view against the one before, 0 to 1; None for the first, and for PCA."""
    mean_cosines: tuple[float, ...]
    """Mean cosine of all pairs of plain vectors, not centred: far from 0, plain cosines say little."""

    def at(self, view: str) -> int:
        """Index of a view."""
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
        views: views to project, in this order; None = all.
        report: progress callback.

    Raises:
        InputError: there are fewer than `MIN_POINTS` points, or more than `MOST_TSNE` for t-SNE.
    """
    chosen, n = tuple(views or points.views), len(points)
    asked = settings or MapSettings()
    if n < MIN_POINTS:
        raise InputError(f"A map needs at least {MIN_POINTS} points; there are {n}.")
    if asked.method == "tsne" and n > MOST_TSNE:
        raise InputError(
            f"t-SNE takes minutes for more than {MOST_TSNE:,} points; there are {n:,}. Take UMAP, or fewer."
        )
    drawn = replace(asked, method="pca") if n < MIN_UMAP_POINTS else asked

    def stage(at: int, doing: str, start: float, end: float) -> Report | None:
        text = f"{chosen[at]}, {doing}"
        return part_of(report, (at + start) / len(chosen), (at + end) / len(chosen), text)

    units = [prepare(points.view(name), centred=drawn.centred) for name in chosen]
    axes = main_axes(np.concatenate(units), drawn.n_dims)
    coordinates: list[np.ndarray] = []
    neighbours, faithful, residuals = [], [], list[float | None]()
    for at, own in enumerate(units):
        k = min(max(N_NEIGHBOURS, drawn.n_wanted), n - 1)
        found = nearest_neighbours(own, k, stage(at, "finding neighbours", 0.0, 0.35))
        placed, residual = (own - own.mean(axis=0)) @ axes, None
        if drawn.method != "pca":
            start = coordinates[-1] if coordinates else placed
            told = stage(at, "laying out", 0.35, 0.85)
            placed, residual = lay_out(own, found, start, drawn, refines=bool(coordinates), report=told)
        coordinates.append(np.asarray(placed, dtype=np.float32))
        residuals.append(residual if at else None)
        checked = stage(at, "checking the map", 0.85, 1.0)
        faithful.append(
            faithfulness(own, coordinates[-1], most=MOST_CHECKED, seed=drawn.seed, report=checked)
        )
        neighbours.append(found.first(min(N_NEIGHBOURS, n - 1)))
    return TextMap(
        drawn, chosen, np.stack(coordinates), tuple(neighbours), tuple(faithful), tuple(residuals),
        tuple(_mean_cosine(points.view(name)) for name in chosen),
    )  # fmt: skip


def _mean_cosine(vectors: np.ndarray) -> float:
    units = prepare(vectors, centred=False).astype(np.float64)
    n = len(units)
    return float((np.square(units.sum(axis=0)).sum() - np.square(units).sum()) / (n * (n - 1)))
