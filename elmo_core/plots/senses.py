"""All layers side by side: their maps in one plane, and how well they separate labelled senses."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.geometry.separation import Separation
from elmo_core.geometry.shared_frame import Frame
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots.points import Colouring, PointStyle, add_points, padded
from elmo_core.plots.sense_map import shared_places
from elmo_core.plots.style import (
    NEUTRAL,
    error_bars,
    listing,
    new_figure,
    percent,
    safe,
    score_marks,
)

_LEAST_COUNTED = 5  # uses in one place from which on their number stands beside it
_STYLE = PointStyle(size=6, selected_size=6, faded=0.1, on_graphics_card=True)
_LEVEL = 0.05  # of the p-value below which shuffled senses are beaten


def plot_layers(
    frame: Frame, views: Sequence[str], colouring: Colouring, highlighted: Collection[int] = ()
) -> go.Figure:
    """Draw the same uses in every layer, side by side in one plane.

    Args:
        frame: the plane that the layers share.
        views: their names, as many as the frame has.
        colouring: what colour and shape mean.
        highlighted: ids of uses that stand out; empty = none does.
    """
    from plotly.subplots import make_subplots

    grid = make_subplots(
        cols=len(views), subplot_titles=[safe(view) for view in views], horizontal_spacing=0.015
    )
    figure = new_figure(260)
    figure = go.Figure(grid).update_layout(template=figure.layout.template, height=260)
    (left, right), (bottom, top) = (padded(ends) for ends in frame.extent)
    for column, coordinates in enumerate(frame.coordinates, start=1):
        codes, shared = np.array(colouring.codes), shared_places(coordinates)
        for rows in shared:
            if len(set(codes[list(rows)])) > 1:  # one dot of several colours has none of them
                codes[list(rows)] = -1
        for code in sorted(set(codes.tolist()), key=lambda code: (code < 0, code)):
            points = np.flatnonzero(codes == code).tolist()
            name, colour = (colouring.names[code], code) if code >= 0 else (colouring.rest, None)
            add_points(
                figure,
                coordinates,
                points,
                name,
                colour,
                None,
                _STYLE,
                highlighted=highlighted,
                column=column,
            )
        for rows in shared:
            x, y = coordinates[rows[0]].tolist()
            if len(rows) >= _LEAST_COUNTED:
                figure.add_annotation(
                    x=x, y=y, text=f"x{len(rows)}", showarrow=False, yshift=14, row=1, col=column
                )
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(range=(left, right), **hidden)
    figure.update_yaxes(range=(bottom, top), **hidden)
    figure.update_layout(showlegend=False, dragmode=False, margin={"l": 8, "r": 8, "t": 28, "b": 8})
    return figure


def plot_separation(
    views: Sequence[str], scores: Sequence[Separation], view: str, *, height: int = 230
) -> go.Figure:
    """Draw each view's share of rightly placed uses with its interval, beside its two null values.

    Args:
        views: names of the views.
        scores: one for each.
        view: the view that is filled, the others are hollow.
        height: in pixels.
    """
    figure = new_figure(height)
    figure.add_scatter(
        y=list(views),
        x=[score.shuffled_mean for score in scores],
        error_x={"array": [score.shuffled_sd for score in scores], "thickness": 9, "width": 0},
        mode="markers",
        name="senses shuffled, mean ± sd",
        marker={"color": NEUTRAL, "symbol": "square", "size": 9},
        hovertemplate="%{y}, senses shuffled: %{x:.0%}<extra></extra>",
    )
    figure.add_scatter(
        y=list(views),
        x=[score.accuracy for score in scores],
        error_x=error_bars([Estimate(score.accuracy, score.low, score.high) for score in scores]),
        mode="markers",
        name="as they are, 95% interval",
        marker=score_marks([name == view for name in views]),
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    figure.add_vline(x=scores[0].chance, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%", tickvals=(0, 0.25, 0.5, 0.75, 1), showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(dragmode=False)
    return figure


def describe_separation(views: Sequence[str], scores: Sequence[Separation]) -> str:
    """The scores in words."""
    pairs = zip(views, scores, strict=True)
    parts = listing(f"{view} {percent(score.accuracy)}" for view, score in pairs)
    score = scores[0]
    return (
        f"Uses nearest to their own sense's centroid: {parts}; "
        f"most frequent sense {percent(score.chance)}, n = {score.n}."
    )


def verdict(score: Separation, view: str) -> str:
    """What a score allows to say, in one sentence."""
    name = _spoken(view)
    if score.p_value >= _LEVEL:
        return f"No evidence that {name} separates the senses."
    name = f"{name[0].upper()}{name[1:]}"
    if score.low <= score.chance:
        return f"{name} does better than shuffled senses, but not surely than the most frequent one."
    return f"{name} separates the senses."


def explain_score(score: Separation) -> str:
    """A score with its interval, and the values that chance gives."""
    return (
        f"Of {score.n} uses, {percent(score.accuracy)} lie nearest to the centroid of their own sense "
        f"(95% interval {percent(score.low)} to {percent(score.high)}). By chance: "
        f"{percent(score.shuffled_mean)} ± {percent(score.shuffled_sd)} with the senses shuffled, "
        f"{percent(score.chance)} by always naming the most frequent one (dotted)."
    )


def _spoken(view: str) -> str:
    """The name of a view inside a sentence."""
    name = f"{view[0].lower()}{view[1:]}"
    return name if name.startswith("layer") else f"the {name}"
