"""The projection engine: vectors to two or three dimensions by PCA, UMAP or t-SNE.

Several views of the same points (layers, mixtures) are drawn in one frame: PCA has the same axes for all of
them, and UMAP and t-SNE lay out each view from the positions of the view before and turn it onto these
(Procrustes), so that a point moves where its neighbours change.

UMAP and t-SNE are given exact neighbours. This spares UMAP the compilation of its own search, and lets both
report progress and stop: UMAP after any epoch, t-SNE after every 250 iterations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from elmo_core.exceptions import ConfigError
from elmo_core.geometry.nearest import Neighbours
from elmo_core.geometry.umap_library import umap_class, umap_lock
from elmo_core.progress import Report

ProjectionMethod = Literal["pca", "umap", "tsne"]

METHOD_NAMES: dict[ProjectionMethod, str] = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
MIN_POINTS = 3
"""Fewer points than this do not make a map."""
MIN_UMAP_POINTS = 30
"""PCA replaces UMAP and t-SNE of fewer points than this.

On random texts and tokens of the sample in english-small, UMAP's trustworthiness was 0.74 at 15 points
(PCA: 0.79), 0.82 at 20 (0.84), 0.85 at 30 (0.83) and 0.89 at 40 (0.84).
"""
MOST_TSNE = 5000
"""t-SNE of more points takes minutes."""
_LAYING_OUT = "laying out"
_TSNE_PIECES = 3
_EPOCHS, _EPOCHS_OF_MANY, _MANY = 300, 200, 10_000
_REFINING_EPOCHS, _REFINING_RATE = 150, 0.1
"""UMAP's epochs and learning rate in a view that starts from the one before.

At the full rate of 1.0, UMAP forgets its start: the same vectors drawn twice differed by a Procrustes
residual of 0.20 on average and 0.46 at most (four groups of 30 points, ten starts that differ in the fourth
digit), and by 0.08 and 0.13 at this rate. On the layers of english-small the maps were as trustworthy.
"""


@dataclass(frozen=True)
class MapSettings:
    """How vectors are projected."""

    method: ProjectionMethod = "umap"
    n_dims: int = 2
    n_neighbours: int = 15
    """Neighbours of UMAP: fewer show detail, more show the whole."""
    min_dist: float = 0.1
    """Smallest distance of UMAP on the map, from 0 to 1."""
    perplexity: float = 30.0
    """Perplexity of t-SNE: about how many neighbours count."""
    centred: bool = True
    """Whether the mean of each view is subtracted before its vectors are scaled to length 1."""
    seed: int = 42

    def __post_init__(self) -> None:
        if self.method not in METHOD_NAMES:
            raise ConfigError(f"method must be one of {', '.join(METHOD_NAMES)}, got {self.method!r}.")
        if self.n_dims not in (2, 3):
            raise ConfigError(f"n_dims must be 2 or 3, got {self.n_dims}.")
        if not 2 <= self.n_neighbours <= 200:
            raise ConfigError(f"n_neighbours must be from 2 to 200, got {self.n_neighbours}.")
        if not 0 <= self.min_dist <= 1:
            raise ConfigError(f"min_dist must be from 0 to 1, got {self.min_dist}.")
        if not 2 <= self.perplexity <= 100:
            raise ConfigError(f"perplexity must be from 2 to 100, got {self.perplexity}.")

    @property
    def n_wanted(self) -> int:
        """Neighbours that the method needs."""
        return max(self.n_neighbours, int(3 * self.perplexity) + 1 if self.method == "tsne" else 0)


def main_axes(values: np.ndarray, n_dims: int) -> np.ndarray:
    """Directions of greatest variance of (N, D) as (D, n_dims), the largest part of each positive."""
    centred = values.astype(np.float64)
    centred -= centred.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, ::-1][:, :n_dims]
    if axes.shape[1] < n_dims:  # fewer dimensions than axes
        axes = np.pad(axes, ((0, 0), (0, n_dims - axes.shape[1])))
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), range(n_dims)])
    return np.asarray(axes * np.where(signs == 0, 1, signs))


def lay_out(
    points: np.ndarray,
    nearest: Neighbours,
    start: np.ndarray,
    settings: MapSettings,
    *,
    refines: bool = False,
    report: Report | None = None,
) -> tuple[np.ndarray, float]:
    """Lay out points by UMAP or t-SNE and turn the result onto where they started.

    Args:
        points: float32 (n, D).
        nearest: the nearest neighbours of these points.
        start: (n, n_dims) positions to start from.
        settings: the method and its parameters; n_dims as of `start`.
        refines: whether `start` is the layout of another view, which UMAP then refines; otherwise it lays
            the points out from scratch.
        report: progress callback.

    Returns:
        float32 (n, n_dims), and the Procrustes residual, see `turned_onto`.
    """
    if settings.method == "tsne":
        placed = _tsne(nearest, start, settings, report)
    else:
        placed = _umap(points, nearest, start, settings, refines, report)
    positions, residual = turned_onto(placed, start)
    return np.asarray(positions, dtype=np.float32), residual


def turned_onto(placed: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, float]:
    """Move, turn, mirror and scale positions (n, d) to lie as near as possible to others.

    Returns:
        The positions, and the share of their sum of squares that stays away (orthogonal Procrustes analysis):
        0 = they coincide, 1 = they have nothing in common.
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


def _umap(
    points: np.ndarray,
    nearest: Neighbours,
    start: np.ndarray,
    settings: MapSettings,
    refines: bool,
    report: Report | None,
) -> np.ndarray:
    n = len(points)
    k = min(settings.n_neighbours - 1, nearest.rows.shape[1])
    n_epochs = _REFINING_EPOCHS if refines else _EPOCHS if n <= _MANY else _EPOCHS_OF_MANY
    reducer = umap_class()(
        n_components=settings.n_dims,
        n_neighbors=k + 1,
        min_dist=settings.min_dist,
        init=_apart(start, settings.seed),  # UMAP stretches it to a cube of width 10
        n_epochs=n_epochs,
        learning_rate=_REFINING_RATE if refines else 1.0,
        random_state=settings.seed,
        precomputed_knn=nearest.with_self(k),
        tqdm_kwds=_progress(n_epochs, report),
    )
    with umap_lock(report and (lambda: report(_LAYING_OUT, 0.0))):
        return np.asarray(reducer.fit_transform(points), dtype=np.float32)


class _Meter:
    """The file that tqdm writes UMAP's progress to; an error that `report` raises leaves UMAP's loop."""

    def __init__(self, total: int, report: Report) -> None:
        self._total, self._report, self._is_stopped = total, report, False

    def write(self, text: str) -> None:
        """Read the number of epochs done."""
        number = text.strip()
        if self._is_stopped or not number.isdigit() or int(number) >= self._total:
            return
        try:
            self._report(_LAYING_OUT, int(number) / self._total)
        except BaseException:
            from tqdm.auto import tqdm

            # tqdm keeps its lock when a write fails, and every later bar would wait for ever
            self._is_stopped = True
            tqdm.get_lock().release()
            raise

    def flush(self) -> None:
        """Do nothing."""


def _progress(total: int, report: Report | None) -> dict[str, object]:
    if report is None:
        return {"disable": True}
    return {"disable": False, "file": _Meter(total, report), "bar_format": "{n}", "mininterval": 0.2}


def _tsne(nearest: Neighbours, start: np.ndarray, settings: MapSettings, report: Report | None) -> np.ndarray:
    from scipy.sparse import csr_matrix
    from sklearn.manifold import TSNE

    n = len(start)
    perplexity = min(settings.perplexity, (n - 2) / 3)
    rows, distances = nearest.with_self(min(nearest.rows.shape[1], int(3 * perplexity) + 1))
    ends = np.arange(0, rows.size + 1, rows.shape[1])
    graph: Any = csr_matrix((distances.ravel(), rows.ravel(), ends), shape=(n, n))
    placed = _apart(start, settings.seed) * 1e-4
    for piece in range(_TSNE_PIECES):
        if report:
            report(_LAYING_OUT, piece / _TSNE_PIECES)
        reducer = TSNE(
            settings.n_dims, perplexity=perplexity, metric="precomputed", init=placed, max_iter=250,
            early_exaggeration=12.0 if piece == 0 else 1.0, random_state=settings.seed, n_jobs=1,
        )  # fmt: skip
        placed = np.asarray(reducer.fit_transform(graph), dtype=np.float32)
    return placed


def _apart(start: np.ndarray, seed: int) -> np.ndarray:
    """Positions with a standard deviation of 1 on the first axis; points in one place are moved apart."""
    values = np.asarray(start, dtype=np.float64) - start.mean(axis=0)
    scale = values[:, 0].std() or 1.0
    noise = np.random.default_rng(seed).standard_normal(values.shape)
    return np.asarray(values / scale + 1e-3 * noise, dtype=np.float32)
