"""Figures of texts with classes: their sizes, their map with the errors on it, one prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.plots.points import PointStyle, add_points, new_map
from elmo_core.plots.style import NEUTRAL, PALETTE, clip, new_figure, safe

MOST_ON_MAP = 5_000
"""Texts of a map; more of them are sampled."""
_LONGEST_NAME = 24
_SHOWN_CLASSES = 30
_MARKED_CLASSES = len(PALETTE)
_HOVER = 90
_STYLE = PointStyle(size=6, selected_size=8, on_graphics_card=True)


def plot_class_sizes(counts: Sequence[tuple[str, int]]) -> go.Figure:
    """Draw how many texts each class has, in the given order; the first 30 of them."""
    shown = counts[:_SHOWN_CLASSES]
    figure = new_figure(height=50 + 26 * len(shown))
    figure.add_bar(
        x=[count for _, count in shown],
        y=list(range(len(shown))),
        text=[f"{count:,}" for _, count in shown],
        textposition="auto",
        orientation="h",
        marker={"color": PALETTE[0]},
        hovertemplate="%{x:,} texts<extra></extra>",
    )
    ticks = [safe(clip(name, _LONGEST_NAME)) for name, _ in shown]
    figure.update_yaxes(
        tickvals=list(range(len(ticks))), ticktext=ticks, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(visible=False)
    return figure


def plot_text_map(
    coordinates: np.ndarray,
    ids: Sequence[int],
    texts: Sequence[str],
    classes: Sequence[str],
    gold: np.ndarray,
    predicted: np.ndarray,
) -> go.Figure:
    """Draw tested texts: the colour is the label, a cross is a wrong prediction.

    Every point carries the id of its text as `customdata`.

    Args:
        coordinates: (n, 2).
        ids: n ids.
        texts: n texts, for the labels under the pointer.
        classes: K names.
        gold: int (n,), the classes that the texts are labelled with.
        predicted: int (n,).
    """
    figure = new_map(520, None)
    wrong = set(np.flatnonzero(gold != predicted).tolist())
    shown = [safe(clip(name, _LONGEST_NAME)) for name in classes]
    for number, name in enumerate(classes):
        points = np.flatnonzero(gold == number).tolist()
        hovers = [
            f"{safe(clip(texts[point], _HOVER))}<br>labelled: {shown[number]}<br>"
            f"predicted: {shown[predicted[point]]}"
            for point in points
        ]
        colour = number if number < _MARKED_CLASSES else None
        add_points(figure, coordinates, points, name, colour, hovers, _STYLE, crossed=wrong, ids=ids)
    figure.update_layout(showlegend=len(classes) <= _SHOWN_CLASSES)
    return figure


def plot_prediction(classes: Sequence[str], probabilities: np.ndarray) -> go.Figure:
    """Draw the probability of each class, the most probable first; at most ten of them.

    Args:
        classes: K names.
        probabilities: (K,).
    """
    order = np.argsort(-probabilities, kind="stable")[:10]
    figure = new_figure(height=50 + 34 * len(order))
    figure.add_bar(
        x=probabilities[order],
        y=list(range(len(order))),
        text=[f"{share:.0%}" for share in probabilities[order]],
        textposition="auto",
        insidetextfont={"color": ["#ffffff", *["#000000"] * (len(order) - 1)]},  # left alone, white on grey
        orientation="h",
        marker={"color": [PALETTE[0], *[NEUTRAL] * (len(order) - 1)]},
        hovertemplate="%{x:.4f}<extra></extra>",
    )
    ticks = [safe(clip(classes[k], _LONGEST_NAME)) for k in order.tolist()]
    figure.update_yaxes(
        tickvals=list(range(len(ticks))), ticktext=ticks, autorange="reversed", showgrid=False
    )
    figure.update_xaxes(range=(0, 1), tickformat=".0%")
    return figure
