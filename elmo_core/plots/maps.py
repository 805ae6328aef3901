"""The map of a whole text, in the plane or in space."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import plotly.graph_objects as go

from elmo_core.geometry.projection import METHOD_NAMES
from elmo_core.maps.points import MapPoints
from elmo_core.maps.text_map import TextMap
from elmo_core.plots.points import Colouring, PointStyle, add_points, new_map
from elmo_core.plots.style import clip, safe

MOST_SHOWN = 10_000
"""Points drawn at once: more make a selection slow."""
OTHERS = "others"
_MANY = 5000  # points from which on their marks are small


def colouring(points: MapPoints, column: str) -> Colouring:
    """Give the most frequent values of a column a colour each."""
    return Colouring.by_frequency(points.columns[column], OTHERS)


def shown_rows(n: int, wanted: Collection[int] = (), most: int = MOST_SHOWN, seed: int = 42) -> np.ndarray:
    """Rows that are drawn: all, or a seeded sample that holds those wanted, in rising order."""
    if n <= most:
        return np.arange(n)
    first = np.fromiter(wanted, dtype=np.int64)[:most]
    order = np.random.default_rng(seed).permutation(n)
    rest = order[~np.isin(order, first)][: most - len(first)]
    return np.sort(np.concatenate([first, rest]))


def plot_map(
    points: MapPoints,
    found: TextMap,
    view: str,
    colours: Colouring,
    rows: np.ndarray,
    highlighted: Collection[int] = (),
    *,
    height: int = 620,
) -> go.Figure:
    """Draw the points of one view; every one carries its row as `customdata`.

    The axes are those of all views together, so that changing the view moves points, never the frame.

    Args:
        points: the points.
        found: their map.
        view: which of its views.
        colours: by which column.
        rows: of the points to draw.
        highlighted: rows that stand out while the others fade; empty = none does.
        height: in pixels.
    """
    placed = found.coordinates[found.at(view)]
    low, high = found.coordinates.min(axis=(0, 1)), found.coordinates.max(axis=(0, 1))
    figure = new_map(height, list(zip(low.tolist(), high.tolist(), strict=True)), margin=0.05)
    style = PointStyle(size=5 if len(points) > _MANY else 8, on_graphics_card=True)
    codes = np.array(colours.codes)[rows]
    for number in [*range(len(colours.names)), -1]:
        part = rows[codes == number].tolist()
        if part:
            hovers = [_hover(points, row) for row in part]
            name = colours.name_of(part[0])
            colour = number if number >= 0 else None
            add_points(figure, placed, part, name, colour, hovers, style, highlighted=highlighted)
    return figure


def describe_map(points: MapPoints, found: TextMap, view: str, column: str) -> str:
    """Describe the map in words."""
    method = METHOD_NAMES[found.settings.method]
    parts = colouring(points, column).in_words(5)
    return f"Map of {len(points):,} points by {view} ({method}), coloured by {column}: {parts}."


def explain_map(found: TextMap, view: str) -> str:
    """How far the map of a view can be trusted, and how it was made."""
    settings, kept = found.settings, found.faithful[found.at(view)]
    parts = {
        "pca": "One PCA frame for all views.",
        "umap": f"UMAP with {settings.n_neighbours} neighbours, least distance {settings.min_dist:g}.",
        "tsne": f"t-SNE with perplexity {settings.perplexity:g}.",
    }
    residual = found.residuals[found.at(view)]
    turned = (
        f" Turned onto the view before it, from which {residual:.0%} of the spread still differs."
        if residual
        else ""
    )
    seed = "" if settings.method == "pca" else f" Seed {settings.seed}."
    return (
        f"{parts[settings.method]}{seed}{turned} Trustworthiness {kept.trustworthiness:.2f} (1 = no false "
        f"neighbour on the map), continuity {kept.continuity:.2f} (1 = no neighbour missing), for the "
        f"{kept.n_neighbours} nearest of {len(kept.rows):,} points."
    )


def _hover(points: MapPoints, row: int) -> str:
    if not points.lefts[row] and points.rights[row].startswith(points.names[row]):
        return safe(clip(points.rights[row], 90))
    left, right = safe(clip(points.lefts[row], 40, keep_end=True)), safe(clip(points.rights[row], 40))
    return f"{left} <b>{safe(points.names[row])}</b> {right}".strip()
