"""Nearest words side by side, the ranking of context-sensitive words, and scores beside chance."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import plotly.graph_objects as go

from elmo_core.contrast.comparison import Column
from elmo_core.contrast.scores import BenchmarkScore
from elmo_core.contrast.sensitivity import SensitivityRanking
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots.style import NEUTRAL, PALETTE, clip, error_bars, listing, new_figure, safe

_COMMON, _GAINED, _LOST = PALETTE[0], PALETTE[1], NEUTRAL
_ROW_PX = 27
_WORD = 14  # characters of a word in a narrow column


def plot_columns(columns: Sequence[Column]) -> go.Figure:
    """Draw lists of nearest words side by side, the first one static; a line joins the same word.

    Args:
        columns: the static list, then that of each sentence.
    """
    rows = max(len(column.neighbours) for column in columns)
    figure = new_figure(_ROW_PX * rows + 84)
    for number, (before, after) in enumerate(itertools.pairwise(columns)):
        _add_lines(figure, number, before, after)
    for number, column in enumerate(columns):
        _add_words(figure, number, column, columns)
    for name, color, symbol in (
        ("in both worlds", _COMMON, "circle"),
        ("contextual only", _GAINED, "diamond"),
        ("static only", _LOST, "circle-open"),
    ):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=name,
            marker={"color": color, "symbol": symbol, "size": 10},
        )
    for number, column in enumerate(columns):
        figure.add_annotation(
            x=number, y=0.2, text=f"<b>{safe(clip(column.title, 26))}</b>", showarrow=False, yanchor="bottom"
        )
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(range=(-0.5, len(columns) - 0.5), **hidden)
    figure.update_yaxes(range=(-rows - 0.5, 1.2), **hidden)
    figure.update_layout(dragmode=False, hovermode="closest")
    return figure


def plot_ranking(ranking: SensitivityRanking, n: int = 20) -> go.Figure:
    """Draw the n most context-sensitive words: how alike their uses are, with its interval.

    Args:
        ranking: of a text.
        n: words to draw.
    """
    words = ranking.words[:n]
    figure = new_figure(24 * len(words) + 70)
    figure.add_scatter(
        x=[one.self_similarity for one in words],
        y=[f"{safe(clip(one.word, _WORD))} ({one.n})" for one in words],
        error_x=error_bars([Estimate(one.self_similarity, one.low, one.high) for one in words]),
        mode="markers",
        marker={"color": PALETTE[0], "size": 10},
        hovertemplate="%{y}: mean cosine of its uses %{x:.2f}<extra></extra>",
    )
    figure.add_vline(x=ranking.unrelated, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
    figure.add_vline(x=1.0, line={"color": NEUTRAL, "width": 1.5})
    figure.update_xaxes(range=(min(-0.05, ranking.unrelated - 0.05), 1.05), title="Mean cosine of its uses")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(dragmode=False, showlegend=False)
    return figure


def plot_scores(scores: Sequence[BenchmarkScore]) -> go.Figure:
    """Draw every source's score on one task with its interval, chance dotted.

    Args:
        scores: of the same task; those without a value are left out.
    """
    drawn = [score for score in scores if score.value is not None]
    figure = new_figure(34 * len(drawn) + 60)
    figure.add_scatter(
        x=[score.value for score in drawn],
        y=[safe(clip(score.source, 30)) for score in drawn],
        error_x=error_bars([Estimate(score.value or 0, score.low, score.high) for score in drawn]),
        mode="markers",
        marker={"color": PALETTE[0], "size": 11},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    if drawn:
        figure.add_vline(x=drawn[0].chance, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(title=_capital(drawn[0].measure) if drawn else "")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(dragmode=False, showlegend=False)
    return figure


def describe_columns(columns: Sequence[Column]) -> str:
    """The lists in words."""
    parts = [
        f"{column.title}: {listing(near.word for near in column.neighbours)}"
        for column in columns
        if column.neighbours
    ]
    return f"Nearest words. {'; '.join(parts)}."


def _add_lines(figure: go.Figure, number: int, before: Column, after: Column) -> None:
    ranks = {near.word: rank for rank, near in enumerate(after.neighbours, start=1)}
    xs: list[float | None] = []
    ys: list[float | None] = []
    for rank, near in enumerate(before.neighbours, start=1):
        if near.word in ranks:
            xs += [number + 0.34, number + 0.66, None]
            ys += [-rank, -ranks[near.word], None]
    line = {"color": NEUTRAL, "width": 1.5}
    figure.add_scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _add_words(figure: go.Figure, number: int, column: Column, columns: Sequence[Column]) -> None:
    static = {near.word for near in columns[0].neighbours}
    contextual = {near.word for other in columns[1:] for near in other.neighbours}
    near = column.neighbours
    shared = [one.word in (contextual if number == 0 else static) for one in near]
    other = (_LOST, "circle-open") if number == 0 else (_GAINED, "diamond")
    looks = [(_COMMON, "circle") if is_shared else other for is_shared in shared]
    figure.add_scatter(
        x=[number - 0.3] * len(near),
        y=[-rank for rank in range(1, len(near) + 1)],
        mode="markers+text",
        text=[f"  {safe(clip(one.word, _WORD))}" for one in near],
        textposition="middle right",
        textfont={"size": 14},
        marker={"size": 9, "color": [color for color, _ in looks], "symbol": [symbol for _, symbol in looks]},
        customdata=[[one.cosine, 100 * one.percentile] for one in near],
        hovertemplate="cosine %{customdata[0]:.2f}, nearer than %{customdata[1]:.1f}% of random pairs"
        "<extra></extra>",
        showlegend=False,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
