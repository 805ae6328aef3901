"""Unit vectors onto a plane or into a space: PCA, UMAP or t-SNE, from where the points already are.

UMAP and t-SNE get their exact neighbours from outside. That spares UMAP the compilation of its own search,
and lets both report and stop: UMAP after any epoch, t-SNE after every 250 iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from elmo_core.exceptions import ConfigError
from elmo_core.extras import extra
from elmo_core.geometry.nearest import Neighbours
from elmo_core.geometry.umap_lock import umap_lock

Method = Literal["pca", "umap", "tsne"]
Report = Callable[[float], object]

METHOD_NAMES: dict[Method, str] = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
MOST_TSNE = 5000
"""t-SNE of more points takes minutes."""
MIN_NEIGHBOURS_POINTS = 15
"""Below this many points neighbours say little, and PCA is drawn."""
_TSNE_PIECES = 3


@dataclass(frozen=True)
class MapSettings:
    """How vectors are projected."""

    method: Method = "umap"
    n_dims: int = 2
    n_neighbours: int = 15
    """UMAP's; fewer show detail, more show the whole."""
    min_dist: float = 0.1
    """UMAP's least distance on the map, from 0 to 1."""
    perplexity: float = 30.0
    """t-SNE's: about how many neighbours count."""
    centred: bool = True
    """Whether the mean of each layer is taken off before its vectors are brought to length 1."""
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
        """Neighbours that the method asks for."""
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


def project_neighbours(
    units: np.ndarray,
    neighbours: Neighbours,
    start: np.ndarray,
    settings: MapSettings,
    report: Report | None = None,
    *,
    n_epochs: int | None = None,
) -> np.ndarray:
    """Lay points out by UMAP or t-SNE, from where they are.

    Args:
        units: float32 (n, D).
        neighbours: of these.
        start: (n, n_dims) positions to begin at, in any unit.
        settings: the method and its parameters.
        report: told the share done; an error it raises stops the work.
        n_epochs: UMAP's passes; None = what its authors chose for n points.

    Returns:
        float32 (n, n_dims).
    """
    if settings.method == "tsne":
        return _tsne(neighbours, start, settings, report)
    return _umap(units, neighbours, start, settings, report, n_epochs)


def _umap(
    units: np.ndarray,
    neighbours: Neighbours,
    start: np.ndarray,
    settings: MapSettings,
    report: Report | None,
    n_epochs: int | None,
) -> np.ndarray:
    with extra("maps"):
        from umap import UMAP

    n = len(units)
    k = min(settings.n_neighbours - 1, neighbours.rows.shape[1])
    own = np.arange(n, dtype=np.int32)[:, None]
    rows = np.concatenate([own, neighbours.rows[:, :k]], axis=1)
    distances = np.sqrt(np.maximum(2 - 2 * neighbours.cosines[:, :k], 0))
    distances = np.concatenate([np.zeros((n, 1), dtype=np.float32), distances], axis=1)
    if n_epochs is None:
        n_epochs = 500 if n <= 10_000 else 200
    reducer = UMAP(
        n_components=settings.n_dims,
        n_neighbors=k + 1,
        min_dist=settings.min_dist,
        init=spread_out(start, settings.seed),
        n_epochs=n_epochs,
        random_state=settings.seed,
        precomputed_knn=(rows, distances),
        tqdm_kwds=_progress(n_epochs, report),
    )
    with umap_lock(report and (lambda: report(0.0))):
        return np.asarray(reducer.fit_transform(units), dtype=np.float32)


class _Meter:
    """Stands where tqdm writes its progress; what `report` raises leaves UMAP's loop."""

    def __init__(self, total: int, report: Report) -> None:
        self._total, self._report, self._is_stopped = total, report, False

    def write(self, text: str) -> None:
        """Read the number of passes done."""
        number = text.strip()
        if self._is_stopped or not number.isdigit() or int(number) >= self._total:
            return
        try:
            self._report(int(number) / self._total)
        except BaseException:
            from tqdm.auto import tqdm

            # tqdm holds its lock while it writes, and keeps it where that fails: every later bar of the
            # process would wait for ever
            self._is_stopped = True
            tqdm.get_lock().release()
            raise

    def flush(self) -> None:
        """There is nothing to flush."""


def _progress(total: int, report: Report | None) -> dict[str, object]:
    if report is None:
        return {"disable": True}
    return {"disable": False, "file": _Meter(total, report), "bar_format": "{n}", "mininterval": 0.2}


def _tsne(
    neighbours: Neighbours, start: np.ndarray, settings: MapSettings, report: Report | None
) -> np.ndarray:
    from sklearn.manifold import TSNE

    n = len(start)
    perplexity = min(settings.perplexity, (n - 2) / 3)
    graph = _graph(neighbours, min(neighbours.rows.shape[1], int(3 * perplexity) + 1))
    placed = spread_out(start, settings.seed) * 1e-4
    for piece in range(_TSNE_PIECES):
        if report:
            report(piece / _TSNE_PIECES)
        reducer = TSNE(
            settings.n_dims, perplexity=perplexity, metric="precomputed", init=placed, max_iter=250,
            early_exaggeration=12.0 if piece == 0 else 1.0, random_state=settings.seed, n_jobs=1,
        )  # fmt: skip
        placed = np.asarray(reducer.fit_transform(graph), dtype=np.float32)
    return placed


def _graph(neighbours: Neighbours, k: int) -> Any:
    """Distances of each point to itself and to its k nearest, the nearest first, as a sparse matrix."""
    from scipy.sparse import csr_matrix

    n = len(neighbours.rows)
    rows = np.concatenate([np.arange(n)[:, None], neighbours.rows[:, :k]], axis=1)
    distances = np.sqrt(np.maximum(2 - 2 * neighbours.cosines[:, :k], 0))
    distances = np.concatenate([np.zeros((n, 1)), distances], axis=1).astype(np.float32)
    return csr_matrix((distances.ravel(), rows.ravel(), np.arange(0, rows.size + 1, k + 1)), shape=(n, n))


def spread_out(start: np.ndarray, seed: int) -> np.ndarray:
    """Positions with the first axis at standard deviation 1, points in one place set a little apart."""
    values = np.asarray(start, dtype=np.float64) - start.mean(axis=0)
    scale = values[:, 0].std() or 1.0
    noise = np.random.default_rng(seed).standard_normal(values.shape)
    return np.asarray(values / scale + 1e-3 * noise, dtype=np.float32)
