"""How training runs go: held-out perplexity and training loss over the words that were read."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from elmo_core.plots.style import NEUTRAL, PALETTE, SYMBOLS, new_figure, safe
from elmo_core.runs.progress import Progress

_TALL = 10  # perplexities that differ by more than this factor are drawn on a logarithmic axis


def plot_perplexities(runs: Mapping[str, Progress], *, height: int = 330) -> go.Figure:
    """Draw the held-out perplexity of one run or several, beside guessing by frequency.

    Args:
        runs: by their names.
        height: in pixels.
    """
    figure = new_figure(height)
    for number, (name, progress) in enumerate(runs.items()):
        colour = PALETTE[number % len(PALETTE)]
        figure.add_scatter(
            x=[row.words for row in progress.measured],
            y=[row.perplexity for row in progress.measured],
            name=safe(name),
            mode="lines+markers",
            line={"color": colour},
            marker={"color": colour, "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 8},
            hovertemplate="%{x:,} words: perplexity %{y:.1f}<extra></extra>",
        )
    guessing = next((one.guessing for one in runs.values() if one.guessing), None)
    values = [row.perplexity or 1.0 for one in runs.values() for row in one.measured]
    if guessing and len({one.guessing for one in runs.values()}) == 1:
        values.append(guessing)
        figure.add_hline(
            y=guessing,
            line={"dash": "dot", "color": NEUTRAL},
            annotation={"text": f"guessing by frequency: {guessing:,.0f}", "yanchor": "bottom"},
            annotation_position="top right",
        )
    is_tall = bool(values) and max(values) > _TALL * min(values)
    figure.update_xaxes(title="words read", rangemode="tozero")
    figure.update_yaxes(title="held-out perplexity", type="log" if is_tall else "linear")
    if not is_tall:
        figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=len(runs) > 1)
    return figure


def plot_loss(progress: Progress, *, height: int = 330) -> go.Figure:
    """Draw the training loss of a run over the words that were read."""
    figure = new_figure(height)
    figure.add_scatter(
        x=[row.words for row in progress.rows],
        y=[row.loss for row in progress.rows],
        mode="lines",
        line={"color": PALETTE[0]},
        hovertemplate="%{x:,} words: loss %{y:.2f}<extra></extra>",
    )
    figure.update_xaxes(title="words read", rangemode="tozero")
    figure.update_yaxes(title="training loss (nats)")
    return figure


def describe_perplexities(runs: Mapping[str, Progress]) -> str:
    """Describe the curves for those who do not see them."""
    parts = []
    for name, progress in runs.items():
        if not progress.measured:
            parts.append(f"{name}: nothing measured yet")
            continue
        first, last = progress.measured[0], progress.measured[-1]
        parts.append(
            f"{name}: perplexity {first.perplexity:,.1f} after {first.words:,} words, {last.perplexity:,.1f} "
            f"after {last.words:,}"
        )
    return f"Held-out perplexity over words read. {'; '.join(parts)}."
