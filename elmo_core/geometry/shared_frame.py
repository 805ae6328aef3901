"""One plane for all layers of a word's uses, so that a dot moves only because its vector does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.geometry.nearest import euclidean_neighbours
from elmo_core.geometry.projection import (
    MIN_POINTS,
    MIN_UMAP_POINTS,
    MapSettings,
    ProjectionMethod,
    lay_out,
    main_axes,
)
from elmo_core.progress import Report, part_of


@dataclass(frozen=True)
class Frame:
    """Positions of every use in every view (a layer, or a mix of layers) on one plane."""

    method: ProjectionMethod
    """The method drawn: PCA replaces UMAP of too few uses."""
    coordinates: np.ndarray
    """float32 (V, n, 2)."""
    kept: tuple[float | None, ...]
    """Share of each view's variance that the plane shows (PCA); None without variance, and for UMAP."""

    @property
    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Least and greatest x, least and greatest y over all views."""
        low, high = self.coordinates.min(axis=(0, 1)), self.coordinates.max(axis=(0, 1))
        return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def shared_frame(
    views: np.ndarray,
    n_layers: int,
    method: ProjectionMethod = "pca",
    seed: int = 42,
    report: Report | None = None,
) -> Frame:
    """Project all views of the same uses onto one plane.

    Each view is centred on the mean of its uses first: layers lie far apart from each other, and without
    centring the plane would show which layer a vector comes from, not how uses differ. Lengths are kept, so
    a view with little variance is a small cloud. PCA is fitted on the layers, and since it is linear, a mix
    of layers lies at the mix of their dots. UMAP lays out the last view from its PCA, and each other one
    from the positions of the view after it.

    Args:
        views: (V, n, D): L layers, then any mixes of them.
        n_layers: L, the views that PCA is fitted on.
        method: "pca" or "umap"; PCA replaces UMAP of fewer than `MIN_UMAP_POINTS` uses.
        seed: seed of UMAP.
        report: progress callback, called for UMAP.

    Raises:
        InputError: there are fewer than `MIN_POINTS` uses.
    """
    n_uses = views.shape[1]
    if n_uses < MIN_POINTS:
        raise InputError(
            f"A map needs at least {MIN_POINTS} uses; there {'is' if n_uses == 1 else 'are'} {n_uses}."
        )
    centred = views.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    coordinates = centred @ main_axes(centred[:n_layers].reshape(n_layers * n_uses, -1), 2)  # (V, n, 2)
    for view, places in zip(views, coordinates, strict=True):
        _, first, which = np.unique(view, axis=0, return_index=True, return_inverse=True)
        places[:] = places[first[which]]  # a product rounds equal rows differently by where they stand
    if method == "umap" and n_uses >= MIN_UMAP_POINTS:
        drawn = _umap_of_views(centred.astype(np.float32), coordinates[-1], seed, report)
        return Frame("umap", drawn, (None,) * len(views))
    shown, total = (np.square(array).sum(axis=(1, 2)) for array in (coordinates, centred))
    kept = tuple(float(part / whole) if whole > 0 else None for part, whole in zip(shown, total, strict=True))
    return Frame("pca", coordinates.astype(np.float32), kept)


def _umap_of_views(views: np.ndarray, start: np.ndarray, seed: int, report: Report | None) -> np.ndarray:
    """Draw UMAP of each of V views (V, n, D), the last one first: float32 (V, n, 2)."""
    drawn = np.empty((*views.shape[:2], 2), dtype=np.float32)
    settings, n = MapSettings("umap", seed=seed), len(views)
    for done, view in enumerate(reversed(range(n))):
        part = part_of(report, done / n, (done + 1) / n, "placing neighbours")
        start = drawn[view] = _umap_of_distinct(views[view], start, settings, done > 0, part)
    if report:
        report("placing neighbours", 1.0)
    return drawn


def _umap_of_distinct(
    points: np.ndarray, start: np.ndarray, settings: MapSettings, refines: bool, report: Report | None
) -> np.ndarray:
    """Draw UMAP of the distinct rows of (n, D): float32 (n, 2), equal rows in one place.

    Each distinct row starts from the mean place of its uses in (n, 2). All rows stay there if fewer than
    `MIN_UMAP_POINTS` are distinct.
    """
    distinct, which = np.unique(points, axis=0, return_inverse=True)
    sums = np.zeros((len(distinct), 2))
    np.add.at(sums, which, start)
    places = sums / np.bincount(which)[:, None]
    if len(distinct) >= MIN_UMAP_POINTS:
        nearest = euclidean_neighbours(distinct, settings.n_neighbours - 1)
        places, _ = lay_out(distinct, nearest, places, settings, refines=refines, report=report)
    return np.asarray(places[which], dtype=np.float32)
