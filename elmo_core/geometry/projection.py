"""One plane for all layers of a word's uses, so that a dot moves only because its vector does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.extras import extra
from elmo_core.geometry.umap_lock import umap_lock
from elmo_core.tables.records import Progress

Method = Literal["pca", "umap"]

MIN_USES = 3
"""Fewer dots than this do not make a map."""
MIN_UMAP_USES = 30
"""Below this UMAP has too few neighbours to choose from, and PCA is drawn."""
N_NEIGHBOURS, MIN_DIST = 15, 0.1
"""Of UMAP."""
_EPOCHS = (300, 150)  # of UMAP in the first view, and in the others, which start where that one ended
_SPREAD = 10.0  # half the width of what UMAP starts from
_EXACT_UP_TO = 4096  # uses; from here on UMAP would compile its search for near neighbours for half a minute


@dataclass(frozen=True)
class Frame:
    """Where every use lies in every view (a layer, or a mix of layers), in one plane."""

    method: Method
    """What was drawn, which is PCA where UMAP was asked of too few uses."""
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
    method: Method = "pca",
    seed: int = 42,
    progress: Progress | None = None,
) -> Frame:
    """Project all views of the same uses into one plane.

    Each view is centred on the mean of its uses first: layers lie far apart from each other, and
    without this the plane would show which layer a vector comes from, not how uses differ. Lengths
    are kept, so a view with little variance is a small cloud. PCA is fitted on the layers, and since
    it is linear, a mix of layers lies at the mix of their dots. UMAP is fitted view by view, the first
    from the last one's place in the PCA plane and each other one from where its predecessor ended, then
    centred and turned onto it, so that a dot moves where its neighbours change. Equal vectors are one point.

    Args:
        views: (V, n, D): L layers, then any mixes of them.
        n_layers: L, the views that PCA is fitted on.
        method: PCA is drawn in place of UMAP below `MIN_UMAP_USES` uses.
        seed: of UMAP.
        progress: told the share done after each view of UMAP; an error it raises stops the work.

    Raises:
        InputError: fewer than `MIN_USES` uses.
    """
    n_uses = views.shape[1]
    if n_uses < MIN_USES:
        raise InputError(
            f"A map needs at least {MIN_USES} uses; there {'is' if n_uses == 1 else 'are'} {n_uses}."
        )
    centred = views.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    coordinates = centred @ _main_axes(centred[:n_layers].reshape(n_layers * n_uses, -1))  # (V, n, 2)
    for view, places in zip(views, coordinates, strict=True):
        _, first, which = np.unique(view, axis=0, return_index=True, return_inverse=True)
        places[:] = places[first[which]]  # a product rounds equal rows differently by where they stand
    if method == "umap" and n_uses >= MIN_UMAP_USES:
        aligned = _aligned_umaps(centred.astype(np.float32), coordinates, seed, progress)
        return Frame("umap", aligned, (None,) * len(views))
    shown, total = (np.square(array).sum(axis=(1, 2)) for array in (coordinates, centred))
    kept = tuple(float(part / whole) if whole > 0 else None for part, whole in zip(shown, total, strict=True))
    return Frame("pca", coordinates.astype(np.float32), kept)


def _aligned_umaps(views: np.ndarray, start: np.ndarray, seed: int, progress: Progress | None) -> np.ndarray:
    """UMAP of each of V views (V, n, D), the last one first: float32 (V, n, 2)."""
    found = np.empty((*views.shape[:2], 2), dtype=np.float32)
    place, order = start[-1], range(len(views) - 1, -1, -1)
    for done, view in enumerate(order):
        place = found[view] = _onto(_umap_of_distinct(views[view], place, _EPOCHS[min(done, 1)], seed), place)
        if progress:
            progress((done + 1) / len(views))
    return found


def _umap_of_distinct(points: np.ndarray, start: np.ndarray, n_epochs: int, seed: int) -> np.ndarray:
    """UMAP of the distinct rows of (n, D): float32 (n, 2), equal rows in one place.

    Each distinct row starts from the mean place of its uses in (n, 2), and stays there where fewer than
    `MIN_UMAP_USES` rows are distinct.
    """
    distinct, which = np.unique(points, axis=0, return_inverse=True)
    if len(distinct) == len(points):
        return _umap(points, start, n_epochs, seed)
    sums = np.zeros((len(distinct), 2))
    np.add.at(sums, which, start)
    places = sums / np.bincount(which)[:, None]
    if len(distinct) >= MIN_UMAP_USES:
        places = _umap(distinct, places, n_epochs, seed)
    return np.asarray(places[which], dtype=np.float32)


def _onto(points: np.ndarray, model: np.ndarray) -> np.ndarray:
    """Points (n, 2) centred, and turned or mirrored so that they lie as near as they can to others."""
    centred = points - points.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (model - model.mean(axis=0)))
    return np.asarray(centred @ (left @ right), dtype=np.float32)


def _main_axes(centred: np.ndarray) -> np.ndarray:
    """Directions of greatest variance of (N, D) as (D, 2), the largest part of each positive."""
    from sklearn.decomposition import PCA

    if not centred.any():  # every use has the same vector in every layer
        return np.zeros((centred.shape[1], 2))
    axes = PCA(2, svd_solver="covariance_eigh").fit(centred).components_
    signs = np.sign(axes[range(2), np.abs(axes).argmax(axis=1)])
    return np.asarray((axes * signs[:, None]).T)


def _umap(points: np.ndarray, start: np.ndarray, n_epochs: int, seed: int) -> np.ndarray:
    """UMAP of (n, D) from where the points lie in (n, 2): float32 (n, 2)."""
    with extra("maps"):
        from umap import UMAP

    n_neighbours = min(N_NEIGHBOURS, len(points) - 1)
    widest = np.abs(start).max() or 1.0
    scattered = np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)  # parts equal points
    with umap_lock():
        reducer = UMAP(
            n_neighbors=n_neighbours,
            min_dist=MIN_DIST,
            random_state=seed,
            n_epochs=n_epochs,
            init=(start / widest * _SPREAD + scattered).astype(np.float32),
            precomputed_knn=_nearest(points, n_neighbours) if len(points) >= _EXACT_UP_TO else (None, None),
        )
        return np.asarray(reducer.fit_transform(points), dtype=np.float32)


def _nearest(points: np.ndarray, n_neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """Each point's nearest ones, itself the first, and their distances: twice (n, n_neighbours)."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=n_neighbours, algorithm="brute").fit(points)
    distances, indices = search.kneighbors(points)
    return indices, distances
