"""Scores of mixtures: the triangle of three layers, the matrix of pairs, the picture of one mix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.config import layer_names
from elmo_core.layers.mixture import Mixture
from elmo_core.layers.scores import SCORES, MixtureScores
from elmo_core.plots.points import Colouring, PointStyle, add_points, new_map
from elmo_core.plots.style import NEUTRAL, PALETTE, clip, listing, new_figure, safe

SCALE = "Cividis"  # even in lightness, and the same to colour-blind eyes
_HEIGHT = math.sqrt(3) / 2
_MOST_TOKEN = 0.5
"""Most weight of layer 0 in the mixtures that set the ends of the colours: near its corner scores fall so far
that all others would look alike."""


def plot_triangle(
    scores: MixtureScores, marks: Mapping[str, Mixture], *, height: int = 430, cell: int = 30
) -> go.Figure:
    """Draw the scores of mixtures of three layers as a triangle whose corners are the single layers.

    Every cell carries its row of `scores` as `customdata`.

    Args:
        scores: of mixtures of three layers; the marks need not be among them.
        marks: mixtures that are marked, by name; the last one, which is the current one, by a ring.
        height: in pixels.
        cell: width of a mixture's cell in pixels.
    """
    figure = new_figure(height)
    names = layer_names(3)
    weights = scores.mixtures
    x, y = _place(weights)
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "color": scores.values,
            "cmin": float(scores.values[weights[:, 0] <= _MOST_TOKEN].min()),
            "cmax": float(scores.values.max()),
            "colorscale": SCALE,
            "size": cell,
            "symbol": "hexagon2",
            "line": {"width": 0.5, "color": NEUTRAL},
            "colorbar": {"thickness": 12, "len": 0.8, "tickformat": _format(scores), "outlinewidth": 0},
        },
        customdata=list(range(len(weights))),  # not packed: a packed row comes back as no list
        text=["<br>".join(f"{name} {s:.0%}" for name, s in zip(names, row, strict=True)) for row in weights],
        hovertemplate=f"<b>%{{marker.color:{_format(scores)}}}</b><br>%{{text}}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
        showlegend=False,
    )
    for number, (name, mixture) in enumerate(marks.items()):
        mark_x, mark_y = _place(np.array([mixture.weights]))
        figure.add_scatter(
            x=mark_x,
            y=mark_y,
            mode="markers",
            name=safe(name),
            marker=_CURRENT if number == len(marks) - 1 else _mark(number),
            hovertemplate=f"{safe(name)}: {mixture.text}<extra></extra>",
        )
    places = ((0, -0.09), (0.5, _HEIGHT + 0.1), (1, -0.09))
    for layer, (name, (at_x, at_y)) in enumerate(zip(names, places, strict=True)):
        (corner,) = np.flatnonzero(weights[:, layer] == 1)[:1]
        text = f"{name}<br><b>{scores.values[corner]:{_format(scores)}}</b>"
        figure.add_annotation(x=at_x, y=at_y, text=text, showarrow=False)
    hidden = {"visible": False, "fixedrange": True}
    figure.update_xaxes(range=(-0.1, 1.1), **hidden)
    figure.update_yaxes(range=(-0.17, _HEIGHT + 0.17), scaleanchor="x", **hidden)
    figure.update_layout(dragmode=False, legend={"y": -0.02, "yanchor": "top"}, clickmode="event+select")
    return figure


def plot_pairs(scores: MixtureScores, *, height: int = 430) -> go.Figure:
    """Draw the scores of single layers (diagonal) and of pairs in equal parts, for any number of layers.

    Every cell carries its row of `scores` as `customdata`.

    Args:
        scores: of the mixtures of `mixture_grid`.
        height: in pixels.
    """
    figure = new_figure(height)
    n_layers = scores.mixtures.shape[1]
    cells = [
        (int(mixed[0]), int(mixed[-1]), row)
        for row, weights in enumerate(scores.mixtures)
        if len(mixed := np.flatnonzero(weights)) <= 2 and len(set(weights[mixed])) == 1
    ]
    mirrored = [*cells, *((second, first, row) for first, second, row in cells if first != second)]
    figure.add_scatter(
        x=[first for first, _, _ in mirrored],
        y=[second for _, second, _ in mirrored],
        mode="markers",
        marker={
            "color": [scores.values[row] for _, _, row in mirrored],
            "colorscale": SCALE,
            "size": max(14, min(60, 240 // n_layers)),
            "symbol": "square",
            "colorbar": {"thickness": 12, "tickformat": _format(scores), "outlinewidth": 0},
        },
        customdata=[row for _, _, row in mirrored],
        hovertemplate=f"<b>%{{marker.color:{_format(scores)}}}</b><extra></extra>",
        unselected={"marker": {"opacity": 1}},
        showlegend=False,
    )
    ticks = {"tickvals": list(range(n_layers)), "ticktext": layer_names(n_layers), "fixedrange": True}
    figure.update_xaxes(**ticks, showgrid=False)
    figure.update_yaxes(**ticks, showgrid=False, autorange="reversed")
    figure.update_layout(dragmode=False, clickmode="event+select")
    return figure


def describe_scores(scores: MixtureScores) -> str:
    """The scores in words."""
    n_layers = scores.mixtures.shape[1]
    form = _format(scores)
    singles = (
        f"{name} {scores.values[row]:{form}}"
        for layer, name in enumerate(layer_names(n_layers))
        for row in np.flatnonzero(scores.mixtures[:, layer] == 1)[:1]
    )
    best = Mixture.of(scores.mixtures[scores.best])
    return (
        f"{SCORES[scores.score]}, over {len(scores.mixtures)} mixtures of {n_layers} layers, "
        f"n = {scores.n:,}: {listing(singles)}; highest {scores.values.max():{form}} at {best.text}."
    )


def plot_mixed(
    coordinates: np.ndarray,
    labels: Sequence[str],
    contexts: Sequence[str],
    extent: tuple[tuple[float, float], tuple[float, float]] | None = None,
    *,
    height: int = 430,
) -> go.Figure:
    """Draw n vectors of one mixture, a colour and a shape for each label.

    Args:
        coordinates: (n, 2).
        labels: n labels; of many only the frequent ones have a colour of their own.
        contexts: n texts.
        extent: least and greatest x, least and greatest y that the frame holds; None = as needed.
        height: in pixels.
    """
    figure = new_map(height, extent)
    colours = Colouring.by_frequency(labels, "others")
    style = PointStyle(size=9, outline=True)
    for number in sorted(set(colours.codes), key=lambda code: (code < 0, code)):
        rows = [row for row, code in enumerate(colours.codes) if code == number]
        name = colours.name_of(rows[0])
        hovers = [safe(clip(contexts[row], 90)) for row in rows]
        add_points(figure, coordinates, rows, name, number if number >= 0 else None, hovers, style)
    figure.update_layout(dragmode="pan")
    return figure


_CURRENT = {
    "symbol": "circle-open",
    "size": 26,
    "color": PALETTE[1],
    "line": {"width": 4, "color": PALETTE[1]},
}
"""A ring, through which the cell and other marks show."""


def _mark(number: int) -> dict[str, object]:
    return {
        "symbol": ("diamond", "star", "cross")[number % 3],
        "size": 14,
        "color": PALETTE[2 + number % 3],
        "line": {"width": 1.5, "color": "white"},
    }


def _place(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners: layer 0 left, layer 1 above, layer 2 right."""
    return weights[:, 2] + weights[:, 1] / 2, weights[:, 1] * _HEIGHT


def _format(scores: MixtureScores) -> str:
    return ".2f" if scores.score == "silhouette" else ".0%"
