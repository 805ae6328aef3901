"""Figures of classifiers: confusion, calibration, weights of the layers, deciding words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.config import layer_names
from elmo_core.learning.calibration import Calibration
from elmo_core.learning.inside.deciding_words import Occlusion
from elmo_core.learning.texts.scores import Confusion
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots.style import INK, NEUTRAL, PALETTE, clip, error_bars, mark, new_figure, safe

_LONGEST_NAME, _MOST_NUMBERED = 24, 20


def plot_confusion(found: Confusion, ink: str = INK) -> go.Figure:
    """Draw the confusion matrix: colour = share of the true class, number = rows, in `ink`.

    A heat map cannot be selected from, so a mark lies over every cell that holds rows; its `customdata` is
    the number of the cell, true class * K + predicted class.
    """
    names = [safe(clip(name, _LONGEST_NAME)) for name in found.classes]
    k = len(names)
    totals = found.counts.sum(axis=1, keepdims=True).clip(min=1)
    figure = new_figure(height=140 + 36 * k)
    figure.add_heatmap(
        z=found.counts / totals,
        x=list(range(k)),
        y=list(range(k)),
        colorscale=[[0, "rgba(0, 114, 178, 0.04)"], [1, "rgba(0, 114, 178, 0.6)"]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )
    cells = sorted(found.rows)
    shares = [float(found.counts[cell] / totals[cell[0], 0]) for cell in cells]
    figure.add_scatter(
        x=[guess for _, guess in cells],
        y=[true for true, _ in cells],
        mode="markers",
        marker={"size": 30, "symbol": "square-open", "color": PALETTE[1], "line": {"width": 3}, "opacity": 0},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}},
        customdata=[true * k + guess for true, guess in cells],
        text=[_cell(names, found, cell, share) for cell, share in zip(cells, shares, strict=True)],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    if k <= _MOST_NUMBERED:
        # the text of a heat map is dark or light as on a white page
        for (true, guess), n in np.ndenumerate(found.counts):
            figure.add_annotation(x=guess, y=true, text=f"{n:,}", showarrow=False, font={"color": ink})
    figure.update_layout(clickmode="event+select", dragmode=False)
    figure.update_xaxes(
        title="predicted", tickvals=list(range(k)), ticktext=names, range=(-0.5, k - 0.5), showgrid=False
    )
    figure.update_yaxes(
        title="labelled", tickvals=list(range(k)), ticktext=names, range=(k - 0.5, -0.5), showgrid=False
    )
    return figure


def _cell(names: Sequence[str], found: Confusion, cell: tuple[int, int], share: float) -> str:
    n = int(found.counts[cell])
    return f"{n:,} of {names[cell[0]]} taken for {names[cell[1]]}, {share:.0%} of their class"


def plot_calibration(curves: Sequence[tuple[str, Calibration]]) -> go.Figure:
    """Draw accuracy over confidence with 95% intervals; on the diagonal both are the same.

    Args:
        curves: name and calibration of each, such as before and after scaling.
    """
    figure = new_figure(height=380)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": NEUTRAL, "dash": "dot"}, name="as promised"
    )
    for number, (name, found) in enumerate(curves):
        accuracy = [Estimate(one.accuracy, one.low, one.high) for one in found.bins]
        figure.add_scatter(
            x=[one.confidence for one in found.bins],
            y=[one.value for one in accuracy],
            error_y=error_bars(accuracy),
            mode="lines+markers",
            name=f"{safe(name)} (expected error {found.expected_error:.3f})",
            marker={"size": 9, **mark(number)},
            customdata=[one.n for one in found.bins],
            hovertemplate="confidence %{x:.2f}, accuracy %{y:.2f}, n = %{customdata}<extra></extra>",
        )
    figure.update_xaxes(title="confidence", range=(0, 1.02))
    figure.update_yaxes(title="accuracy", range=(0, 1.02))
    return figure


def plot_layer_weights(weights: Sequence[float], learned: bool = True) -> go.Figure:
    """Draw the weight s_j of each layer; the dotted line is the weight that all have before learning."""
    figure = new_figure(height=260)
    figure.add_bar(
        x=layer_names(len(weights)),
        y=list(weights),
        marker={"color": PALETTE[0] if learned else NEUTRAL},
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )
    figure.add_hline(y=1 / len(weights), line={"color": NEUTRAL, "dash": "dot"}, annotation_text="before")
    figure.update_yaxes(title="weight", range=(0, 1))
    return figure


def plot_occlusion(found: Occlusion, class_name: str) -> go.Figure:
    """Draw what each word adds to the probability of a class, in the order of the text."""
    figure = new_figure(height=60 + 22 * len(found.tokens))
    colours = [PALETTE[0] if effect >= 0 else PALETTE[1] for effect in found.effects]
    figure.add_bar(
        x=list(found.effects),
        y=list(range(len(found.tokens))),
        orientation="h",
        marker={"color": colours},
        hovertemplate="%{x:+.3f}<extra></extra>",
    )
    ticks = [safe(clip(token, _LONGEST_NAME)) for token in found.tokens]
    figure.update_yaxes(tickvals=list(range(len(ticks))), ticktext=ticks, autorange="reversed")
    figure.update_xaxes(title=f"what it adds to the probability of {safe(clip(class_name, _LONGEST_NAME))}")
    return figure
