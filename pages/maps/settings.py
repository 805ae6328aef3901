"""The settings of a map, its views, and the job that draws it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.geometry.projection import METHOD_NAMES, MapSettings, ProjectionMethod
from elmo_core.glossary import explain
from elmo_core.maps.cost import map_cost
from elmo_core.maps.points import MapPoints
from elmo_core.maps.text_map import TextMap, map_points
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.mixture_controls import current_mixture
from pages.common.openings import opening_texts
from pages.common.results import kept_for_all, visitor_results
from pages.maps.sources import sample_points

_METHODS: dict[str, ProjectionMethod] = {name: method for method, name in METHOD_NAMES.items()}


def choose_settings(page: str, options: DeltaGenerator) -> MapSettings:
    """Let the visitor choose method, dimensions and parameters of the projection.

    Args:
        page: prefix of the keys of all widgets.
        options: where the widgets go.
    """
    with options:
        return _settings(page)


def _settings(page: str) -> MapSettings:
    method = st.segmented_control(
        "Projection", list(_METHODS), default="UMAP", required=True, key=f"{page}_method", bind="query-params"
    )
    dims = st.segmented_control(
        "Dimensions", ["2D", "3D"], default="2D", required=True, key=f"{page}_dims", bind="query-params"
    )
    centred = st.toggle(
        "Centre each layer", True, key=f"{page}_centred",
        help="Subtracts the mean of all points before vectors are compared by cosine.",
    )  # fmt: skip
    neighbours = st.slider("UMAP: neighbours", 2, 100, 15, key=f"{page}_neighbours")
    distance = st.slider("UMAP: least distance", 0.0, 1.0, 0.1, 0.05, key=f"{page}_distance")
    perplexity = st.slider("t-SNE: perplexity", 5, 50, 30, key=f"{page}_perplexity")
    seed = st.number_input("Seed", 0, 9999, 42, key=f"{page}_seed")
    return MapSettings(
        _METHODS[method], int(dims[0]), neighbours, distance, float(perplexity), centred, int(seed)
    )


def choose_views(page: str, points: MapPoints, options: DeltaGenerator) -> tuple[MapPoints, tuple[str, ...]]:
    """Let the visitor choose views, and return the points with the mixture of all pages where it is one."""
    if len(points.views) == 1:
        return points, points.views
    mixture = current_mixture(points.n_layers)
    mixed = f"Mix {mixture.text}"
    chosen = options.multiselect(
        "Views, in one frame", [*points.views, mixed], default=points.views, key=f"{page}_views",
        help="Each view starts where the one before it lies. The mix is that of Layers and mixtures.\n\n"
        + explain("Context", "Layer", "Mixture"),
    )  # fmt: skip
    views = tuple(chosen) or points.views
    return (points.with_mixture(mixture) if mixed in views else points), views


def get_map(page: str, key: str, points: MapPoints, views: tuple[str, ...], settings: MapSettings) -> TextMap:
    """Return the map; the page stops for the job that draws it, unless it is the map it opens on."""
    if (views, settings) == (points.views, MapSettings()) and points is _opening(model_name()):
        with st.spinner("Drawing the sample"):
            return opening_map(model_name())
    cost = map_cost(len(points), points.vectors.shape[2], len(views), settings)
    return jobs.run_or_offer(
        f"{page}_map",
        ("map", key, views, settings),
        "Drawing the map",
        lambda job: job.apart(map_points, points, settings, views=views),
        seconds=cost.seconds,
        megabytes=cost.megabytes,
        results=visitor_results("maps", 4),
    )


def _opening(model: str) -> MapPoints:
    return sample_points(model, opening_texts(model), False, "mean")


@kept_for_all(2)
def opening_map(model: str) -> TextMap:
    """Return the map that the page opens on, drawn once for all visitors."""
    return map_points(_opening(model))
