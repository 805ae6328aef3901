"""A score over the number of examples it was learned from."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from elmo_core.measuring.intervals import Estimate
from elmo_core.plots.style import NEUTRAL, error_bars, mark, new_figure


def plot_learning_curve(
    sizes: Sequence[int], scores: Sequence[Estimate], *, of: str, measure: str
) -> go.Figure:
    """Draw scores with their 95% intervals over training sizes (logarithmic).

    Args:
        sizes: n numbers of examples.
        scores: n scores, 0 to 1.
        of: what an example is, such as "texts".
        measure: what the score is.
    """
    figure = new_figure(height=320)
    figure.add_scatter(
        x=list(sizes),
        y=[one.value for one in scores],
        error_y=error_bars(scores),
        mode="lines+markers",
        marker={"size": 10, **mark(0)},
        line={"color": NEUTRAL},
        hovertemplate=f"%{{x}} {of}: {measure} %{{y:.3f}}<extra></extra>",
    )
    ticks = [f"{n:,}" for n in sizes]
    figure.update_xaxes(title=f"training {of}", type="log", tickvals=list(sizes), ticktext=ticks)
    figure.update_yaxes(title=measure, range=(0, 1.02))
    return figure
