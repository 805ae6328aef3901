"""The figure of a comparison: the score of each method with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from elmo_core.learning.results import MethodResult, SkippedMethod, results_run
from elmo_core.plots.style import NEUTRAL, PALETTE, error_bars, new_figure


def plot_comparison(
    results: Sequence[MethodResult | SkippedMethod], chance: float | None = None
) -> go.Figure:
    """Draw the score and its 95% interval of each method, those without a biLM hollow.

    Args:
        results: of a comparison, as far as it has come.
        chance: score after the gold has been shuffled, drawn as a line.
    """
    done = results_run(results)
    measure = done[0].scores.measure if done else ""
    figure = new_figure(height=60 + 34 * max(len(done), 1))
    for needs_model, name in ((False, "without a biLM"), (True, "on the biLM")):
        part = [result for result in done if result.needs_model == needs_model]
        scores = [result.scores.value for result in part]
        figure.add_scatter(
            x=[score.value for score in scores],
            y=[result.method for result in part],
            error_x=error_bars(scores),
            mode="markers",
            name=name,
            marker={"size": 11, "color": PALETTE[0], "symbol": "circle" if needs_model else "circle-open"},
            customdata=[
                [score.low, score.high, result.seconds, result.scores.n]
                for score, result in zip(scores, part, strict=True)
            ],
            hovertemplate=f"%{{y}}: {measure} %{{x:.3f}}<br>95% interval %{{customdata[0]:.3f}} to "
            "%{customdata[1]:.3f}, n = %{customdata[3]}, %{customdata[2]:.1f} s<extra></extra>",
        )
    if chance is not None:
        gold = done[0].GOLD if done else "gold"
        figure.add_vline(
            x=chance,
            line={"color": NEUTRAL, "dash": "dot"},
            annotation_text=f"shuffled {gold}",
            annotation_position="bottom right",  # guessing stands on top, near this line
        )
    figure.update_xaxes(title=measure, range=(0, 1.02))
    figure.update_yaxes(categoryorder="array", categoryarray=[result.method for result in reversed(done)])
    return figure
