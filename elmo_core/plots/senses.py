"""The map of a word's uses, the score of every layer beside its null, and both in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.analysis.senses import Study
from elmo_core.analysis.separation import Separation
from elmo_core.analysis.uses import Use
from elmo_core.plots.style import NEUTRAL, PALETTE, clip, listing, mark, new_figure, percent, safe

NO_SENSE = "no gold sense"
_LEVEL = 0.05  # of the p-value below which shuffled senses are beaten
_PLANES = {
    "pca": "One PCA plane for all layers, each centred: a dot moves only as its vector does.",
    "umap": "One UMAP plane for all layers, each centred: it keeps neighbours, so read no distances in it.",
}
_CONTEXT = 70  # characters of context in a hover label, each side


def plot_uses(study: Study, view: str, highlighted: Collection[int] = (), *, height: int = 560) -> go.Figure:
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
        is_rest = sense is None and len(senses) > 1  # beside named senses
        _add_dots(figure, coordinates, uses, mark(None if is_rest else number), highlighted)
    (left, right), (bottom, top) = (_padded(ends) for ends in study.frame.extent)
    hidden = {"showticklabels": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(range=(left, right), **hidden)
    figure.update_yaxes(range=(bottom, top), **hidden)
    figure.update_layout(dragmode="lasso", showlegend=senses != (None,))
    return figure


def plot_separation(study: Study, view: str, *, height: int = 200) -> go.Figure:
    """Draw each view's share of rightly placed uses with its interval, beside its two null values.

    Args:
        study: a word with scores.
        view: the view that is filled, the others are hollow.
        height: in pixels.
    """
    figure = new_figure(height)
    scores = study.separations
    figure.add_scatter(
        y=study.views,
        x=[score.shuffled_mean for score in scores],
        error_x={"array": [score.shuffled_sd for score in scores], "thickness": 9, "width": 0},
        mode="markers",
        name="senses shuffled, mean ± sd",
        marker={"color": NEUTRAL, "symbol": "square", "size": 9},
        opacity=0.45,
        hovertemplate="%{y}, senses shuffled: %{x:.0%}<extra></extra>",
    )
    figure.add_scatter(
        y=study.views,
        x=[score.accuracy for score in scores],
        error_x={
            "array": [score.high - score.accuracy for score in scores],
            "arrayminus": [score.accuracy - score.low for score in scores],
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers",
        name="as they are, 95% interval",
        marker={
            "color": PALETTE[0],
            "size": 11,
            "symbol": ["circle" if name == view else "circle-open" for name in study.views],
            "line": {"width": 2, "color": PALETTE[0]},
        },
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    figure.add_vline(x=scores[0].chance, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(range=(0, 1.03), tickformat=".0%", tickvals=(0, 0.25, 0.5, 0.75, 1), showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False)
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


def explain_uses(study: Study, view: str) -> str:
    """What the plane is, and how much of the view it shows."""
    n, n_places = (
        len(study.uses.uses),
        len(np.unique(study.frame.coordinates[study.views.index(view)], axis=0)),
    )
    parts = []
    if study.uses.found > n:
        parts.append(f"{n:,} of {study.uses.found:,} uses, drawn at random (seed 42).")
    if n_places < n and view == study.views[0]:
        places = "1 place" if n_places == 1 else f"{n_places} places"
        parts.append(f"The token vector reads the spelling, not the context: {n} uses share {places}.")
    parts.append(_PLANES[study.frame.method])
    kept = study.frame.kept[study.views.index(view)]
    if kept is not None:
        parts.append(f"It shows {percent(kept)} of the variance of {_spoken(view)}.")
    return " ".join(parts)


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


def _add_dots(
    figure: go.Figure,
    coordinates: np.ndarray,
    uses: Sequence[Use],
    look: dict[str, object],
    highlighted: Collection[int],
) -> None:
    """Add the uses of one sense, whose dots look alike."""
    ids = [use.id for use in uses]
    figure.add_scatter(
        x=coordinates[ids, 0],
        y=coordinates[ids, 1],
        mode="markers",
        name=safe(f"{uses[0].label or NO_SENSE} ({len(ids)})"),
        marker={**look, "size": 11, "line": {"width": 1, "color": "white"}},
        customdata=ids,
        text=[_hover(use) for use in uses],
        hovertemplate="%{text}<extra></extra>",
        selectedpoints=[row for row, id in enumerate(ids) if id in highlighted] if highlighted else None,
        selected={"marker": {"size": 14}},
        unselected={"marker": {"opacity": 0.15}},
    )


def _spoken(view: str) -> str:
    """The name of a view inside a sentence."""
    return view if view.startswith("LSTM") else f"the {view.lower()}"


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
    return f"{left}<b>{safe(use.word)}</b>{right}<br><i>{safe(use.label or NO_SENSE)}</i>"
