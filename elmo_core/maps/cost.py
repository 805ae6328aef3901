"""An estimate of the seconds and the memory that a map takes, from measured rates of one thread."""

from __future__ import annotations

from dataclasses import dataclass

from elmo_core.geometry.projection import MapSettings

_TOKENS_PER_S = 3000.0
_PRODUCTS_PER_S = 2.0e10  # of the neighbours, selection included
_UMAP_POINTS_PER_S = 700.0
_TSNE_POINTS_PER_S = 400.0
_CHECKED_PAIRS_PER_S = 1.5e7


@dataclass(frozen=True)
class Cost:
    """An estimate; a busy machine takes longer."""

    seconds: float
    megabytes: float


def reading_cost(n_tokens: int, n_points: int, n_layers: int, width: int) -> Cost:
    """Cost of embedding a text and keeping the vectors of its points."""
    return Cost(n_tokens / _TOKENS_PER_S, 4 * n_points * n_layers * width / 2**20)


def map_cost(n_points: int, width: int, n_views: int, settings: MapSettings) -> Cost:
    """Cost of finding neighbours, of the layout and of checking it."""
    pairs = float(n_points) ** 2
    near = pairs * width / _PRODUCTS_PER_S
    rate = {"pca": 1e6, "umap": _UMAP_POINTS_PER_S, "tsne": _TSNE_POINTS_PER_S}[settings.method]
    checked = min(n_points, 1000) * n_points / _CHECKED_PAIRS_PER_S
    return Cost(n_views * (near + n_points / rate + checked), n_views * 4 * n_points * (width + 40) / 2**20)
