"""Figures of taggers: scores by label, and held-out scores by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from elmo_core.learning.epochs import Epoch
from elmo_core.learning.tags.schemes import named
from elmo_core.learning.tags.scores import TagScores
from elmo_core.plots.style import PALETTE, clip, error_bars, mark, new_figure, safe

_LONGEST_NAME = 24
_MOST_LABELS = 25


def plot_labels(scores: TagScores) -> go.Figure:
    """Draw precision, recall and F1 of each label with their 95% intervals, frequent labels first."""
    shown = sorted(scores.labels, key=lambda one: -one.n_gold)[:_MOST_LABELS]
    names = [safe(clip(named(one.label), _LONGEST_NAME)) for one in shown]
    figure = new_figure(height=90 + 56 * max(len(shown), 1))
    for number, measure in enumerate(("precision", "recall", "f1")):
        estimates = [getattr(one, measure) for one in shown]
        figure.add_scatter(
            x=[one.value for one in estimates],
            y=[row + 0.22 * (number - 1) for row in range(len(shown))],
            error_x=error_bars(estimates),
            mode="markers",
            name="F1" if measure == "f1" else measure,
            marker={"size": 9, **mark(number)},
            customdata=[[named(one.label), one.n_gold, one.n_predicted] for one in shown],
            hovertemplate="%{customdata[0]}: %{x:.3f}<br>%{customdata[1]} gold, %{customdata[2]} predicted"
            "<extra></extra>",
        )
    figure.update_xaxes(range=(0, 1.02))
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, autorange="reversed")
    return figure


def plot_epochs(history: Mapping[str, Sequence[Epoch]], measure: str) -> go.Figure:
    """Draw the held-out score of each epoch.

    Args:
        history: of each method, as far as it has come.
        measure: what the score is.
    """
    figure = new_figure(height=280)
    for number, (name, epochs) in enumerate(history.items()):
        figure.add_scatter(
            x=[epoch.number for epoch in epochs],
            y=[epoch.score for epoch in epochs],
            mode="lines+markers",
            name=name,
            marker={"size": 8, **mark(number)},
            line={"color": PALETTE[number % len(PALETTE)]},
            customdata=[epoch.train_loss for epoch in epochs],
            hovertemplate="epoch %{x}: %{y:.3f}, loss %{customdata:.2f}<extra></extra>",
        )
    longest = max((len(epochs) for epochs in history.values()), default=1)
    figure.update_xaxes(title="epoch", range=(0.5, longest + 0.5), dtick=max(1, longest // 8))
    figure.update_yaxes(title=f"held-out {measure}", range=(0, 1.02))
    figure.update_layout(showlegend=True)
    return figure
