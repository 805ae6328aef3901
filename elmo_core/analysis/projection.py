"""One plane for all layers of a word's uses, so that a dot moves only because its vector does."""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elmo_core.exceptions import InputError

Method = Literal["pca", "umap"]

MIN_USES = 3
"""Fewer dots than this do not make a map."""
MIN_UMAP_USES = 30
"""Below this UMAP has too few neighbours to choose from, and PCA is drawn."""

_umap_lock = threading.Lock()  # two UMAPs at once take four times as long as two in turn


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


def shared_frame(views: np.ndarray, n_layers: int, method: Method = "pca", seed: int = 42) -> Frame:
    """Project all views of the same uses into one plane.

    Each view is centred on the mean of its uses first: layers lie far apart from each other, and
    without this the plane would show which layer a vector comes from, not how uses differ. Lengths
    are kept, so a view with little variance is a small cloud. PCA is fitted on the layers, and since
    it is linear, a mix of layers lies at the mix of their dots; UMAP is fitted on all views at once.

    Args:
        views: (V, n, D): L layers, then any mixes of them.
        n_layers: L, the views that PCA is fitted on.
        method: PCA is drawn in place of UMAP below `MIN_UMAP_USES` uses.
        seed: of UMAP.

    Raises:
        InputError: fewer than `MIN_USES` uses.
    """
    n_views, n_uses, _ = views.shape
    if n_uses < MIN_USES:
        raise InputError(
            f"A map needs at least {MIN_USES} uses; there {'is' if n_uses == 1 else 'are'} {n_uses}."
        )
    centred = views.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    if method == "umap" and n_uses >= MIN_UMAP_USES:
        flat = centred.reshape(n_views * n_uses, -1)
        coordinates = _umap(flat.astype(np.float32), seed)
        return Frame("umap", coordinates.reshape(n_views, n_uses, 2), (None,) * n_views)
    coordinates = centred @ _main_axes(centred[:n_layers].reshape(n_layers * n_uses, -1))  # (V, n, 2)
    shown, total = (np.square(array).sum(axis=(1, 2)) for array in (coordinates, centred))
    kept = tuple(float(part / whole) if whole > 0 else None for part, whole in zip(shown, total, strict=True))
    return Frame("pca", coordinates.astype(np.float32), kept)


def _main_axes(centred: np.ndarray) -> np.ndarray:
    """Directions of greatest variance of (N, D) as (D, 2), the largest part of each positive."""
    from sklearn.decomposition import PCA

    if not centred.any():  # every use has the same vector in every layer
        return np.zeros((centred.shape[1], 2))
    axes = PCA(2, svd_solver="covariance_eigh").fit(centred).components_
    signs = np.sign(axes[range(2), np.abs(axes).argmax(axis=1)])
    return np.asarray((axes * signs[:, None]).T)


def _umap(points: np.ndarray, seed: int) -> np.ndarray:
    """UMAP of (N, D) as float32 (N, 2)."""
    from umap import UMAP

    with _umap_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value")  # a seed means one thread; that is wanted
        reducer = UMAP(n_neighbors=min(15, len(points) - 1), min_dist=0.1, random_state=seed)
        return np.asarray(reducer.fit_transform(points), dtype=np.float32)
