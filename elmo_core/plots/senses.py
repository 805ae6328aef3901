"""The map of a word's uses, and the score of every layer beside its null."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import numpy as np
import plotly.graph_objects as go

from elmo_core.analysis.senses import Study
from elmo_core.analysis.separation import Separation
from elmo_core.analysis.uses import Use
from elmo_core.plots.style import NEUTRAL, PALETTE, clip, listing, mark, new_figure, percent, safe

NO_SENSE = "no gold sense"
_CONTEXT = 70  # characters of context in a hover label, each side


def plot_uses(study: Study, view: str, highlighted: Collection[int] = (), *, height: int = 480) -> go.Figure:
    """Draw one dot for each use of a word, its gold sense as colour and shape.

    The axes are those of all views together, so that changing the view moves dots, never the frame.
    Every point carries the id of its use as `customdata`.

    Args:
        study: the word.
        view: one of `study.views`.
        highlighted: ids of uses that stand out while the others fade; empty = none does.
        height: in pixels.
    """
    figure = new_figure(height)
    coordinates = study.frame.coordinates[study.views.index(view)]
    senses = _senses(study)
    for number, sense in enumerate(senses):
        uses = [use for use in study.uses.uses if use.label == sense]
        ids = [use.id for use in uses]
        figure.add_scatter(
            x=coordinates[ids, 0],
            y=coordinates[ids, 1],
            mode="markers",
            name=safe(f"{sense or NO_SENSE} ({len(ids)})"),
            marker={
                **mark(None if sense is None else number),
                "size": 11,
                "line": {"width": 1, "color": "white"},
            },
            customdata=ids,
            text=[_hover(use) for use in uses],
            hovertemplate="%{text}<extra></extra>",
            selectedpoints=[row for row, id in enumerate(ids) if id in highlighted] if highlighted else None,
            selected={"marker": {"size": 14}},
            unselected={"marker": {"opacity": 0.15}},
        )
    (left, right), (bottom, top) = (_padded(ends) for ends in study.frame.extent)
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(range=(left, right), **hidden)
    figure.update_yaxes(range=(bottom, top), **hidden)
    figure.update_layout(dragmode="lasso", showlegend=senses != (None,))
    return figure


def plot_separation(study: Study, view: str, *, height: int = 260) -> go.Figure:
    """Draw each view's share of rightly placed uses with its interval, beside its two null values.

    Args:
        study: a word with scores.
        view: the view that is filled, the others are hollow.
        height: in pixels.
    """
    figure = new_figure(height)
    scores = study.separations
    figure.add_scatter(
        x=study.views,
        y=[score.shuffled_mean for score in scores],
        error_y={"array": [score.shuffled_sd for score in scores], "thickness": 6, "width": 0},
        mode="markers",
        name="shuffled senses (mean ± sd)",
        marker={"color": NEUTRAL, "symbol": "line-ew-open", "size": 12},
        opacity=0.6,
        hovertemplate="%{x}, shuffled: %{y:.0%}<extra></extra>",
    )
    figure.add_scatter(
        x=study.views,
        y=[score.accuracy for score in scores],
        error_y={
            "array": [score.high - score.accuracy for score in scores],
            "arrayminus": [score.accuracy - score.low for score in scores],
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers",
        name="nearest to own sense (95% interval)",
        marker={
            "color": PALETTE[0],
            "size": 11,
            "symbol": ["circle" if name == view else "circle-open" for name in study.views],
            "line": {"width": 2},
        },
        hovertemplate="%{x}: %{y:.0%}<extra></extra>",
    )
    figure.add_hline(y=scores[0].chance, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
    figure.update_yaxes(range=(0, 1.04), tickformat=".0%", tickvals=(0, 0.25, 0.5, 0.75, 1))
    figure.update_xaxes(showgrid=False, fixedrange=True)
    figure.update_layout(dragmode=False)
    return figure


def describe_uses(study: Study, view: str) -> str:
    """The map in words."""
    uses = study.uses
    counts = Counter(use.label or NO_SENSE for use in uses.uses)
    parts = listing(f"{count} {sense}" for sense, count in counts.most_common())
    groups = f": {parts}" if set(counts) != {NO_SENSE} else ""
    method = study.frame.method.upper()
    return f"Map of {len(uses.uses)} uses of {uses.word} by {view} ({method}){groups}."


def describe_separation(study: Study) -> str:
    """The scores in words."""
    pairs = zip(study.views, study.separations, strict=True)
    parts = listing(f"{view} {percent(score.accuracy)}" for view, score in pairs)
    score = study.separations[0]
    return (
        f"Uses nearest to their own sense's centroid: {parts}; "
        f"most frequent sense {percent(score.chance)}, n = {score.n}."
    )


def verdict(score: Separation, view: str) -> str:
    """What a score allows to say, in one sentence."""
    shuffled = f"{percent(score.shuffled_mean)} ± {percent(score.shuffled_sd)}"
    numbers = (
        f"{percent(score.accuracy)} of {score.n} uses lie nearest to their own sense "
        f"(95% interval {percent(score.low)} to {percent(score.high)}); with shuffled senses "
        f"{shuffled}, and {percent(score.chance)} by always naming the most frequent sense."
    )
    if score.is_separated:
        return f"{view} separates the senses: {numbers}"
    return f"No evidence that {view} separates the senses: {numbers}"


def _senses(study: Study) -> tuple[str | None, ...]:
    """The gold senses in alphabetical order, then None if some use has none."""
    labels = set(study.uses.labels)
    named = sorted(label for label in labels if label is not None)
    return (*named, None) if None in labels else tuple(named)


def _padded(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _hover(use: Use) -> str:
    left = safe(clip(use.left, _CONTEXT, keep_end=True))
    right = safe(clip(use.right, _CONTEXT))
    return f"{left} <b>{safe(use.word)}</b> {right}<br><i>{safe(use.label or NO_SENSE)}</i>"
