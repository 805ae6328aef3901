"""The map of a whole text, in the plane or in space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from elmo_core.geometry.projection import METHOD_NAMES
from elmo_core.maps.points import MapPoints
from elmo_core.maps.text_map import TextMap
from elmo_core.plots.style import NEUTRAL, PALETTE, SYMBOLS, clip, listing, new_figure, safe

MOST_SHOWN = 10_000
"""Points drawn at once: more make a selection slow."""
OTHERS = "others"
_MANY = 5000  # points from which on their marks are small
_EYE = 0.8  # of the camera, on each axis: the cube fills the figure
_SYMBOLS_3D = ("circle", "diamond", "square", "cross", "x", "circle-open", "square-open")


@dataclass(frozen=True)
class Colouring:
    """Which points have which colour."""

    column: str
    values: tuple[str, ...]
    """Those with a colour of their own: the most frequent ones."""
    n_values: int
    """All there are."""


def colouring(points: MapPoints, column: str) -> Colouring:
    """Give the most frequent values of a column a colour each."""
    counts = Counter(points.columns[column])
    values = [value for value, _ in counts.most_common(len(PALETTE))]
    return Colouring(column, tuple(values), len(counts))


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
    figure = new_figure(height)
    placed = found.coordinates[found.at(view)]
    values = np.array(points.columns[colours.column], dtype=object)[rows]
    has_own = np.isin(values, colours.values)
    for number, value in enumerate((*colours.values, None)):
        part = rows[values == value] if value is not None else rows[~has_own]
        if len(part):
            _add(figure, points, placed, part, number if value is not None else None, value, highlighted)
    low, high = found.coordinates.min(axis=(0, 1)), found.coordinates.max(axis=(0, 1))
    margin = 0.05 * np.maximum(high - low, 1e-6)
    ranges = np.stack([low - margin, high + margin], axis=1).tolist()
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False}
    if placed.shape[1] == 3:
        axes = {
            f"{name}axis": {**hidden, "range": ends, "title": "", "showbackground": False}
            for name, ends in zip("xyz", ranges, strict=True)
        }
        eye = dict.fromkeys("xyz", _EYE)
        figure.update_layout(scene={**axes, "aspectmode": "cube", "camera": {"eye": eye}})
    else:
        figure.update_xaxes(range=ranges[0], **hidden)
        figure.update_yaxes(range=ranges[1], **hidden)
        figure.update_layout(dragmode="lasso")
    return figure


def describe_map(points: MapPoints, found: TextMap, view: str, colours: Colouring) -> str:
    """The map in words."""
    counts = Counter(points.columns[colours.column])
    parts = listing(f"{counts[value]:,} {clip(value, 30)}" for value in colours.values[:5])
    method = METHOD_NAMES[found.settings.method]
    return f"Map of {len(points):,} points by {view} ({method}), coloured by {colours.column}: {parts}."


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


def _add(
    figure: go.Figure,
    points: MapPoints,
    placed: np.ndarray,
    rows: np.ndarray,
    number: int | None,
    value: str | None,
    highlighted: Collection[int],
) -> None:
    """Add the points of one value."""
    is_flat, is_many = placed.shape[1] == 2, len(points) > _MANY
    symbols = SYMBOLS if is_flat else _SYMBOLS_3D
    marker: dict[str, object] = {
        "color": NEUTRAL if number is None else PALETTE[number],
        "symbol": "circle-open" if number is None else symbols[number],
        "size": (5 if is_many else 8) if is_flat else 4,
        "opacity": 0.85,
    }
    name = safe(f"{clip(value, 30) if value else OTHERS if value is None else '(empty)'} ({len(rows):,})")
    shared = {
        "x": placed[rows, 0],
        "y": placed[rows, 1],
        "mode": "markers",
        "name": name,
        "customdata": rows,
        "text": [_hover(points, row) for row in rows.tolist()],
        "hovertemplate": "%{text}<extra></extra>",
    }
    if not is_flat:
        if highlighted:
            marker["size"] = [8 if row in highlighted else 2 for row in rows.tolist()]
        figure.add_scatter3d(**shared, z=placed[rows, 2], marker=marker)
        return
    wanted = [at for at, row in enumerate(rows.tolist()) if row in highlighted] if highlighted else None
    figure.add_scattergl(
        **shared,
        marker=marker,
        selectedpoints=wanted,
        selected={"marker": {"size": 11, "opacity": 1}},
        unselected={"marker": {"opacity": 0.12}},
    )


def _hover(points: MapPoints, row: int) -> str:
    if not points.lefts[row] and points.rights[row].startswith(points.names[row]):
        return safe(clip(points.rights[row], 90))
    left, right = safe(clip(points.lefts[row], 40, keep_end=True)), safe(clip(points.rights[row], 40))
    return f"{left} <b>{safe(points.names[row])}</b> {right}".strip()
